"""An isolated machine under an approval: begun once, used for a while, given back and paid for by the time it was there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from intern_action.core.digests import launch_key
from intern_action.core.entries import JobMoved, JobRow, LedgerEvent, LedgerView, MoneyCaptured
from intern_action.core.errors import Bug, JobError
from intern_action.core.events import Answered, Planned, Spent, Told
from intern_action.core.plan import Plan
from intern_action.core.ports import SandboxOrder, SandboxStatus
from intern_action.core.states import JobState, State
from intern_action.core.types import Call, JobRef, JsonObject, LeaseSpec, ToolResult
from intern_action.gate.quote import cost_usd
from intern_action.session.launch import claim, confirm, moved, row_of, wait_for_others
from intern_action.session.objection import objection_against, said
from intern_action.session.office import Case, Office
from intern_action.session.purse import release

ASKS = "sandbox_create"
HOLDS = frozenset({JobState.LAUNCHING, JobState.RUNNING})
"""States in which a sandbox may be there."""


# --- beginning -------------------------------------------------------------------------------------------------------


def begin(case: Case, call: Call, digest: str, plan: Plan, lease: LeaseSpec) -> None:
    """Begin the sandbox of an approved lease, or take up the one an earlier, killed try began; answer the call with it.

    Raises:
        OutsideError: nobody knows whether it began; the next wake looks again.
    """
    key = launch_key(digest, 1)
    fence, leased_until = claim(case, digest, key)
    try:
        if leased_until is not None and case.office.sandboxes.find(key) is None:
            wait_for_others(key, leased_until)
        ref = case.office.sandboxes.create(_order(plan, lease, key))
    except JobError as error:
        _never_began(case, digest, key, fence)
        _no_sandbox(case, call, str(error))
        return
    confirm(case, digest, key, fence, ref)
    try:
        status = case.office.sandboxes.ready(ref)
    except JobError as error:
        _account(case.office, digest, case.office.sandboxes.end(ref))
        _no_sandbox(case, call, str(error))
        return
    if status.ended_at is not None:
        _account(case.office, digest, case.office.sandboxes.end(ref))
        _no_sandbox(case, call, f"{ref.id} ended before it could be used")
        return
    _hand_over(case, call, plan, lease, status)


def _hand_over(case: Case, call: Call, plan: Plan, lease: LeaseSpec, status: SandboxStatus) -> None:
    """Answer the call with a sandbox that can be used."""
    ref = status.ref
    data: JsonObject = {
        "state": "ready",
        "sandbox": {"backend": ref.backend, "id": ref.id, "launch_key": ref.launch_key},
        "flavor": lease.flavor,
        "ends_at": status.ends_at.isoformat(),
        "ceiling_usd": str(plan.ceiling_usd),
    }
    words = (
        f"The sandbox {ref.id} is ready, until {status.ends_at:%Y-%m-%d %H:%M:%S} UTC and for ${plan.cap_usd} at most. "
        "sandbox_exec, sandbox_read and sandbox_write work in its /workspace."
    )
    _answer(case, call, words, data)


def _order(plan: Plan, lease: LeaseSpec, key: str) -> SandboxOrder:
    if plan.quote is None:
        raise Bug("an approved lease without a price")
    labels = {"session": plan.session, "requester": plan.requester}
    return SandboxOrder(lease=lease, launch_key=key, minutes=plan.quote.timeout_minutes, labels=labels)


def _no_sandbox(case: Case, call: Call, why: str) -> None:
    _answer(case, call, f"There is no sandbox: {why}", {"state": "failed", "message": why}, failed=True)


def _answer(case: Case, call: Call, words: str, data: JsonObject, *, failed: bool = False) -> None:
    case.write(Answered(call_id=call.id, result=ToolResult(text=words, data=data, failed=failed)))
    case.move(State.RUNNING, words.partition(",")[0])


def _never_began(case: Case, digest: str, key: str, fence: int) -> None:
    def decide(view: LedgerView) -> tuple[LedgerEvent, ...]:
        row = row_of(view, digest, key)
        if row is None or row.state not in HOLDS:
            return ()
        return (moved(case, digest, key, JobState.ENDED, fence=fence), *release(view, digest))

    case.office.ledger.decide(decide)


# --- giving back -----------------------------------------------------------------------------------------------------


def give_back_expired(case: Case) -> None:
    """Settle the leases whose time is up; a sandbox that somebody still works in stays."""
    for planned, row in _held(case):
        if row.job is not None and case.office.sandboxes.status(row.job).ended_at is not None:
            _give_back(case, planned, row)
    _book(case)


def give_back_objected(case: Case) -> None:
    """End each sandbox whose plan somebody with a say has since asked changes of; their words are told to the agent."""
    for planned, row in _held(case):
        review = objection_against(case, planned.digest)
        if review is None:
            continue
        _give_back(case, planned, row)
        case.write(Told(by=review.by, words=f"{said(review)} (The sandbox was ended with this.)"))
        if case.state is State.AWAITING_INPUT:
            case.move(State.RUNNING, f"{review.by} asks for changes")
    _book(case)


def give_back_all(case: Case) -> None:
    """End every sandbox of the session, pay for the time it was there and free the rest. May be repeated."""
    for planned, row in _held(case):
        _give_back(case, planned, row)
    _book(case)


def _leases(case: Case) -> list[Planned]:
    """Return what was planned for calls that ask for a sandbox. A session without any costs no look at the ledger."""
    asked = [planned for planned in case.memory.planned.values() if case.memory.calls[planned.call_id].name == ASKS]
    if not asked:
        return []
    view = case.office.ledger.read()
    return [planned for planned in asked if (plan := view.plan(planned.digest)) is not None and plan.lease]


def _held(case: Case) -> Iterator[tuple[Planned, JobRow]]:
    leases = _leases(case)
    view = case.office.ledger.read() if leases else None
    for planned in leases:
        row = row_of(view, planned.digest, launch_key(planned.digest, 1)) if view else None
        if row is not None and row.state in HOLDS:
            yield planned, row


def _give_back(case: Case, planned: Planned, row: JobRow) -> None:
    """End one sandbox and account for it; one that was being begun when its run died is looked for first."""
    ref = row.job or case.office.sandboxes.find(row.launch_key)
    if ref is None:
        _never_began(case, planned.digest, row.launch_key, row.fence)
        return
    if row.state is JobState.LAUNCHING:
        confirm(case, planned.digest, row.launch_key, row.fence, ref)
    _account(case.office, planned.digest, case.office.sandboxes.end(ref))


def sweep(office: Office, *, spare: str = "") -> tuple[JobRef, ...]:
    """End and return every sandbox that costs for nobody: without a line in the ledger, of a session that is over, past its time.

    Args:
        office: whose sandboxes.
        spare: a session that looks after its own.
    """
    swept: list[JobRef] = []
    for ref in office.sandboxes.own():
        view = office.ledger.read()
        row = view.row(ref.launch_key)
        if not _costs_for_nobody(office, view, row, ref, spare):
            continue
        status = office.sandboxes.end(ref)
        if row is not None and row.job == ref:
            _account(office, row.digest, status)
        swept.append(ref)
    return tuple(swept)


def _costs_for_nobody(office: Office, view: LedgerView, row: JobRow | None, ref: JobRef, spare: str) -> bool:
    """Whether nobody works in a sandbox or will: it is unknown, came true too late, or its session or time is over."""
    if row is None or row.state is JobState.ENDED or (row.job is not None and row.job != ref):
        return True
    if row.session == spare or row.state is not JobState.RUNNING:
        return False
    return _over(view, row.session) or office.sandboxes.status(ref).ended_at is not None


def _over(view: LedgerView, session: str) -> bool:
    state = view.session_state(session)
    return state is not None and state.state.over


def _account(office: Office, digest: str, status: SandboxStatus) -> None:
    """Capture the price of the time it was there, never more than its hold, and free the rest."""
    ref, key = status.ref, status.ref.launch_key

    def decide(view: LedgerView) -> tuple[LedgerEvent, ...]:
        row, plan = row_of(view, digest, key), view.plan(digest)
        if row is None or plan is None or plan.quote is None or row.state is not JobState.RUNNING:
            return ()
        held = view.held(digest)
        cost = min(cost_usd(plan.quote.flavor, Fraction(str(status.seconds)) / 60), held)
        collecting = JobMoved(
            launch_key=key, digest=digest, session=row.session, state=JobState.COLLECTING, fence=row.fence, job=ref
        )
        rest = release(view, digest) if cost < held else ()
        captured = MoneyCaptured(digest=digest, launch_key=key, usd=cost)
        return (collecting, captured, replace(collecting, state=JobState.ENDED), *rest)

    office.ledger.decide(decide)


def _book(case: Case) -> None:
    """Journal what each ended lease cost, once; the ledger says it."""
    for planned in _leases(case):
        view = case.office.ledger.read()
        row = row_of(view, planned.digest, launch_key(planned.digest, 1))
        if row is None or row.state is not JobState.ENDED or row.job is None or planned.call_id in case.memory.paid:
            continue
        usd = view.captured(planned.digest)
        case.write(Spent(usd=usd, why=f"sandbox {row.job.id}", call_id=planned.call_id))
