"""`hf_job_status`: where a job of this session is."""

from __future__ import annotations

from intern_action.core.errors import InternError, ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import JobStatus, ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._jobs import job_named, written
from intern_action.tools._tool import ToolOf


@frozen
class Arguments:
    """A job, the newest if none is named."""

    __pydantic_config__ = STRICT

    job: str = ""


def run(asked: Arguments, desk: Desk) -> ToolResult:
    """Ask the backend."""
    job = job_named(asked.job, desk)
    try:
        status = desk.jobs.status(job)
    except InternError as error:
        raise ToolFailed(f"{written(job)} cannot be asked for: {error}") from error
    return ToolResult(
        text=f"{written(job)}: {status.stage}{_since(status)}. {status.message}".strip(),
        data={
            "job": {"backend": job.backend, "id": job.id, "launch_key": job.launch_key},
            "stage": str(status.stage),
            "final": status.stage.final,
            "exit_code": status.exit_code,
            "seconds": status.seconds,
            "message": status.message,
        },
    )


def _since(status: JobStatus) -> str:
    if status.finished_at is not None:
        return f" after {status.seconds:.0f} s"
    return f" since {status.started_at:%H:%M:%S} UTC" if status.started_at else ""


TOOL = ToolOf(name="hf_job_status", arguments=Arguments, work=run, repeatable=True, parallel=True)
