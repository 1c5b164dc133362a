"""Both halves, one after the other, as often as needed: `role: all`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from intern_action.core.bundle import BundleShelf
from intern_action.core.events import Entry
from intern_action.core.states import State
from intern_action.core.types import JobStatus
from intern_action.session.office import Case
from intern_action.session.settle import settle
from intern_action.session.wake import wake

POLL_SECONDS = 0.5

Work: TypeAlias = Callable[[Sequence[Entry]], str]
"""The agent half: from a journal to the folder of a bundle."""


def drive(case: Case, work: Work, shelf: BundleShelf, *, wait_for_jobs: bool = True) -> State:
    """Go on with a session until it is over or waits for people (or for a job, when not asked to wait for it)."""
    while not case.state.over:
        match case.state:
            case State.RUNNING:
                settle(case, shelf.take(work(tuple(case.journal.entries()))))
            case State.AWAITING_REVIEW:
                wake(case)
                if case.state is State.AWAITING_REVIEW:
                    break
            case State.AWAITING_JOB:
                if isinstance(wake(case), JobStatus):
                    if not wait_for_jobs:
                        break
                    case.office.clock.wait(POLL_SECONDS)
            case _:
                break
    return case.state
