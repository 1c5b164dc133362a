"""A job is launched once, whatever dies when (DESIGN section 6), and its result is brought home once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from intern_action.core.digests import launch_key
from intern_action.core.effects import Spends
from intern_action.core.entries import JobMoved, JobRow, LedgerEvent, LedgerView, MoneyCaptured, MoneyReleased, agreed
from intern_action.core.errors import JobError, LedgerError
from intern_action.core.events import Answered, Spent, Submitted
from intern_action.core.plan import Plan
from intern_action.core.ports import JobOrder
from intern_action.core.states import JobState, State
from intern_action.core.types import Call, JobRef, JobSpec, JobStage, JobStatus, JsonObject, ToolResult
from intern_action.gate.quote import cost_usd
from intern_action.gate.variations import Inside, covers
from intern_action.session.office import RUN, Case
from intern_action.session.purse import release
from intern_action.tools._log import excerpt

LEASE = timedelta(minutes=5)
TAIL = 4_000
ROOM = 12_000
"""Characters of a log that a model reads: its beginning, its end, and where something went wrong."""
CUT_SHORT = frozenset({JobStage.PREEMPTED, JobStage.TIMED_OUT})
AGAIN = frozenset({JobStage.OUT_OF_MEMORY, JobStage.PREEMPTED})
"""Ends after which another attempt under the same approval makes sense, so the hold stays."""


def next_attempt(case: Case, digest: str) -> int:
    """Return the attempt to launch: a try that was killed before its job was journaled is taken up, not counted."""
    return 1 + sum(sub.digest == digest for subs in case.memory.submitted.values() for sub in subs)


def launch(
    case: Case, call: Call, digest: str, plan: Plan, job: JobSpec, *, attempt: int, resume: JobRef | None = None
) -> None:
    """Start the job of an approved plan, or adopt the one an earlier, killed try started.

    Args:
        case: the session.
        call: what asked for it.
        digest: the plan's.
        plan: what was approved.
        job: the plan's job, or one of its variations.
        attempt: counts from 1.
        resume: the attempt whose checkpoint it goes on from.

    Raises:
        OutsideError: nobody knows whether it started, or another machine may be at it; the next wake looks again.
    """
    key = launch_key(digest, attempt)
    fence, leased_until = claim(case, digest, key)
    try:
        if leased_until is not None and case.office.jobs.find(key) is None:
            wait_for_others(key, leased_until)
        ref = case.office.jobs.launch(_order(case, plan, job, key, resume))
    except JobError as error:
        _abandon(case, call, digest, key, str(error))
        return
    confirm(case, digest, key, fence, ref)
    if not any(sub.job.launch_key == key for sub in case.memory.submitted.get(call.id, [])):
        case.write(Submitted(call_id=call.id, digest=digest, job=ref, attempt=attempt))
    case.move(State.AWAITING_JOB, f"{job.script} runs on {job.flavor}")


def _order(case: Case, plan: Plan, job: JobSpec, key: str, resume: JobRef | None) -> JobOrder:
    archive = f"{case.office.scratch}/{key}.tar"
    case.office.publisher.archive(plan.head_sha, archive)
    return JobOrder(
        spec=job,
        launch_key=key,
        archive=archive,
        tree=plan.tree,
        timeout_minutes=plan.quote.timeout_minutes if plan.quote else job.timeout_minutes,
        labels={"session": plan.session, "requester": plan.requester},
        resume=resume,
    )


def claim(case: Case, digest: str, key: str) -> tuple[int, datetime | None]:
    """Become the one who may launch: a fence number and a lease, by compare-and-swap.

    Returns:
        the fence, and until when another machine has the lease; None when the launch is ours. An earlier try of our own is
        taken over at once: we hold the journal's lock, so it is dead.
    """
    fences: list[tuple[int, datetime | None]] = []
    now = case.office.clock.now()

    def decide(view: LedgerView) -> tuple[LedgerEvent, ...]:
        row = row_of(view, digest, key)
        if row is not None and row.state is JobState.RUNNING:
            fences.append((row.fence, None))
            return ()
        if row is not None and anothers(case, row, now):
            fences.append((row.fence, row.lease_until))
            return ()
        fence = (row.fence if row else 0) + 1
        fences.append((fence, None))
        return (moved(case, digest, key, JobState.LAUNCHING, fence=fence, lease_until=now + LEASE),)

    case.office.ledger.decide(decide)
    return fences[-1]


def wait_for_others(key: str, leased_until: datetime | None) -> None:
    """Refuse to begin what another machine may be beginning."""
    if leased_until is not None:
        raise LedgerError(
            f"another machine is launching {key} and may until {leased_until:%H:%M:%S} UTC; look again after that"
        )


def anothers(case: Case, row: JobRow, now: datetime) -> bool:
    """Whether somebody whose lock we do not share may still be launching. A workflow run that has ended launches no more."""
    leased = row.lease_until is not None and now < row.lease_until
    if row.state is not JobState.LAUNCHING or not leased or row.holder == case.office.holder:
        return False
    return not row.holder.startswith(RUN) or case.office.runs(row.holder.removeprefix(RUN))


def confirm(case: Case, digest: str, key: str, fence: int, ref: JobRef) -> None:
    """Say in the ledger that what was claimed runs; LedgerError when somebody else has taken the launch over."""

    def decide(view: LedgerView) -> tuple[LedgerEvent, ...]:
        row = row_of(view, digest, key)
        if row is not None and row.state is JobState.RUNNING:
            return ()
        if row is None or row.fence != fence:
            raise LedgerError(f"another run took over the launch {key}; this one changes nothing more")
        return (moved(case, digest, key, JobState.RUNNING, fence=fence, job=ref),)

    case.office.ledger.decide(decide)


def _abandon(case: Case, call: Call, digest: str, key: str, why: str) -> None:
    def decide(view: LedgerView) -> tuple[LedgerEvent, ...]:
        row = row_of(view, digest, key)
        fence = row.fence if row else 1
        return (
            moved(case, digest, key, JobState.ENDED, fence=fence),
            *release(view, digest),
        )

    case.office.ledger.decide(decide)
    data: JsonObject = {"state": "failed", "message": why}
    case.write(
        Answered(call_id=call.id, result=ToolResult(text=f"The job did not start: {why}", data=data, failed=True))
    )
    case.move(State.RUNNING, why)


def row_of(view: LedgerView, digest: str, key: str) -> JobRow | None:
    """Return the newest word on one launch of a plan, None when there is none."""
    return next((row for row in view.jobs(digest) if row.launch_key == key), None)


def moved(
    case: Case,
    digest: str,
    key: str,
    state: JobState,
    *,
    fence: int,
    lease_until: datetime | None = None,
    job: JobRef | None = None,
) -> JobMoved:
    """Return the entry that says where one launch of this session is."""
    return JobMoved(
        launch_key=key,
        digest=digest,
        session=case.began.session,
        state=state,
        fence=fence,
        lease_until=lease_until,
        job=job,
        holder=case.office.holder if state is JobState.LAUNCHING else "",
    )


# --- after the start -------------------------------------------------------------------------------------------------


def look_after(case: Case) -> JobStatus | None:
    """Bring the result of a finished job home; return the status of one that still runs, None when all are home."""
    for call in list(case.memory.open.values()):
        submitted = case.memory.submitted.get(call.id)
        if not submitted:
            continue
        newest = submitted[-1]
        status = case.office.jobs.status(newest.job)
        if not status.stage.final:
            return status
        if _goes_on(case, call, newest, status):
            return status
        _bring_home(case, call, submitted)
    if case.state is State.AWAITING_JOB:
        case.move(State.RUNNING, "the job ended")
    return None


def _goes_on(case: Case, call: Call, ended: Submitted, status: JobStatus) -> bool:
    """Go on from the checkpoint of a job whose machine or time was taken, when the approval still covers an attempt."""
    if status.stage not in CUT_SHORT or not status.checkpoint or call.id in case.memory.refused:
        return False
    plan = agreed(case.office.ledger.read(), ended.digest)
    job = _job_of(case, call, plan) if plan else None
    if plan is None or job is None or job.parameters.get("resume") != "true":
        return False
    _account(case, ended, status)
    left = case.office.ledger.read().held(ended.digest)
    match covers(plan, job, tree=plan.tree, attempts_used=ended.attempt, remaining_usd=left):
        case Inside():
            launch(case, call, ended.digest, plan, job, attempt=ended.attempt + 1, resume=ended.job)
            return call.id in case.memory.open
        case _:
            return False


def _job_of(case: Case, call: Call, plan: Plan) -> JobSpec | None:
    """Return the job that a call launched: the plan's own, or the variation that was asked for later."""
    if call.id == plan.call_id:
        return plan.job
    match case.office.toolbox.judge(call).effects:
        case (Spends(job=job),):
            return job
        case _:
            return None


