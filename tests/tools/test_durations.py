"""Lengths of time as a model writes them; how they are read is `core.durations`' business."""

from __future__ import annotations

import pytest

from intern_action.core.errors import ToolFailed
from intern_action.core.ports import ToolLimits
from intern_action.tools._durations import minutes_of, seconds_within

LIMITS = ToolLimits(timeout_seconds=5, longest_timeout_seconds=60)


@pytest.mark.parametrize(("text", "minutes"), [("90m", 90), ("1h30m", 90), ("2d", 2880), ("3600", 60), ("61s", 2)])
def test_the_limit_of_a_job_is_whole_minutes_rounded_up(text: str, minutes: int):
    assert minutes_of(text) == minutes


@pytest.mark.parametrize("text", ["", "soon", "-5m", "0", "30", "1h-30m", "9" * 400, "5m; rm -rf /"])
def test_anything_else_is_refused_with_how_to_write_it(text: str):
    with pytest.raises(ToolFailed, match="1h30m"):
        minutes_of(text)


def test_a_command_may_be_given_a_bare_number_of_seconds_however_small():
    assert seconds_within("30", LIMITS) == 30
    with pytest.raises(ToolFailed, match="1h30m"):
        seconds_within("0", LIMITS)


def test_a_call_may_not_take_longer_than_the_limit():
    assert seconds_within("", LIMITS) == 5
    assert seconds_within("1m", LIMITS) == 60
    with pytest.raises(ToolFailed, match="60 s at most"):
        seconds_within("61s", LIMITS)
