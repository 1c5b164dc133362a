"""Money and durations as people write them: `$50`, `1,000 USD`, `30 minutes`, `1h30m`, `3 days`."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from decimal import Decimal

_MONEY = re.compile(
    r"(?:US)?\$?\s*(?P<amount>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*(?:USD|\$|dollars?)?", re.IGNORECASE
)
_PART = re.compile(r"(?P<count>\d+(?:\.\d+)?)\s*(?P<unit>[a-z]+)[\s,]*", re.IGNORECASE)

_SECONDS: dict[str, int] = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 60 * 60),
    **dict.fromkeys(("d", "day", "days"), 24 * 60 * 60),
    **dict.fromkeys(("w", "week", "weeks"), 7 * 24 * 60 * 60),
}
_LONGEST_SECONDS = 366 * 24 * 60 * 60


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


def duration(value: object) -> timedelta:
    """Return a length of time between one second and a year.

    Raises:
        ValueError: not a length of time. A bare number is none: nobody can tell minutes from hours.
    """
    if isinstance(value, timedelta):
        return value
    seconds = _seconds(value) if isinstance(value, str) else None
    if seconds is None:
        raise ValueError(
            f"{value!r} is not a length of time; write a unit, such as `90 seconds`, `30m`, `1h30m` or `3 days`"
        )
    if not 1 <= seconds <= _LONGEST_SECONDS:
        raise ValueError(f"{value!r} is not between one second and a year")
    return timedelta(seconds=float(seconds))


def minutes(value: object) -> int:
    """Return a length of time in whole minutes, rounded up: a limit is not cut short by its unit."""
    return math.ceil(duration(value).total_seconds() / _SECONDS["minute"])


def duration_words(length: timedelta) -> str:
    """Return a length of time as it would be written: `1h30m`."""
    left, words = int(length.total_seconds()), ""
    for unit in ("d", "h", "m", "s"):
        count, left = divmod(left, _SECONDS[unit])
        words += f"{count}{unit}" if count else ""
    return words or "0s"


def _seconds(text: str) -> Decimal | None:
    """Return the sum of parts such as `1h30m`, None when anything else stands there."""
    total, at = Decimal(0), 0
    text = text.strip()
    while at < len(text):
        part = _PART.match(text, at)
        if part is None or part["unit"].lower() not in _SECONDS:
            return None
        total += Decimal(part["count"]) * _SECONDS[part["unit"].lower()]
        at = part.end()
    return total if text else None