def _bring_home(case: Case, call: Call, submitted: Sequence[Submitted]) -> None:
    newest = submitted[-1]
    status = case.office.jobs.collect(newest.job)
    cost = _account(case, newest, status)
    cost += sum((_account(case, one, case.office.jobs.status(one.job)) for one in submitted[:-1]), Decimal(0))
    if call.id not in case.memory.paid:
        case.write(Spent(usd=cost, why=f"job {newest.job.id}", call_id=call.id))
    case.write(Answered(call_id=call.id, result=_result(case, call, newest, status, cost)))


def _account(case: Case, submitted: Submitted, status: JobStatus) -> Decimal:
    """Capture what the job really cost, never more than its hold, and free the rest when no attempt is left."""
    digest, key = submitted.digest, submitted.job.launch_key
    costs: list[Decimal] = []

    def decide(view: LedgerView) -> tuple[LedgerEvent, ...]:
        row, plan = row_of(view, digest, key), agreed(view, digest)
        if row is None or plan is None or plan.job is None or plan.quote is None:
            raise LedgerError(f"the ledger does not know the launch {key}; a person has to look")
        cost = cost_usd(plan.quote.flavor, Fraction(str(status.seconds)) / 60)
        if row.state is JobState.ENDED:
            costs.append(min(cost, view.captured(digest)))
            return ()
        held = view.held(digest)
        costs.append(min(cost, held))
        captured = MoneyCaptured(digest=digest, launch_key=key, usd=costs[-1])
        moves = [
            moved(case, digest, key, state, fence=row.fence, job=submitted.job)
            for state in (JobState.COLLECTING, JobState.ENDED)
        ]
        again = status.checkpoint or status.stage in AGAIN
        again = again and submitted.attempt < plan.job.attempts and status.stage is not JobStage.CANCELLED
        rest = () if again or held <= costs[-1] else (MoneyReleased(digest=digest),)
        return (moves[0], captured, moves[1], *rest)

    case.office.ledger.decide(decide)
    return costs[-1]


