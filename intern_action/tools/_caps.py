"""The most that something may cost, as a model writes it."""

from __future__ import annotations

from decimal import Decimal

from intern_action.core.errors import ToolFailed
from intern_action.settings.quantities import money_usd


def cap_of(text: str) -> Decimal | None:
    """Return a cap in dollars, None when none was named.

    Raises:
        ToolFailed: it is no amount of money, or nothing.
    """
    if not text:
        return None
    try:
        cap = money_usd(text)
    except ValueError as error:
        raise ToolFailed(f"`cap_usd`: {error}") from None
    if cap <= 0:
        raise ToolFailed(f"`cap_usd`: for ${cap} nobody gets a machine; leave it out, or say what it may cost at most")
    return cap
