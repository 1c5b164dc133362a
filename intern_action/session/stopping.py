"""Ending a session before its end, because somebody says so: what it began is cancelled and paid for, the rest is freed."""

from __future__ import annotations

from itertools import count

from intern_action.core.digests import launch_key
from intern_action.core.entries import JobRow, LedgerEvent, LedgerView
from intern_action.core.errors import Bug, OutsideError
from intern_action.core.events import Answered, Refused, Submitted
from intern_action.core.frozen import frozen
from intern_action.core.patterns import is_listed
from intern_action.core.states import JobState, State
from intern_action.core.types import JobRef, JobStatus, Standing, ToolResult
from intern_action.session.launch import anothers, confirm, look_after, moved, wait_for_others
from intern_action.session.lease import give_back_all
from intern_action.session.office import Case
from intern_action.session.purse import release_all
from intern_action.session.retiring import retire_all
from intern_action.settings.words import text

CONTROL = "control"
"""Who is named where nobody knows who closed a pull request."""
TRIES = 60
PAUSE_SECONDS = 0.5


@frozen
class Stop:
    """Why a session ends.

    Args:
        by: whose word it is.
        why: what people read beside the state, and the ledger beside the plan.
        words: what the agent reads as the answer to calls that are open.
        for_good: False where what waits for people and costs nothing may go on waiting.
    """

    by: str
    why: str
    words: str
    for_good: bool = True


def stop(case: Case, *, by: str) -> None:
    """End a session: job, sandbox and endpoint are ended and paid for, its plan is taken back, its money freed.

    Of a session that is over, what it left running is ended.

    Raises:
        OutsideError: a job was cancelled and has not ended yet, or nobody knows whether one was started; nothing is decided yet,
            and the same again goes on from there.
    """
    status = end(case, Stop(by=by, why=f"stopped by {by}", words=f"{by} stopped the session"))
    if status is not None:
        raise OutsideError(f"the job {status.ref.id} was cancelled and has not ended yet; stop again in a minute")


def off(case: Case) -> Stop | None:
    """Return why a session may not go on now, whatever it waits for: its pull request was closed, or the kill switch is on."""
    return withdrawn(case) or switched_off(case)


def switched_off(case: Case) -> Stop | None:
    """Return why a session ends while the policy says `enabled: false`, or no longer lists its model; None while it may go on."""
    policy, model = case.office.policy()[1], case.began.model
    if policy.enabled and (case.state.over or is_listed(model, policy.models)):
        return None
    why = "model-off" if policy.enabled else "off"
    words = text("not-admitted", why=why, model=model, models=policy.models).strip()
    return Stop(by=CONTROL, why=words, words=words, for_good=False)


def withdrawn(case: Case) -> Stop | None:
    """Return why a session ends whose pull request was closed, None while it may go on.

    One that was merged was taken, not withdrawn: what was approved goes on. Only a plan that still waits has nobody left to ask.
    """
    last = next((done for done in reversed(case.memory.published) if done.what == "pull-request"), None)
    if last is None:
        return None
    number = last.data["number"]
    match case.office.forge.standing(int(number)):
        case Standing.OPEN:
            return None
        case Standing.MERGED if case.state is not State.AWAITING_REVIEW:
            return None
        case became:
            words = text("not-admitted", why=str(became), number=number).strip()
            return Stop(by=CONTROL, why=words, words=words)


def end(case: Case, stop: Stop) -> JobStatus | None:
    """End a session for this reason, or say of its job that it was cancelled and has not ended yet.

    Nothing is released while something may still cost. May be repeated from any point.
    """
    ends = not case.state.over and (stop.for_good or not _rests(case))
    status = _end_jobs(case, stop) if ends else None
    if status is not None:
        return status
    _end_machines(case)
    if ends:
        for call in list(case.memory.open.values()):
            data = {"state": "refused", "by": stop.by, "words": stop.words}
            case.write(Answered(call_id=call.id, result=ToolResult(text=stop.words, data=data, failed=True)))
        release_all(case, drop=stop.why)
        case.move(State.STOPPED, stop.why)
    case.announce()
    return None


def _rests(case: Case) -> bool:
    """Whether a session only waits for people: then there is nothing to cancel but machines by the hour."""
    if case.state is not State.AWAITING_REVIEW:
        return case.state is State.AWAITING_INPUT
    view = case.office.ledger.read()
    made = view.newest_plan(case.began.session)
    return made is None or view.consumed(made.digest) is None


def _end_machines(case: Case) -> None:
    give_back_all(case)
    retire_all(case)


# --- jobs --------------------------------------------------------------------------------------------------------------


def _end_jobs(case: Case, stop: Stop) -> JobStatus | None:
    """Cancel what runs and bring it home; return the status of what does not end."""
    _take_up_launches(case)
    running = [(call_id, subs[-1]) for call_id, subs in case.memory.submitted.items() if call_id in case.memory.open]
    for call_id, submitted in running:
        case.office.jobs.cancel(submitted.job)
        if (
            call_id not in case.memory.refused
        ):  # journaled, so that it does not go on from a checkpoint, whoever looks next
            case.write(Refused(call_id=call_id, digest=submitted.digest, by=stop.by, words=stop.words))
    status = _wait_for_the_end(case) if running else None
    if status is not None:
        case.move(State.AWAITING_JOB, stop.why)
    return status


def _wait_for_the_end(case: Case) -> JobStatus | None:
    status = look_after(case)
    for _ in range(TRIES):
        if status is None:
            break
        case.office.clock.wait(PAUSE_SECONDS)
        status = look_after(case)
    return status


def _take_up_launches(case: Case) -> None:
    """Find what a run began to launch before it was killed; what is there is cancelled like any other job."""
    view = case.office.ledger.read()
    made = view.newest_plan(case.began.session)
    if made is None or made.plan.job is None:
        return
    for row in view.jobs(made.digest):
        if row.state is JobState.LAUNCHING:
            _take_up(case, row)


def _take_up(case: Case, row: JobRow) -> None:
    if anothers(case, row, case.office.clock.now()):
        wait_for_others(row.launch_key, row.lease_until)
    ref = case.office.jobs.find(row.launch_key)
    if ref is None:
        _never_began(case, row)
        return
    confirm(case, row.digest, row.launch_key, row.fence, ref)
    _record(case, row, ref)


def _never_began(case: Case, row: JobRow) -> None:
    def decide(view: LedgerView) -> tuple[LedgerEvent, ...]:
        now = view.row(row.launch_key)
        if now is None or now.state is not JobState.LAUNCHING:
            return ()
        return (moved(case, row.digest, row.launch_key, JobState.ENDED, fence=now.fence),)

    case.office.ledger.decide(decide)


def _record(case: Case, row: JobRow, ref: JobRef) -> None:
    """Journal the launch that its run did not live to journal."""
    allowed = (one.call_id for one in case.memory.allowed.values() if one.digest == row.digest)
    call_id = next((one for one in reversed([*allowed]) if one in case.memory.open), "")
    if not call_id:
        raise Bug(f"nothing waits for the launch {row.launch_key}")
    if not any(sub.job.launch_key == row.launch_key for sub in case.memory.submitted.get(call_id, [])):
        case.write(Submitted(call_id=call_id, digest=row.digest, job=ref, attempt=_attempt(row)))
    case.move(State.AWAITING_JOB, "a launch was found that its run did not live to write down")


def _attempt(row: JobRow) -> int:
    return next(number for number in count(1) if launch_key(row.digest, number) == row.launch_key)
