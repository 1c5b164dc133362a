"""The ledger, read and folded: immutable tables that answer `core.entries.LedgerView`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal

from intern_action.core.entries import Admitted, JobRow, Limits, PlanConsumed, PlanDropped, PlanMade, SessionMoved
from intern_action.core.frozen import frozen
from intern_action.core.plan import Plan
from intern_action.core.states import COSTS
from intern_action.core.types import Expense
from intern_action.ledger.budget import ZERO, Hold, room


@frozen
class Tables:
    """Everything the ledger says, by key. Only `fold` makes a new one; nobody changes one."""

    claims: Mapping[str, Admitted] = field(default_factory=dict[str, Admitted])
    founders: Mapping[str, Admitted] = field(default_factory=dict[str, Admitted])
    states: Mapping[str, SessionMoved] = field(default_factory=dict[str, SessionMoved])
    plans: Mapping[str, Plan] = field(default_factory=dict[str, Plan])
    newest: Mapping[str, PlanMade] = field(default_factory=dict[str, PlanMade])
    consumed: Mapping[str, PlanConsumed] = field(default_factory=dict[str, PlanConsumed])
    dropped: Mapping[str, PlanDropped] = field(default_factory=dict[str, PlanDropped])
    rows: Mapping[str, JobRow] = field(default_factory=dict[str, JobRow])
    holds: Mapping[str, Hold] = field(default_factory=dict[str, Hold])
    captures: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    model: Mapping[tuple[str, str], Hold] = field(default_factory=dict[tuple[str, str], Hold])
    unheard: frozenset[str] = frozenset()
    looked: datetime | None = None


@frozen
class View:
    """Implements `core.entries.LedgerView` over tables, as of the commit `head`."""

    head: str = ""
    tables: Tables = field(default_factory=Tables)

    def admitted(self, event_key: str) -> Admitted | None:
        return self.tables.claims.get(event_key)

    def session_state(self, session: str) -> SessionMoved | None:
        return self.tables.states.get(session)

    def sessions(self) -> Mapping[str, SessionMoved]:
        states = self.tables.states
        return {session: states[session] for session in self.tables.founders if session in states}

    def admission(self, session: str) -> Admitted | None:
        return self.tables.founders.get(session)

    def admissions(self) -> tuple[Admitted, ...]:
        return tuple(self.tables.founders.values())

    def followups(self, session: str) -> tuple[Admitted, ...]:
        founder = self.tables.founders.get(session)
        return tuple(one for one in self.tables.claims.values() if one.session == session and one is not founder)

    def heard(self, mark: str) -> bool:
        return any(one.mark == mark for one in self.tables.claims.values())

    def looked(self) -> datetime | None:
        return self.tables.looked

    def unbegun(self) -> tuple[Admitted, ...]:
        return tuple(one for session, one in self.tables.founders.items() if session not in self.tables.states)

    def unheard(self) -> frozenset[str]:
        return self.tables.unheard & self.tables.states.keys()

    def newest_plan(self, session: str) -> PlanMade | None:
        return self.tables.newest.get(session)

    def plan(self, digest: str) -> Plan | None:
        return self.tables.plans.get(digest)

    def consumed(self, digest: str) -> PlanConsumed | None:
        return self.tables.consumed.get(digest)

    def dropped(self, digest: str) -> PlanDropped | None:
        return self.tables.dropped.get(digest)

    def jobs(self, digest: str) -> tuple[JobRow, ...]:
        return tuple(row for row in self.tables.rows.values() if row.digest == digest)

    def row(self, launch_key: str) -> JobRow | None:
        return self.tables.rows.get(launch_key)

    def costing(self) -> tuple[JobRow, ...]:
        return tuple(row for row in self.tables.rows.values() if row.state in COSTS)

    def held(self, digest: str) -> Decimal:
        hold = self.tables.holds.get(digest)
        return hold.left if hold else ZERO

    def captured(self, digest: str) -> Decimal:
        hold = self.tables.holds.get(digest)
        return hold.captured if hold else ZERO

    def model_usd(self, session: str) -> Decimal:
        return sum((one.captured for (of, _), one in self.tables.model.items() if of == session), ZERO)

    def room(self, *, session: str, requester: str, month: str, limits: Limits, expense: Expense) -> Decimal | None:
        known = (*self.tables.holds.values(), *self.tables.model.values())
        return room(known, session=session, requester=requester, month=month, limits=limits, expense=expense)
