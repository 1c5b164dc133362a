"""`hf_job_logs`: what a job of this session has printed: its beginning, its end, and where something went wrong."""

from __future__ import annotations

import re

from intern_action.core.errors import InternError, ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._governor import spill
from intern_action.tools._jobs import job_named, written
from intern_action.tools._tool import ToolOf

_HEAD, _TAIL, _BEFORE, _AFTER = 20, 60, 5, 25
_TROUBLE = re.compile(
    r"Traceback \(most recent call last\)|\b\w*Error\b|\bKilled\b|[Oo]ut of memory|\bFATAL\b|\bpanic\b"
)


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
    lines = log.splitlines()
    if len(lines) <= _HEAD + _TAIL + _BEFORE + _AFTER and len(log) <= desk.limits.output_chars:
        return ToolResult(text=log or "(nothing printed yet)", data={"lines": len(lines)})
    whole = spill(log, desk, tool="hf_job_logs")
    return ToolResult(text=_shown(lines, whole, desk.limits.output_chars), data={"lines": len(lines), "whole": whole})


def _shown(lines: list[str], whole: str, room: int) -> str:
    """Show head, first trouble and tail, with a line for each gap; long lines are clipped so that all of it fits."""
    trouble = next((place for place, line in enumerate(lines) if _TROUBLE.search(line[:2000])), None)
    shown = {*range(_HEAD), *range(len(lines) - _TAIL, len(lines))}
    if trouble is not None:
        shown |= set(range(trouble - _BEFORE, trouble + _AFTER))
    places = sorted(place for place in shown if 0 <= place < len(lines))
    widest = max(80, (room - 500) // (len(places) + 3))
    text: list[str] = []
    for before, place in zip([-1, *places], places, strict=False):
        if place != before + 1:
            text.append(f"[... lines {before + 2} to {place} left out; the whole is in {whole} ...]")
        text.append(lines[place] if len(lines[place]) <= widest else f"{lines[place][:widest]} [...]")
    return "\n".join(text)


TOOL = ToolOf(name="hf_job_logs", arguments=Arguments, work=run, repeatable=True, parallel=True)
