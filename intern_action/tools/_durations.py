"""Lengths of time in the arguments of a call: read as everywhere, and refused as a call's failure."""

from __future__ import annotations

from intern_action.core import durations
from intern_action.core.errors import ToolFailed
from intern_action.core.ports import ToolLimits

_ONE = 1
"""From where on a bare number is seconds: models write `timeout: 30` for a command, and only waiting hangs on it."""


def minutes_of(text: str) -> int:
    """Return whole minutes of a limit that costs money, rounded up: a limit is not cut short by its unit.

    Raises:
        ToolFailed: not a length of time; the message shows how to write one.
    """
    try:
        return durations.minutes(text)
    except ValueError as error:
        raise ToolFailed(str(error)) from None


def seconds_within(text: str, limits: ToolLimits) -> float:
    """Return the seconds a call may take: what it asks for or the usual, and no more than are left of the run.

    Raises:
        ToolFailed: it asks for too long.
    """
    if not text:
        return in_time(limits.timeout_seconds, limits)
    seconds = seconds_of(text)
    if seconds > limits.longest_timeout_seconds:
        raise ToolFailed(
            f"A call may take {limits.longest_timeout_seconds:g} s at most; what takes longer is a job (hf_create_job)"
        )
    return in_time(seconds, limits)


def in_time(seconds: float, limits: ToolLimits) -> float:
    """Return so many seconds, or what is left of the run."""
    return min(seconds, limits.left_seconds)


def seconds_of(text: str) -> float:
    """Return seconds of a limit that only waiting hangs on; ToolFailed when it is no length of time."""
    try:
        return durations.duration(text, least_bare=_ONE).total_seconds()
    except ValueError as error:
        raise ToolFailed(str(error)) from None
