"""What ends an inference endpoint: its time, its money, `stop`, or a hand that took it away. And what it cost meanwhile.

The ledger counts every minute from the making to the end, asleep or awake: only the Hub's bill knows better, and less is not a
danger. An endpoint does not end by itself: whoever wakes a session looks, and so does `intern-action sweep`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from intern_action.core.digests import launch_key
from intern_action.core.entries import JobMoved, JobRow, LedgerEvent, LedgerView, MoneyCaptured, MoneyReleased
from intern_action.core.errors import Bug
from intern_action.core.events import Spent, Told
from intern_action.core.plan import Plan
from intern_action.core.ports import EndpointStage, EndpointStatus
from intern_action.core.states import JobState, State
from intern_action.core.types import JobRef
from intern_action.gate.quote import cost_usd
from intern_action.session.launch import LEASE, row_of
from intern_action.session.objection import objection_against, said
from intern_action.session.office import Case, Office

ASKS = "deploy_endpoint"
HOLDS = frozenset({JobState.LAUNCHING, JobState.RUNNING})
"""States in which an endpoint may be there."""
SLICES = 24
"""Into so many parts a cap is spent at most, so that the ledger does not grow with each look."""


# --- looking ---------------------------------------------------------------------------------------------------------


def retire_due(case: Case) -> None:
    """End the session's endpoints that are over or objected to, and note what the others have cost so far."""
    retire_objected(case)
    for row in _rows(case):
        if row.state in HOLDS and row.job is not None:
            _look(case.office, row)
    _book(case)


def retire_objected(case: Case) -> None:
    """End each endpoint whose plan somebody with a say has since asked changes of; the words are kept for whoever goes on."""
    for row in _rows(case):
        review = objection_against(case, row.digest) if row.state in HOLDS and row.job is not None else None
        if review is None:
            continue
        retire(case.office, row)
        case.write(Told(by=review.by, words=f"{said(review)} (The endpoint was ended with this.)"))
        if case.state is State.AWAITING_INPUT:
            case.move(State.RUNNING, f"{review.by} asks for changes")


def retire_all(case: Case) -> None:
    """End every endpoint of the session, pay for its time and free the rest. May be repeated."""
    for row in _rows(case):
        if row.state in HOLDS:
            retire(case.office, row)
        elif row.job is not None:  # a run may have been killed after the bill was written and before it was taken away
            case.office.endpoints.delete(row.job)
    _book(case)


def sweep(office: Office, *, spare: str = "") -> tuple[JobRef, ...]:
    """End and return every endpoint that is over, or that nobody knows; note what the others have cost so far.

    Args:
        office: whose endpoints.
        spare: a session that looks after its own.
    """
    there = office.endpoints.own()  # before the ledger is read: a launch is written down before its endpoint is made
    view = office.ledger.read()
    swept = [*sweep_known(office, spare=spare)]
    for ref in there:
        row = view.row(ref.launch_key)
        if row is None or row.state not in HOLDS:
            _take_away(office, ref)
            swept.append(ref)
    return tuple(swept)


def sweep_known(office: Office, *, spare: str = "") -> tuple[JobRef, ...]:
    """Do so with the endpoints that stand in the ledger; where there are none, nobody is asked."""
    view = office.ledger.read()
    rows = (row for row in view.costing() if row.session != spare)
    return tuple(ref for row in rows if (ref := _swept(office, view, row)) is not None)


def _swept(office: Office, view: LedgerView, row: JobRow) -> JobRef | None:
    plan = view.plan(row.digest)
    if plan is None or plan.endpoint is None:
        return None
    if _abandoned(view, row) or _past(office, plan, row):
        return retire(office, row)
    return _look(office, row) if row.state is JobState.RUNNING else None


def _abandoned(view: LedgerView, row: JobRow) -> bool:
    """Whether its session was stopped, or ended while it was being made."""
    moved = view.session_state(row.session)
    return moved is not None and (
        moved.state is State.STOPPED or (moved.state.over and row.state is JobState.LAUNCHING)
    )


def _past(office: Office, plan: Plan, row: JobRow) -> bool:
    return office.clock.now() >= ends_at(plan, began_at(row, None))


def _look(office: Office, row: JobRow) -> JobRef | None:
    """End one that is over and return it; of one that is not, note what it has cost so far."""
    plan, ref = _plan(office, row), row.job
    if ref is None:
        return None
    status = office.endpoints.status(ref)
    over = status.stage in {EndpointStage.PAUSED, EndpointStage.GONE, EndpointStage.FAILED}
    if over or office.clock.now() >= ends_at(plan, began_at(row, status)):
        return retire(office, row)
    _pay_so_far(office, row, status)
    return None


def _plan(office: Office, row: JobRow) -> Plan:
    plan = office.ledger.read().plan(row.digest)
    if plan is None or plan.quote is None:
        raise Bug(f"the launch {row.launch_key} has no plan with a price")
    return plan


# --- its time --------------------------------------------------------------------------------------------------------


