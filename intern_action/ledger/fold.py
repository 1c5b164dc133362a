"""What each event does to the tables, and when it must not be: the rules no decision can talk its way around.

The same rules hold when a line is appended (before it is pushed) and when it is read (a forged line fails there).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NoReturn

from intern_action.core.digests import launch_key, plan_digest
from intern_action.core.entries import (
    Admitted,
    JobMoved,
    JobRow,
    Looked,
    ModelSpent,
    MoneyCaptured,
    MoneyHeld,
    MoneyReleased,
    PlanConsumed,
    PlanDropped,
    PlanMade,
    SessionMoved,
)
from intern_action.core.errors import Bug, LedgerError
from intern_action.core.plan import Plan, chosen, offered
from intern_action.core.states import COSTS, JobState, State, move_job
from intern_action.ledger import budget
from intern_action.ledger.budget import Hold
from intern_action.ledger.chain import LedgerEntry
from intern_action.ledger.view import Tables

UNFINISHED = frozenset(
    {JobState.LAUNCHING, JobState.RUNNING, JobState.CANCELLING, JobState.COLLECTING, JobState.NEEDS_HUMAN}
)
BEGINNINGS = frozenset({JobState.QUOTED, JobState.APPROVED, JobState.LAUNCHING})
FENCED = frozenset({JobState.RUNNING, JobState.APPROVED, JobState.ENDED, JobState.NEEDS_HUMAN})
LATE = timedelta(days=1)
"""A hold that was reckoned just before midnight on the last of a month may be written just after."""


def fold(tables: Tables, entries: Iterable[LedgerEntry]) -> Tables:
    """Return the tables with these entries taken in.

    Raises:
        LedgerError: an entry that must not be, with its line number and the reason.
    """
    folding = _Folding(tables)
    for entry in entries:
        try:
            folding.take(entry)
        except LedgerError as error:
            raise LedgerError(f"{entry.event.kind} (line {entry.seq + 1}) is refused: {error}") from error
    return folding.tables()


class _Folding:
    """Tables while entries are taken in."""

    def __init__(self, before: Tables) -> None:
        self.claims = dict(before.claims)
        self.founders = dict(before.founders)
        self.states = dict(before.states)
        self.plans = dict(before.plans)
        self.newest = dict(before.newest)
        self.consumed = dict(before.consumed)
        self.dropped = dict(before.dropped)
        self.rows = dict(before.rows)
        self.holds = dict(before.holds)
        self.captures: dict[str, Decimal] = dict(before.captures)
        self.model = dict(before.model)
        self.unheard = set(before.unheard)
        self.looked = before.looked

    def tables(self) -> Tables:
        return Tables(
            claims=self.claims,
            founders=self.founders,
            states=self.states,
            plans=self.plans,
            newest=self.newest,
            consumed=self.consumed,
            dropped=self.dropped,
            rows=self.rows,
            holds=self.holds,
            captures=self.captures,
            model=self.model,
            unheard=frozenset(self.unheard),
            looked=self.looked,
        )

    def take(self, entry: LedgerEntry) -> None:
        match entry.event:
            case Admitted() as event:
                self._admit(event)
            case SessionMoved() as event:
                self._move_session(event)
            case PlanMade() as event:
                self._make_plan(event)
            case PlanConsumed() as event:
                self._consume(event, entry.at)
            case PlanDropped() as event:
                self._drop(event)
            case MoneyHeld() as event:
                self._hold(event, entry.at)
            case MoneyCaptured() as event:
                self._capture(event)
            case MoneyReleased() as event:
                self._release(event)
            case JobMoved() as event:
                self._move_job(event)
            case ModelSpent() as event:
                self._spend(event, entry.at)
            case Looked() as event:
                self._look(event, entry.at)

    # --- sessions ------------------------------------------------------------------------------------------------

    def _admit(self, event: Admitted) -> None:
        if event.event_key in self.claims:
            _no(f"the event {event.event_key[:12]} was admitted before")
        self.claims[event.event_key] = event
        if self.founders.setdefault(event.session, event) is not event:
            self.unheard.add(event.session)

    def _move_session(self, event: SessionMoved) -> None:
        if event.session not in self.founders:
            _no(f"the session {event.session} was never admitted")
        before = self.states.get(event.session)
        if before is not None and event.state is State.NEW and before.state is not State.NEW:
            _no(f"the session {event.session} is {before.state} and cannot be new again")
        self.states[event.session] = event
        self.unheard.discard(event.session)

    def _look(self, event: Looked, at: datetime) -> None:
        if event.until > at or (self.looked is not None and event.until < self.looked):
            _no("nobody has looked so far, or somebody has looked further before")
        self.looked = event.until

    # --- plans ---------------------------------------------------------------------------------------------------

    def _make_plan(self, event: PlanMade) -> None:
        if event.plan.session not in self.founders:
            _no(f"the session {event.plan.session} was never admitted")
        if plan_digest(event.plan) != event.digest:
            _no("the digest is not the plan's")
        if event.digest in self.plans:
            _no(f"the plan {event.digest[:8]} was made before")
        _priced(event.plan)
        self.plans[event.digest] = event.plan
        self.newest[event.plan.session] = event

    def _plan(self, digest: str, session: str) -> Plan:
        plan = self.plans.get(digest)
        if plan is None:
            _no(f"there is no plan {digest[:8]}")
        if plan.session != session:
            _no(f"the plan {digest[:8]} belongs to the session {plan.session}, not to {session}")
        return plan

    def _stands(self, digest: str, session: str) -> Plan:
        """Return a plan that was not taken back and is its session's newest."""
        plan = self._plan(digest, session)
        if digest in self.dropped:
            _no(f"the plan {digest[:8]} was dropped: {self.dropped[digest].why}")
        if self.newest[session].digest != digest:
            _no(f"the plan {digest[:8]} was superseded by {self.newest[session].digest[:8]}")
        return plan

    def _consume(self, event: PlanConsumed, at: datetime) -> None:
        plan = self._stands(event.digest, event.session)
        if event.digest in self.consumed:
            _no(f"the approval of plan {event.digest[:8]} was used before")
        if at > plan.expires_at:
            _no(f"the plan {event.digest[:8]} expired at {plan.expires_at:%Y-%m-%d %H:%M} UTC")
        if event.option not in offered(plan) | {""}:
            _no(f"the plan {event.digest[:8]} offers no {event.option}")
        self.consumed[event.digest] = event

    def _drop(self, event: PlanDropped) -> None:
        self._plan(event.digest, event.session)
        if event.digest in self.dropped:
            _no(f"the plan {event.digest[:8]} was dropped before")
        self.dropped[event.digest] = event

    # --- money ---------------------------------------------------------------------------------------------------

    def _hold(self, event: MoneyHeld, at: datetime) -> None:
        plan = self._stands(event.digest, event.session)
        if event.digest in self.holds:
            _no(f"money was set aside for plan {event.digest[:8]} before")
        if plan.quote is None:
            _no(f"the plan {event.digest[:8]} costs nothing")
        if event.requester != plan.requester:
            _no(f"the plan {event.digest[:8]} was asked for by {plan.requester}, not by {event.requester}")
        _this_month(event.month, at)
        consumed = self.consumed.get(event.digest)
        cap_usd = chosen(plan, consumed.option if consumed else "").cap_usd
        if budget.amount(event.usd) > cap_usd:
            _no(f"${event.usd} is more than the plan's cap of ${cap_usd}")
        self.holds[event.digest] = budget.hold(
            digest=event.digest,
            session=event.session,
            requester=event.requester,
            month=event.month,
            usd=event.usd,
            expense=plan.expense,
        )

    def _spend(self, event: ModelSpent, at: datetime) -> None:
        founder = self.founders.get(event.session)
        if founder is None:
            _no(f"the session {event.session} was never admitted")
        if event.requester != founder.requester:
            _no(f"the session {event.session} was asked for by {founder.requester}, not by {event.requester}")
        _this_month(event.month, at)
        before = self.model.get((event.session, event.month))
        self.model[event.session, event.month] = budget.spent(
            before, session=event.session, requester=event.requester, month=event.month, usd=event.usd
        )

    def _held(self, digest: str) -> Hold:
        held = self.holds.get(digest)
        if held is None:
            _no(f"nothing was set aside for plan {digest[:8]}")
        return held

    def _capture(self, event: MoneyCaptured) -> None:
        if event.launch_key in self.captures and not self._serves(event.digest):
            _no(f"the launch {event.launch_key} was paid before")
        row = self.rows.get(event.launch_key)
        if row is None or row.digest != event.digest:
            _no(f"the plan {event.digest[:8]} has no launch {event.launch_key}")
        self.holds[event.digest] = budget.capture(self._held(event.digest), event.usd)
        self.captures[event.launch_key] = self.captures.get(event.launch_key, budget.ZERO) + event.usd

    def _serves(self, digest: str) -> bool:
        """Whether a plan is of an endpoint: that is paid for as it runs, in as many parts as it takes."""
        plan = self.plans.get(digest)
        return plan is not None and plan.endpoint is not None

    def _release(self, event: MoneyReleased) -> None:
        running = [row.launch_key for row in self.rows.values() if row.digest == event.digest and row.state in COSTS]
        if running:
            _no(f"the launch {running[0]} may still cost money; end it first")
        self.holds[event.digest] = budget.release(self._held(event.digest))

    # --- jobs ----------------------------------------------------------------------------------------------------

    def _move_job(self, event: JobMoved) -> None:
        plan = self._plan(event.digest, event.session)
        if event.launch_key not in {launch_key(event.digest, n) for n in range(1, plan.launches + 1)}:
            _no(f"{event.launch_key} is none of the {plan.launches} launches of plan {event.digest[:8]}")
        row = self.rows.get(event.launch_key)
        if row is None:
            if event.state not in BEGINNINGS:
                _no(f"the launch {event.launch_key} cannot begin as {event.state}")
        else:
            _legal(row, event)
        if (
            event.state not in {JobState.QUOTED, JobState.ENDED, JobState.CANCELLING}
            and event.digest not in self.consumed
        ):
            _no(f"nobody approved the plan {event.digest[:8]}")
        if event.state is JobState.LAUNCHING:
            self._launch(event, row)
        self.rows[event.launch_key] = _moved(row, event)

    def _launch(self, event: JobMoved, row: JobRow | None) -> None:
        self._stands(event.digest, event.session)
        if self._held(event.digest).released:
            _no(f"the money of plan {event.digest[:8]} was released")
        if event.lease_until is None or event.fence <= (row.fence if row else 0):
            _no("a launch needs a lease and a higher fence number than the one before")
        others = [
            other.launch_key
            for other in self.rows.values()
            if other.digest == event.digest and other.launch_key != event.launch_key and other.state in UNFINISHED
        ]
        if others:
            _no(f"the launch {others[0]} of the same plan has not ended")


