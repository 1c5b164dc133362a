"""Money set aside and money spent, as pure functions. What is held and what is captured never exceeds a budget together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from intern_action.core.entries import Limits
from intern_action.core.errors import LedgerError
from intern_action.core.frozen import frozen
from intern_action.core.types import Expense

ZERO = Decimal(0)


@frozen
class Hold:
    """Money set aside for one plan, and what of it was spent. Dollars."""

    digest: str
    session: str
    requester: str
    month: str
    usd: Decimal
    expense: Expense = Expense.JOBS
    captured: Decimal = ZERO
    released: bool = False

    @property
    def left(self) -> Decimal:
        """What is still set aside."""
        return ZERO if self.released else self.usd - self.captured

    @property
    def counts(self) -> Decimal:
        """What it takes from every budget it belongs to: spent and set aside."""
        return self.captured + self.left


def amount(usd: Decimal) -> Decimal:
    """Return an amount of money that can be reckoned with. LedgerError for less than nothing, infinity and NaN."""
    if not usd.is_finite() or usd < 0:
        raise LedgerError(f"{usd} is not an amount of dollars")
    return usd


def hold(  # a hold has all of these
    *, digest: str, session: str, requester: str, month: str, usd: Decimal, expense: Expense = Expense.JOBS
) -> Hold:
    """Set money aside. Whether there is room for it, `room` says; whoever decides asks before."""
    return Hold(digest=digest, session=session, requester=requester, month=month, usd=amount(usd), expense=expense)


def spent(before: Hold | None, *, session: str, requester: str, month: str, usd: Decimal) -> Hold:
    """Return what a session's model has cost in a month, with this much more: never set aside before, so all of it is spent."""
    whole = amount(usd) + (before.captured if before else ZERO)
    return Hold(
        digest="",
        session=session,
        requester=requester,
        month=month,
        usd=whole,
        expense=Expense.MODEL,
        captured=whole,
    )


def capture(held: Hold, usd: Decimal) -> Hold:
    """Spend a part of a hold.

    Raises:
        LedgerError: more than is left of it. Nobody agreed to that; a person has to look.
    """
    if amount(usd) > held.left:
        raise LedgerError(
            f"${usd} cannot be taken from the hold of plan {held.digest[:8]}, which has ${held.left} left; "
            "a person has to look at what was spent"
        )
    return replace(held, captured=held.captured + usd)


def release(held: Hold) -> Hold:
    """Free the rest of a hold; what was spent stays spent."""
    if held.released:
        raise LedgerError(f"the hold of plan {held.digest[:8]} was released before")
    return replace(held, released=True)


def room(
    holds: Iterable[Hold], *, session: str, requester: str, month: str, limits: Limits, expense: Expense = Expense.JOBS
) -> Decimal | None:
    """Return how many dollars more may be spent on something under the tightest limit; None without limits, never below 0.

    The month's limit is for all; a requester's is for the month as well, so that nobody runs out for ever. What the model costs
    is not approved piece by piece, so it takes nothing from the budget of what is: only its own limits are asked.
    """
    known = tuple(holds)
    of_this = [one for one in known if one.expense is expense]
    approved = [one for one in known if one.expense is not Expense.MODEL]
    asked = [(limits.kinds.get(expense), of_this)]
    if expense is not Expense.MODEL:
        asked.append((limits, approved))
    rests = [
        rest
        for these, counted in asked
        if these is not None
        for rest in _rests(counted, session=session, requester=requester, month=month, limits=these)
    ]
    return max(ZERO, min(rests)) if rests else None


def _rests(holds: Sequence[Hold], *, session: str, requester: str, month: str, limits: Limits) -> Iterator[Decimal]:
    """Yield what each limit still allows."""
    for limit, mine in (
        (limits.month_usd, [one for one in holds if one.month == month]),
        (limits.session_usd, [one for one in holds if one.session == session]),
        (limits.requester_usd, [one for one in holds if one.month == month and one.requester == requester]),
    ):
        if limit is not None:
            yield limit - sum((one.counts for one in mine), ZERO)
