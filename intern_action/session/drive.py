"""Both halves, one after the other, as often as needed: `role: all`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from intern_action.core.bundle import Bundle, BundleShelf
from intern_action.core.events import Entry
from intern_action.core.frozen import frozen
from intern_action.core.judgement import Judgement
from intern_action.core.ports import EndpointStatus
from intern_action.core.states import State
from intern_action.core.types import JobStatus
from intern_action.session.office import Case

Work: TypeAlias = Callable[[Sequence[Entry]], str]
"""The agent half: from a journal to the folder of a bundle."""


@frozen
class Patience:
    """How often a job or an endpoint is looked at, and how long it is waited for before the run ends without it."""

    poll_seconds: float = 0.5
    longest_seconds: float = 24 * 3600


USUAL = Patience()


def drive(case: Case, work: Work, shelf: BundleShelf, *, patience: Patience = USUAL) -> State:
    """Go on with a session until it is over or waits for people, or for a job for longer than the patience lasts."""
    clock = case.office.clock
    until = clock.monotonic() + patience.longest_seconds
    if case.memory.replies or case.state is not State.RUNNING:
        _hear_lines(case)
        _take_in(case)  # a session that has only just begun was told nothing yet
    if case.state.over:
        case.announce()  # the run that ended it may have been cut short before it could say so everywhere
    while not case.state.over:
        match case.state:
            case State.RUNNING:
                case.take_seat()
                if case.memory.calls:  # before the first one there can be nothing to end
                    _give_back_objected(case)
                _settle(case, shelf.take(work(tuple(case.journal.entries()))))
                _take_in(case)
            case State.AWAITING_REVIEW:
                _wake(case)
                if case.state is State.AWAITING_REVIEW:
                    break
            case State.AWAITING_JOB:
                runs = isinstance(_wake(case), JobStatus | EndpointStatus)
                _take_in(case)
                if runs and case.state is State.AWAITING_JOB:
                    if clock.monotonic() >= until:
                        break
                    clock.wait(patience.poll_seconds)
            case State.AWAITING_INPUT:
                _give_back_objected(case)
                if case.state is State.AWAITING_INPUT:
                    break
            case _:
                break
    return case.state


def _settle(case: Case, bundle: Bundle) -> None:
    from intern_action.session.settle import settle  # control's half is not needed before the agent's has ended

    settle(case, bundle)


def _take_in(case: Case) -> None:
    """Give a session what people said to it meanwhile."""
    from intern_action.session.followups import take_in

    take_in(case)


def _hear_lines(case: Case) -> None:
    """Hear what reviewers said on lines meanwhile, where people can: no event of theirs reaches us with rights."""
    if case.office.runner and not case.state.over:
        from intern_action.session.lines import hear_lines

        hear_lines(case)


def _wake(case: Case) -> Judgement | JobStatus | EndpointStatus | None:
    from intern_action.session.wake import wake

    return wake(case)


def _give_back_objected(case: Case) -> None:
    from intern_action.session.lease import give_back_objected

    give_back_objected(case)
