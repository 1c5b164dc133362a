"""Money as people write it: `$50`, `1,000 USD`, `12.50`."""

from __future__ import annotations

import re
from decimal import Decimal

_MONEY = re.compile(
    r"(?:US)?\$?\s*(?P<amount>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*(?:USD|\$|dollars?)?", re.IGNORECASE
)


def money_usd(value: object) -> Decimal:
    """Return United States dollars.

    Raises:
        ValueError: not an amount of money; below zero is none.
    """
    if isinstance(value, (Decimal, int)) and not isinstance(value, bool):
        amount = Decimal(value)
        if amount.is_finite() and amount >= 0:
            return amount
    if isinstance(value, str) and (found := _MONEY.fullmatch(value.strip())):
        return Decimal(found["amount"].replace(",", ""))
    raise ValueError(f"{value!r} is not an amount of money; write `$50` or `12.50`")
