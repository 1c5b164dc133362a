"""Freeing money that was set aside and is no longer needed; and how much is left for the model."""

from __future__ import annotations

from decimal import Decimal

from intern_action.core.entries import LedgerEvent, LedgerView, MoneyReleased, PlanDropped
from intern_action.core.judgement import ApprovalPolicy
from intern_action.core.states import COSTS
from intern_action.core.types import Expense
from intern_action.session.office import Case


def release(view: LedgerView, digest: str) -> tuple[LedgerEvent, ...]:
    """Return the entry that frees what is left of a hold; nothing when there is none."""
    return (MoneyReleased(digest=digest),) if view.held(digest) > 0 else ()


def release_all(case: Case, *, drop: str = "") -> None:
    """Free what the session's newest plan still holds; with `drop`, also take the plan back, for that reason.

    An endpoint that serves keeps its money: it outlives the session.
    """
    session = case.began.session

    def decide(view: LedgerView) -> tuple[LedgerEvent, ...]:
        made = view.newest_plan(session)
        if made is None:
            return ()
        if made.plan.endpoint is not None and _runs(view, made.digest):
            return ()
        freed = release(view, made.digest)
        if drop and not view.dropped(made.digest):
            return (*freed, PlanDropped(digest=made.digest, session=session, why=drop))
        return freed

    case.office.ledger.decide(decide)


def model_cap(case: Case, policy: ApprovalPolicy) -> Decimal | None:
    """Return the most that the model may have cost when the agent half stops, in dollars; None without a limit.

    What other sessions spend meanwhile is not known here, so together they may pass a limit by what they spend at once.
    """
    began = case.began
    if Expense.MODEL not in policy.limits.kinds:
        return began.max_cost_usd
    view = case.office.ledger.read()
    left = view.room(
        session=began.session,
        requester=began.requester,
        month=f"{case.office.clock.now():%Y-%m}",
        limits=policy.limits,
        expense=Expense.MODEL,
    )
    caps = [began.max_cost_usd, None if left is None else view.model_usd(began.session) + left]
    return min((cap for cap in caps if cap is not None), default=None)


def _runs(view: LedgerView, digest: str) -> bool:
    return any(row.state in COSTS for row in view.jobs(digest))
