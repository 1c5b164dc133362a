"""Lengths of time as a model writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intern_action.core.errors import ToolFailed
from intern_action.core.ports import ToolLimits
from intern_action.tools._durations import minutes_of, seconds_of, seconds_within


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90m", 5400),
        ("1h30m", 5400),
        ("2d", 172_800),
        ("3600", 3600),
        ("45s", 45),
        (" 10 minutes ", 600),
        ("1.5h", 5400),
    ],
)
def test_usual_ways_to_write_a_time_are_understood(text: str, seconds: float):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "-5m", "0", "0m", "1h-30m", "90 mm", "1e9h", "٣٠", "9" * 400, "5m; rm -rf /"]
)
def test_anything_else_is_refused_with_how_to_write_it(text: str):
    with pytest.raises(ToolFailed, match="1h30m"):
        seconds_of(text)


@given(days=st.integers(0, 9), hours=st.integers(0, 23), minutes=st.integers(0, 59), seconds=st.integers(0, 59))
def test_a_time_is_the_sum_of_its_parts(days: int, hours: int, minutes: int, seconds: int):
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    text = f"{days}d{hours}h{minutes}m{seconds}s"
    if total:
        assert seconds_of(text) == total
        assert (minutes_of(text) - 1) * 60 < total <= minutes_of(text) * 60


@given(text=st.text(max_size=20))
def test_no_text_breaks_the_reader(text: str):
    try:
        seconds = seconds_of(text)
    except ToolFailed:
        return
    assert 1 <= seconds <= 366 * 24 * 60 * 60


def test_a_call_may_not_take_longer_than_the_limit():
    limits = ToolLimits(timeout_seconds=5, longest_timeout_seconds=60)
    assert seconds_within("", limits) == 5
    assert seconds_within("1m", limits) == 60
    with pytest.raises(ToolFailed, match="60 s at most"):
        seconds_within("61s", limits)
