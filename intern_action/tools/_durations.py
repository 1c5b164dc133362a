"""Lengths of time as a model writes them: `90s`, `30m`, `1h30m`, `2d`, or a bare number of seconds."""

from __future__ import annotations

import math

from intern_action.core.errors import ToolFailed
from intern_action.core.ports import ToolLimits
from intern_action.settings.quantities import duration

_SECONDS_A_MINUTE = 60


def seconds_of(text: str) -> float:
    """Return seconds.

    Raises:
        ToolFailed: not a length of time; the message shows how to write one.
    """
    text = text.strip()
    try:
        return duration(f"{text}s" if text.isascii() and text.isdigit() else text).total_seconds()
    except (ValueError, ArithmeticError):
        raise ToolFailed(
            f"{text!r} is not a length of time from a second to a year; "
            f"write `90m`, `1h30m`, `2d` or a whole number of seconds such as 3600"
        ) from None


def minutes_of(text: str) -> int:
    """Return whole minutes, rounded up: a limit is not cut short by its unit."""
    return math.ceil(seconds_of(text) / _SECONDS_A_MINUTE)


def seconds_within(text: str, limits: ToolLimits) -> float:
    """Return the seconds a call may take: what it asks for or the usual, and ToolFailed when that is too long."""
    if not text:
        return limits.timeout_seconds
    seconds = seconds_of(text)
    if seconds > limits.longest_timeout_seconds:
        raise ToolFailed(
            f"A call may take {limits.longest_timeout_seconds:g} s at most; what takes longer is a job (hf_create_job)"
        )
    return seconds
