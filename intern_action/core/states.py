"""The states of a session and of a job, and the one table of legal moves of each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from intern_action.core.errors import Bug


class State(StrEnum):
    """Where a session is. `AWAITING_*` hold no runner."""

    NEW = "new"
    RUNNING = "running"
    AWAITING_REVIEW = "awaiting-review"
    AWAITING_JOB = "awaiting-job"
    AWAITING_INPUT = "awaiting-input"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def waiting(self) -> bool:
        """Whether the session goes on when somebody or something answers."""
        return self in {State.AWAITING_REVIEW, State.AWAITING_JOB, State.AWAITING_INPUT}

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self in {State.DONE, State.FAILED, State.STOPPED}


class JobState(StrEnum):
    """Where a planned job is in the ledger."""

    QUOTED = "quoted"
    APPROVED = "approved"
    LAUNCHING = "launching"
    RUNNING = "running"
    COLLECTING = "collecting"
    ENDED = "ended"
    CANCELLING = "cancelling"
    NEEDS_HUMAN = "needs-human"


COSTS = frozenset({JobState.LAUNCHING, JobState.RUNNING, JobState.CANCELLING, JobState.NEEDS_HUMAN})
"""States in which something may be there that costs money."""

_WAITS = frozenset({State.AWAITING_REVIEW, State.AWAITING_JOB, State.AWAITING_INPUT})
_ENDS = frozenset({State.DONE, State.FAILED, State.STOPPED})

SESSION_MOVES: Mapping[State, frozenset[State]] = {
    State.NEW: frozenset({State.RUNNING, State.STOPPED, State.FAILED}),
    State.RUNNING: _WAITS | _ENDS,
    State.AWAITING_REVIEW: frozenset({State.RUNNING, State.AWAITING_JOB, State.STOPPED, State.FAILED}),
    State.AWAITING_JOB: frozenset({State.RUNNING, State.STOPPED, State.FAILED}),
    State.AWAITING_INPUT: frozenset({State.RUNNING, State.STOPPED, State.FAILED}),
    State.DONE: frozenset({State.RUNNING}),  # a follow-up on a finished session
    State.FAILED: frozenset({State.RUNNING}),  # `retry`
    State.STOPPED: frozenset({State.RUNNING}),  # `retry`
}

JOB_MOVES: Mapping[JobState, frozenset[JobState]] = {
    JobState.QUOTED: frozenset({JobState.APPROVED, JobState.CANCELLING, JobState.ENDED}),
    JobState.APPROVED: frozenset({JobState.LAUNCHING, JobState.CANCELLING, JobState.ENDED}),
    JobState.LAUNCHING: frozenset(
        {
            JobState.LAUNCHING,
            JobState.RUNNING,
            JobState.APPROVED,
            JobState.CANCELLING,
            JobState.NEEDS_HUMAN,
            JobState.ENDED,
        }
    ),
    JobState.RUNNING: frozenset({JobState.COLLECTING, JobState.CANCELLING, JobState.NEEDS_HUMAN}),
    JobState.COLLECTING: frozenset({JobState.ENDED, JobState.NEEDS_HUMAN}),
    JobState.CANCELLING: frozenset({JobState.COLLECTING, JobState.ENDED, JobState.NEEDS_HUMAN}),
    JobState.ENDED: frozenset({JobState.APPROVED}),  # a permitted variation under the same approval
    JobState.NEEDS_HUMAN: frozenset({JobState.ENDED, JobState.CANCELLING}),
}


def move_session(now: State, to: State) -> State:
    """Return `to` if the table allows the move; raise `Bug` otherwise."""
    if to not in SESSION_MOVES[now]:
        raise Bug(f"a session cannot go from {now} to {to}")
    return to


def move_job(now: JobState, to: JobState) -> JobState:
    """Return `to` if the table allows the move; raise `Bug` otherwise."""
    if to not in JOB_MOVES[now]:
        raise Bug(f"a job cannot go from {now} to {to}")
    return to
