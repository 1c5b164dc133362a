"""`hf_job_cancel`: asks control to end a job of this session."""

from __future__ import annotations

from intern_action.core.effects import CancelsJob, Effect
from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._jobs import job_named, read
from intern_action.tools._tool import QUEUED, ToolOf


@frozen
class Arguments:
    """A job."""

    __pydantic_config__ = STRICT

    job: str


def effects(asked: Arguments) -> tuple[Effect, ...]:
    """It cancels. Control looks whether the job is the session's own."""
    return (CancelsJob(job=read(asked.job)),)


def run(asked: Arguments, desk: Desk) -> ToolResult:
    """Say that it is queued, for a job that is this session's."""
    job = job_named(asked.job, desk)
    return ToolResult(text=QUEUED, data={"queued": "cancel", "job": {"backend": job.backend, "id": job.id}})


TOOL = ToolOf(name="hf_job_cancel", arguments=Arguments, work=run, consequences=effects, repeatable=True)
