"""Both halves, one after the other, as often as needed: `role: all`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from intern_action.core.bundle import Bundle, BundleShelf
from intern_action.core.events import Entry
from intern_action.core.frozen import frozen
from intern_action.core.judgement import Judgement
from intern_action.core.ports import EndpointStatus
from intern_action.core.states import State
from intern_action.core.types import JobStatus
from intern_action.session.office import Case

if TYPE_CHECKING:
    from intern_action.session.narrator import Narrator

Work: TypeAlias = Callable[[Sequence[Entry]], str]
"""The agent half: from a journal to the folder of a bundle."""


@frozen
class Patience:
    """How often a job or an endpoint is looked at, and how long it is waited for before the run ends without it.

    Args:
        poll_seconds: between two looks at a job.
        people_seconds: between two looks at what people said and decided meanwhile: each is some requests to the forge, which
            counts them, and some commands of git.
        longest_seconds: the longest wait.
    """

    poll_seconds: float = 0.5
    people_seconds: float = 10
    longest_seconds: float = 24 * 3600


USUAL = Patience()
FRESH = timedelta(minutes=1)
"""For so long the look at the policy by which a session was admitted counts for its first turn, which should come quickly."""


def drive(case: Case, work: Work | None, shelf: BundleShelf, *, patience: Patience = USUAL) -> State:
    """Go on with a session until it is over or waits: for people, another runner, or a job for longer than the patience lasts.

    Args:
        case: the session.
        work: the agent half; None where it runs elsewhere: then also until it is its turn (the session is running).
        shelf: where bundles lie.
        patience: how long a job is waited for.
    """
    clock = case.office.clock
    until = clock.monotonic() + patience.longest_seconds
    if case.memory.replies or case.state is not State.RUNNING:
        _hear_lines(case)
        _take_in(case)  # a session that has only just begun was told nothing yet
    if case.state.over:
        _wake(case)  # what it left serving may be over, and the run that ended it may have died before it said so
    narrator: Narrator | None = None
    people_at = clock.monotonic()
    while not case.state.over:
        match case.state:
            case State.RUNNING:
                if work is None or _work(case, work, shelf):
                    break
            case State.AWAITING_JOB:
                runs = _glance(case) if clock.monotonic() < people_at else None
                if runs is None:
                    runs, people_at = _wake(case), clock.monotonic() + patience.people_seconds
                    _take_in(case)
                if isinstance(runs, JobStatus | EndpointStatus) and case.state is State.AWAITING_JOB:
                    if clock.monotonic() >= until:
                        break
                    narrator = narrator or _narrator(case)
                    narrator.tell(runs)
                    clock.wait(patience.poll_seconds)
            case waits:
                _look(case)
                if case.state is waits:
                    break
    return case.state


def _work(case: Case, work: Work, shelf: BundleShelf) -> bool:
    """Let the agent half go on, and take in what it did; return whether the time of this runner is over.

    The seat is kept then: by a run that has ended the next timer finds the session.
    """
    case.take_seat()
    if case.memory.calls or _is_old(
        case
    ):  # one that has just been admitted was looked at there, and has nothing to end
        _end_what_is_off(case)
    if case.state is not State.RUNNING:
        return False
    bundle = shelf.take(work(tuple(case.journal.entries())))
    _settle(case, bundle)
    _take_in(case)
    return bundle.relieved and case.state is State.RUNNING


def _is_old(case: Case) -> bool:
    head = case.journal.head
    return head is None or case.office.clock.now() - head.at > FRESH


def _look(case: Case) -> None:
    """Look at what waits for people."""
    if case.state is State.AWAITING_REVIEW:
        _wake(case)
    elif case.state is State.AWAITING_INPUT:
        _end_what_is_off(case)


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


def _glance(case: Case) -> JobStatus | None:
    from intern_action.session.wake import glance

    return glance(case)


def _narrator(case: Case) -> Narrator:
    from intern_action.session.narrator import Narrator

    return Narrator(case)


def _end_what_is_off(case: Case) -> None:
    """End the session if it may not go on, and the machines of which changes were asked."""
    from intern_action.session.lease import give_back_objected
    from intern_action.session.retiring import retire_objected
    from intern_action.session.stopping import end, off

    stopping = off(case)
    if stopping is not None:
        end(case, stopping)
        return
    give_back_objected(case)
    retire_objected(case)
