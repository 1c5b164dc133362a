"""Money set aside and money spent, as pure functions. What is held and what is captured never exceeds a budget together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from intern_action.core.entries import Limits
from intern_action.core.errors import LedgerError
from intern_action.core.frozen import frozen

ZERO = Decimal(0)


@frozen
class Hold:
    """Money set aside for one plan, and what of it was spent. Dollars."""

    digest: str
    session: str
    requester: str
    month: str
    usd: Decimal
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


def hold(*, digest: str, session: str, requester: str, month: str, usd: Decimal) -> Hold:
    """Set money aside. Whether there is room for it, `room` says; whoever decides asks before."""
    return Hold(digest=digest, session=session, requester=requester, month=month, usd=amount(usd))


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


def room(holds: Iterable[Hold], *, session: str, requester: str, month: str, limits: Limits) -> Decimal | None:
    """Return how many dollars more may be set aside under the tightest limit; None without limits, never below 0.

    The month's limit is for all; a requester's is for the month as well, so that nobody runs out for ever.
    """
    known = tuple(holds)
    rests: list[Decimal] = []
    for limit, mine in (
        (limits.month_usd, [one for one in known if one.month == month]),
        (limits.session_usd, [one for one in known if one.session == session]),
        (limits.requester_usd, [one for one in known if one.month == month and one.requester == requester]),
    ):
        if limit is not None:
            rests.append(limit - sum((one.counts for one in mine), ZERO))
    return max(ZERO, min(rests)) if rests else None
