"""How a job on the Hub stands, told from what the Hub says of it and from what the job itself left behind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import cast

from intern_action.core.types import JobRef, JobStage, JobStatus
from intern_action.jobs._verdict import KILLED, memory, said
from intern_action.jobs.in_job.words import ARCHIVE, LOCKED, PACKAGES, STOPPED, TIME_UP, UPLOAD
from intern_action.launches.told import Told

_CODE = re.compile(r"exit code:? ?(\d+)", re.IGNORECASE)
_TIME_UP = re.compile(r"time(?:d[ -]?)?[ -]?out|time limit", re.IGNORECASE)
_PREEMPTED = re.compile(r"preempt|evict|reclaim|node (?:was )?(?:lost|gone)|machine that ran it", re.IGNORECASE)
_MEMORY = re.compile(r"OOM|out of memory", re.IGNORECASE)
_OURS = {
    ARCHIVE: "what it found on the Hub is not what was approved; nothing was run",
    LOCKED: "another start of the same job ran; this one did nothing",
    PACKAGES: "a pinned package could not be installed",
    UPLOAD: "its results could not be brought to the Hub",
}


def gave_way(told: Told) -> bool:
    """Whether a job ended at once because another start of the same job ran."""
    return told.final and _code_in(told.message) == LOCKED


def status_of(ref: JobRef, told: Told, result: Mapping[str, object]) -> JobStatus:
    """Return the status; `result` is what the job left, {} for nothing."""
    if not told.final:
        stage = JobStage.SCHEDULING if told.started_at is None else JobStage.RUNNING
        return JobStatus(ref=ref, stage=stage, message=told.message, started_at=told.started_at)
    code = _exit_code(told, result)
    stage, words = _verdict(told, result, code)
    began = told.started_at or told.finished_at
    return JobStatus(
        ref=ref,
        stage=stage,
        message=words,
        exit_code=code,
        started_at=began,
        finished_at=began + timedelta(seconds=told.seconds) if began else None,
    )


def _verdict(told: Told, result: Mapping[str, object], code: int | None) -> tuple[JobStage, str]:
    seconds = f"{told.seconds:.0f} s"
    if told.stage == "CANCELED":
        return JobStage.CANCELLED, f"cancelled after {seconds}"
    if not result:
        return _without_result(told, code, seconds)
    lines = _lines(result)
    if result.get("timed_out"):
        return JobStage.TIMED_OUT, f"its time was up after {seconds}"
    if result.get("stopped") or code == STOPPED:
        return JobStage.PREEMPTED, f"its machine was taken away after {seconds}"
    if code == 0:
        return JobStage.COMPLETED, f"completed in {seconds}"
    why = memory(code or 0, lines)
    if why:
        return JobStage.OUT_OF_MEMORY, why
    return JobStage.FAILED, said(lines) or _failure(code, lines)


def _without_result(told: Told, code: int | None, seconds: str) -> tuple[JobStage, str]:
    """It ended before it could say anything: the Hub's words are all there is."""
    if _TIME_UP.search(told.message):
        return JobStage.TIMED_OUT, f"its time was up after {seconds}"
    if _PREEMPTED.search(told.message) or code == STOPPED:
        return JobStage.PREEMPTED, f"its machine was taken away after {seconds}"
    if _MEMORY.search(told.message) or code == KILLED:
        return JobStage.OUT_OF_MEMORY, "the system killed it, most likely because memory ran out"
    if code in _OURS:
        return JobStage.FAILED, _OURS[code]
    left = f"the Hub says {told.stage.lower()}" + (f": {told.message}" if told.message else "")
    return JobStage.FAILED, f"it left no result after {seconds}; {left}"


def _failure(code: int | None, lines: Sequence[str]) -> str:
    ours = _OURS.get(code or 0)
    if ours:
        return f"{ours}: {lines[-1]}" if lines else ours
    return f"the script ended with exit code {code}"


def _exit_code(told: Told, result: Mapping[str, object]) -> int | None:
    match result.get("exit_code"):
        case int(code):
            return code
        case _:
            found = _code_in(told.message)
    if found is not None:
        return found
    return TIME_UP if _TIME_UP.search(told.message) else None


def _code_in(message: str) -> int | None:
    found = _CODE.search(message)
    return int(found[1]) if found else None


def _lines(result: Mapping[str, object]) -> Sequence[str]:
    match result.get("last_lines"):
        case list():
            return [str(line) for line in cast("list[object]", result["last_lines"])]
        case _:
            return []
