"""Finds the jobs of a session: only those that control has launched for it are looked at."""

from __future__ import annotations

from intern_action.core.errors import ToolFailed
from intern_action.core.ports import Desk
from intern_action.core.types import JobRef
from intern_action.tools._json import mapping


def job_named(name: str, desk: Desk) -> JobRef:
    """Return a job by id or launch key; "" is the newest.

    Raises:
        ToolFailed: the session has no such job.
    """
    known = jobs_of(desk)
    if not known:
        raise ToolFailed("this session has not started a job yet; ask for one with hf_create_job")
    found = [job for job in known if name in {"", job.id, job.launch_key, written(job)}]
    if not found:
        raise ToolFailed(f"this session has no job {name!r}; it has {', '.join(written(job) for job in known)}")
    return found[-1]


def jobs_of(desk: Desk) -> list[JobRef]:
    """Return the session's jobs, oldest first."""
    told = [mapping(past.result.data.get("job")) for past in desk.past("hf_create_job")]
    return [
        JobRef(backend=str(job["backend"]), id=str(job["id"]), launch_key=str(job["launch_key"]))
        for job in told
        if {"backend", "id", "launch_key"} <= job.keys()
    ]


def written(job: JobRef) -> str:
    """Return a job as tools write it: `backend:id:launch key`."""
    return f"{job.backend}:{job.id}:{job.launch_key}"


def read(text: str) -> JobRef:
    """Return the job that `written` wrote; ToolFailed for another text."""
    match text.split(":"):
        case [backend, *ids, key] if backend and ids and key:
            return JobRef(backend=backend, id=":".join(ids), launch_key=key)
        case _:
            raise ToolFailed(f"{text!r} does not name a job; write it as hf_job_status does, `backend:id:key`")
