"""Lengths of time as people and models write them, one reader for all: `90s`, `30m`, `1h30m`, `1.5h`, `2d`, `3 days`, `3600`.

A bare whole number is seconds, as the Hub's own client reads it. Where money or a plan's life hangs on it, only from 60 on:
below, nobody can tell whether minutes were meant.
"""

from __future__ import annotations

import math
import re
from datetime import timedelta
from decimal import Decimal

_PART = re.compile(r"(?P<count>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>[a-z]+)[\s,]*", re.IGNORECASE)
_BARE = re.compile(r"[0-9]+")
_SECONDS: dict[str, int] = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 60 * 60),
    **dict.fromkeys(("d", "day", "days"), 24 * 60 * 60),
    **dict.fromkeys(("w", "week", "weeks"), 7 * 24 * 60 * 60),
}
_LONGEST_SECONDS = 366 * 24 * 60 * 60
_LEAST_BARE = 60
_MOST_CHARS = 100
_HOW = (
    "write a unit, such as `90s`, `90m`, `1h30m`, `1.5h` or `2d`, or a whole number of seconds from 60, such as `3600`"
)


def duration(value: object, *, least_bare: int = _LEAST_BARE) -> timedelta:
    """Return a length of time between one second and a year.

    Args:
        value: the text, or a whole number.
        least_bare: from where on a bare number is taken for seconds.

    Raises:
        ValueError: it is none; the message says how to write one.
    """
    if isinstance(value, timedelta):
        return value
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    seconds = _seconds(text.strip(), least_bare) if isinstance(text, str) and len(text) <= _MOST_CHARS else None
    if seconds is None:
        raise ValueError(f"{_short(value)} is not a length of time; {_HOW}")
    if not 1 <= seconds <= _LONGEST_SECONDS:
        raise ValueError(f"{_short(value)} is not between one second and a year; {_HOW}")
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


def _seconds(text: str, least_bare: int) -> Decimal | None:
    """Return the sum of parts such as `1h30m`, or a bare number; None when anything else stands there."""
    if _BARE.fullmatch(text):
        return Decimal(text) if int(text) >= least_bare else None
    total, at = Decimal(0), 0
    while at < len(text):
        part = _PART.match(text, at)
        if part is None or part["unit"].lower() not in _SECONDS:
            return None
        total += Decimal(part["count"]) * _SECONDS[part["unit"].lower()]
        at = part.end()
    return total if text else None


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _MOST_CHARS else f"{shown[:_MOST_CHARS]}…"
