"""What people read while a session waits on its runner: where the job is, and the last line of its log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from intern_action.core.errors import OutsideError
from intern_action.core.ports import EndpointStatus
from intern_action.core.types import JobRef, JobStage, JobStatus
from intern_action.session.office import Case

SHORTEST_SECONDS = 5.0
SHARE = 10
"""A look at a log takes at most one part in so many of the time that is waited: at the Hub it may take seconds."""


class Narrator:
    """Tells of one wait. Who shows it says the same thing once, and decides how often something new is worth a line."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._clock = case.office.clock
        self._line = ""
        self._next = self._clock.monotonic() + SHORTEST_SECONDS

    def tell(self, status: JobStatus | EndpointStatus) -> None:
        """Say where it is now. Never fails: a log that cannot be read now is left out."""
        said = f"{status.ref.id} is {status.stage}"
        runs = status.stage is JobStage.RUNNING and self._is_job(status.ref)
        words = self._last_line(status.ref) if runs else status.message
        self._case.office.progress(f"{said}: {words}" if words else said)

    def _is_job(self, ref: JobRef) -> bool:
        return any(sub.job == ref for subs in self._case.memory.submitted.values() for sub in subs)

    def _last_line(self, ref: JobRef) -> str:
        if self._clock.monotonic() >= self._next:
            self._look(ref)
        return self._line

    def _look(self, ref: JobRef) -> None:
        began = self._clock.monotonic()
        try:
            printed = [line.strip() for line in self._case.office.jobs.logs(ref).splitlines() if line.strip()]
        except OutsideError:
            printed = []
        now = self._clock.monotonic()
        self._next = now + max(SHORTEST_SECONDS, SHARE * (now - began))
        self._line = in_words(printed[-1]) if printed else self._line


def in_words(line: str) -> str:
    """Return a line of a log as people read it.

    Trainers print an object of numbers at each step (`{"step": 41, "of": 135, "loss": 0.066782}`); that is said as
    `step 41 of 135, loss 0.0668`. Every other line stays as it is.
    """
    if not line.startswith("{"):
        return line
    try:
        found: object = json.loads(line)
    except ValueError:
        return line
    told = cast("Mapping[str, object]", found)
    if not told or not all(isinstance(value, str | int | float) for value in told.values()):
        return line
    left = {name: _short(value) for name, value in told.items()}
    progress = [f"step {left.pop('step')} of {left.pop('of')}"] if {"step", "of"} <= left.keys() else []
    return ", ".join([*progress, *(f"{name} {value}" for name, value in left.items())])


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