def _this_month(month: str, at: datetime) -> None:
    if month not in {f"{at:%Y-%m}", f"{at - LATE:%Y-%m}"}:
        _no(f"{month} is not the month it is ({at:%Y-%m})")


def _priced(plan: Plan) -> None:
    """Refuse money without a price, and what is started without one: unknown is never free."""
    if plan.quote is None and (budget.amount(plan.cap_usd) or plan.launches):
        _no("a plan without a price is of no job and sets no money aside")
    budget.amount(plan.cap_usd)
    for option in plan.options:
        budget.amount(option.quote.ceiling_usd)


def _legal(row: JobRow, event: JobMoved) -> None:
    try:
        move_job(row.state, event.state)
    except Bug as error:
        raise LedgerError(str(error)) from error
    if event.digest != row.digest:
        _no(f"the launch {event.launch_key} belongs to the plan {row.digest[:8]}")
    if row.state is JobState.LAUNCHING and event.state in FENCED and event.fence != row.fence:
        _no(f"fence {event.fence} is no longer the one that may act; {row.fence} is")


def _moved(row: JobRow | None, event: JobMoved) -> JobRow:
    if event.state is JobState.RUNNING and (event.job is None or event.job.launch_key != event.launch_key):
        _no("a running job has to be named, and to carry its launch key")
    return JobRow(
        launch_key=event.launch_key,
        digest=event.digest,
        session=event.session,
        state=event.state,
        fence=max(event.fence, row.fence if row else 0),
        lease_until=event.lease_until or (row.lease_until if row else None),
        job=event.job or (row.job if row else None),
        holder=event.holder or (row.holder if row else ""),
    )


def _no(why: str) -> NoReturn:
    raise LedgerError(why)