def began_at(row: JobRow, status: EndpointStatus | None) -> datetime:
    """Return when its time began: when the Hub says so or when we claimed the launch, whichever was earlier.

    A launch that was taken up again was claimed after the making, and the Hub's clock may be ahead of ours.
    """
    made_at = status.made_at if status is not None else None
    claimed_at = row.lease_until - LEASE if row.lease_until is not None else None
    known = [at for at in (made_at, claimed_at) if at is not None]
    if not known:
        raise Bug(f"nobody knows when {row.launch_key} began")
    return min(known)


def ends_at(plan: Plan, began: datetime) -> datetime:
    """Return when the time that people approved is over."""
    if plan.quote is None:
        raise Bug("an approved endpoint without a price")
    return began + timedelta(minutes=plan.quote.timeout_minutes)


# --- ending ----------------------------------------------------------------------------------------------------------


def retire(office: Office, row: JobRow) -> JobRef | None:
    """End one: stop its bill, write down what it cost, take it away. May be repeated from any point."""
    ref = row.job or office.endpoints.find(row.launch_key)
    if ref is None:
        _close(office, row, None, None)
        return None
    status = office.endpoints.status(ref)
    office.endpoints.pause(ref)
    _close(office, row, ref, status)
    office.endpoints.delete(ref)
    return ref


def _take_away(office: Office, ref: JobRef) -> None:
    office.endpoints.pause(ref)
    office.endpoints.delete(ref)


def _close(office: Office, row: JobRow, ref: JobRef | None, status: EndpointStatus | None) -> None:
    """Capture the rest of its price, never more than its hold, and free what is left."""

    def decide(view: LedgerView) -> tuple[LedgerEvent, ...]:
        now = row_of(view, row.digest, row.launch_key)
        if now is None or now.state not in HOLDS:
            return ()
        if ref is None:
            return (_moved(now, JobState.ENDED, None), *_freed(view, row.digest, Decimal(0)))
        cost = _cost(office, view, now, status)
        paid = MoneyCaptured(digest=row.digest, launch_key=row.launch_key, usd=cost)
        ran = () if now.state is JobState.RUNNING else (_moved(now, JobState.RUNNING, ref),)
        collecting, ended = _moved(now, JobState.COLLECTING, ref), _moved(now, JobState.ENDED, ref)
        return (*ran, collecting, *((paid,) if cost else ()), ended, *_freed(view, row.digest, cost))

    office.ledger.decide(decide)


def _pay_so_far(office: Office, row: JobRow, status: EndpointStatus) -> None:
    """Capture what it has cost so far, once that is worth a line."""

    def decide(view: LedgerView) -> tuple[LedgerEvent, ...]:
        now, plan = row_of(view, row.digest, row.launch_key), view.plan(row.digest)
        if now is None or plan is None or now.state is not JobState.RUNNING:
            return ()
        cost = _cost(office, view, now, status)
        worth = cost > 0 and cost * SLICES >= plan.cap_usd
        return (MoneyCaptured(digest=row.digest, launch_key=row.launch_key, usd=cost),) if worth else ()

    office.ledger.decide(decide)


def _cost(office: Office, view: LedgerView, row: JobRow, status: EndpointStatus | None) -> Decimal:
    """Return what its time costs that is not paid for yet, at most what is held."""
    plan = view.plan(row.digest)
    if plan is None or plan.quote is None:
        raise Bug(f"the launch {row.launch_key} has no plan with a price")
    ran = max(timedelta(0), office.clock.now() - began_at(row, status))
    whole = cost_usd(plan.quote.flavor, Fraction(str(ran.total_seconds())) / 60)
    return min(max(whole - view.captured(row.digest), Decimal(0)), view.held(row.digest))


def _freed(view: LedgerView, digest: str, paid: Decimal) -> tuple[LedgerEvent, ...]:
    return (MoneyReleased(digest=digest),) if view.held(digest) > paid else ()


def _moved(row: JobRow, state: JobState, ref: JobRef | None) -> JobMoved:
    return JobMoved(
        launch_key=row.launch_key, digest=row.digest, session=row.session, state=state, fence=row.fence, job=ref
    )


# --- the session's part ----------------------------------------------------------------------------------------------


def _rows(case: Case) -> list[JobRow]:
    """Return the launches of the session's endpoints. A session without any costs no look at the ledger."""
    asked = [planned for planned in case.memory.planned.values() if case.memory.calls[planned.call_id].name == ASKS]
    if not asked:
        return []
    view = case.office.ledger.read()
    rows = (row_of(view, planned.digest, launch_key(planned.digest, 1)) for planned in asked)
    return [row for row in rows if row is not None]


def _book(case: Case) -> None:
    """Journal what each ended endpoint cost, once; the ledger says it."""
    for row, call_id in _ended(case):
        usd = case.office.ledger.read().captured(row.digest)
        case.write(Spent(usd=usd, why=f"endpoint {row.job.id if row.job else row.launch_key}", call_id=call_id))


def _ended(case: Case) -> Iterator[tuple[JobRow, str]]:
    calls = {planned.digest: planned.call_id for planned in case.memory.planned.values()}
    for row in _rows(case):
        if row.state is JobState.ENDED and row.job is not None and calls[row.digest] not in case.memory.paid:
            yield row, calls[row.digest]
