"""Waking a waiting session, and stopping one: what a doorbell leads to. Everything is read again; a bell is no evidence."""

from __future__ import annotations

from intern_action.agent.ending import ending_of
from intern_action.core.endings import NeedsCommand
from intern_action.core.events import Answered, Refused
from intern_action.core.judgement import Judgement
from intern_action.core.ports import EndpointStatus
from intern_action.core.states import State
from intern_action.core.types import JobStatus, ToolResult
from intern_action.session.awaiting import look_at_command
from intern_action.session.launch import look_after
from intern_action.session.lease import give_back_all, give_back_expired, give_back_objected
from intern_action.session.objection import objection_to
from intern_action.session.office import Case
from intern_action.session.purse import release_all
from intern_action.session.retiring import retire_all, retire_due
from intern_action.session.review import before_review, consider
from intern_action.session.serving import look_after_endpoint


def wake(case: Case) -> Judgement | JobStatus | EndpointStatus | None:
    """Do what can be done for a waiting session now.

    Returns:
        the judgement when a review is still awaited, the status of a job or command that still runs or of an endpoint that
        still comes up, None otherwise.
    """
    answer: Judgement | JobStatus | EndpointStatus | None = None
    give_back_expired(case)
    give_back_objected(case)
    if case.state is State.AWAITING_REVIEW:
        answer = consider(case)
        if case.state is State.AWAITING_REVIEW and before_review(case) is None:
            _catch_up(case)
    elif case.state is State.AWAITING_JOB:
        answer = _look_at_what_runs(case)
    retire_due(case)
    case.announce()
    return answer


def _look_at_what_runs(case: Case) -> JobStatus | EndpointStatus | None:
    """Look at the command that is waited for, or at endpoints and jobs; return the status of what still runs."""
    match ending_of(case.memory):
        case NeedsCommand() as awaited:
            return look_at_command(case, awaited)
        case _:
            _brake(case)
            return look_after_endpoint(case) or look_after(case)


def _catch_up(case: Case) -> None:
    """Move on after a run that was killed between an event and the move that belongs to it."""
    launched = any(call_id in case.memory.submitted for call_id in case.memory.open)
    case.move(State.AWAITING_JOB if launched else State.RUNNING, "taken up again")


def _brake(case: Case) -> None:
    """A request for changes cancels the running job; its words are the answer."""
    view = case.office.ledger.read()
    for call_id, submitted in case.memory.submitted.items():
        plan = view.plan(submitted[-1].digest)
        if call_id not in case.memory.open or plan is None or call_id in case.memory.refused:
            continue
        review = objection_to(case, plan)
        if review is not None:
            case.office.jobs.cancel(submitted[-1].job)
            words = review.body.strip() or "changes are requested, without words"
            case.write(Refused(call_id=call_id, digest=submitted[-1].digest, by=review.by, words=words))


def stop(case: Case, *, by: str) -> None:
    """End a session: job, sandbox and endpoint are ended and paid for, its plan is taken back, its money freed.

    Of a session that is over, what it left running is ended.
    """
    if case.state.over:
        _end_machines(case)
        case.announce()
        return
    for call_id, submitted in case.memory.submitted.items():
        if call_id in case.memory.open:
            case.office.jobs.cancel(submitted[-1].job)
    if case.state is State.AWAITING_JOB:
        _wait_for_the_end(case)
    _end_machines(case)
    for call in list(case.memory.open.values()):
        words = f"{by} stopped the session"
        case.write(Answered(call_id=call.id, result=ToolResult(text=words, data={"state": "refused"}, failed=True)))
    release_all(case, drop=f"stopped by {by}")
    case.move(State.STOPPED, f"stopped by {by}")
    case.announce()


def _end_machines(case: Case) -> None:
    give_back_all(case)
    retire_all(case)


def _wait_for_the_end(case: Case, *, tries: int = 60) -> None:
    """Wait until a cancelled job says so; nothing is released while it may still cost."""
    for _ in range(tries):
        if look_after(case) is None:
            return
        case.office.clock.wait(0.5)
