"""Waking a waiting session: what a doorbell leads to. Everything is read again; a bell is no evidence."""

from __future__ import annotations

from intern_action.agent.ending import ending_of
from intern_action.core.endings import NeedsCommand
from intern_action.core.events import Refused
from intern_action.core.judgement import Judgement
from intern_action.core.ports import EndpointStatus
from intern_action.core.states import State
from intern_action.core.types import JobStatus
from intern_action.session.awaiting import look_at_command
from intern_action.session.launch import look_after
from intern_action.session.lease import give_back_expired, give_back_objected
from intern_action.session.objection import objection_to, said
from intern_action.session.office import Case
from intern_action.session.retiring import retire_due
from intern_action.session.review import before_review, consider
from intern_action.session.serving import look_after_endpoint
from intern_action.session.stopping import end, off


def wake(case: Case) -> Judgement | JobStatus | EndpointStatus | None:
    """Do what can be done for a waiting session now. One that may not go on is ended.

    Returns:
        the judgement when a review is still awaited, the status of a job or command that still runs or of an endpoint that
        still comes up, None otherwise.
    """
    stopping = off(case)
    if stopping is not None:
        return end(case, stopping)
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


def glance(case: Case) -> JobStatus | None:
    """Return the status of a job that still runs, asking nobody but its backend; None where there is more to look at."""
    for call_id, submitted in case.memory.submitted.items():
        if call_id in case.memory.open:
            status = case.office.jobs.status(submitted[-1].job)
            return None if status.stage.final else status
    return None


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
            case.write(Refused(call_id=call_id, digest=submitted[-1].digest, by=review.by, words=said(review)))