def _result(case: Case, call: Call, submitted: Submitted, status: JobStatus, cost: Decimal) -> ToolResult:
    office = case.office
    plan = agreed(office.ledger.read(), submitted.digest)
    log = office.jobs.logs(submitted.job)
    data: JsonObject = {
        "state": _word(case, call, status),
        "job": {"backend": submitted.job.backend, "id": submitted.job.id, "launch_key": submitted.job.launch_key},
        "attempt": submitted.attempt,
        "seconds": status.seconds,
        "cost_usd": str(cost),
        "ceiling_usd": str(plan.ceiling_usd) if plan else "",
        "flavor": plan.quote.flavor.name if plan and plan.quote else "",
        "metrics": office.results(status.output_dir) if status.output_dir else {},
        "output": status.output_dir,
        "message": status.message,
        "log_tail": log[-TAIL:],
    }
    shown = excerpt(log, room=ROOM, whole="the log of the job (hf_job_logs)")
    words = f"The job {data['state']} after {status.seconds:.0f} s for ${cost}. {status.message}\n{shown}"
    return ToolResult(text=words, data=data, failed=status.stage is not JobStage.COMPLETED)


def _word(case: Case, call: Call, status: JobStatus) -> str:
    return "refused" if call.id in case.memory.refused else str(status.stage)
