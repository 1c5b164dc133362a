"""`hf_job_logs`: what a job of this session has printed: its beginning, its end, and where something went wrong."""

from __future__ import annotations

from intern_action.core.errors import InternError, ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._governor import spill
from intern_action.tools._jobs import job_named, written
from intern_action.tools._log import excerpt, short
from intern_action.tools._tool import ToolOf


@frozen
class Arguments:
    """A job, the newest if none is named."""

    __pydantic_config__ = STRICT

    job: str = ""


def run(asked: Arguments, desk: Desk) -> ToolResult:
    """Read everything; show what matters; keep the whole where the model can read it."""
    job = job_named(asked.job, desk)
    try:
        log = desk.redactor.text(desk.jobs.logs(job))
    except InternError as error:
        raise ToolFailed(f"the log of {written(job)} cannot be read: {error}") from error
    lines = len(log.splitlines())
    if short(log, desk.limits.output_chars):
        return ToolResult(text=log or "(nothing printed yet)", data={"lines": lines})
    whole = spill(log, desk, tool="hf_job_logs")
    return ToolResult(
        text=excerpt(log, room=desk.limits.output_chars, whole=whole), data={"lines": lines, "whole": whole}
    )


TOOL = ToolOf(name="hf_job_logs", arguments=Arguments, work=run, repeatable=True, parallel=True)
