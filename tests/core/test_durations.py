"""Lengths of time as people and models write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intern_action.core.durations import duration, duration_words, minutes


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90),
        ("90 seconds", 90),
        ("30 minutes", 1800),
        ("30m", 1800),
        ("1h30m", 5400),
        ("1 hour, 30 minutes", 5400),
        ("1.5 h", 5400),
        ("3 days", 259200),
        ("2 Weeks", 1209600),
        (timedelta(seconds=5), 5),
        ("2d", 172_800),
        ("1.5h", 5400),
        ("3600", 3600),
        (3600, 3600),
        (" 60 ", 60),
    ],
)
def test_this_is_a_length_of_time(written: object, seconds: int):
    assert duration(written) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "30",
        30,
        "0",
        -3600,
        3600.5,
        "3600.5",
        None,
        True,
        "soon",
        "1:30",
        "-5m",
        "5 fortnights",
        "5m and more",
        "m",
        "٣٦٠٠",
        "9" * 400,
    ],
)
def test_this_is_no_length_of_time_because_a_unit_or_more_is_missing(written: object):
    with pytest.raises(ValueError, match="write a unit"):
        duration(written)


@pytest.mark.parametrize("written", ["0s", "0.5 s", "9999 days"])
def test_a_length_of_time_lies_between_a_second_and_a_year(written: str):
    with pytest.raises(ValueError, match="not between one second and a year"):
        duration(written)


def test_whole_minutes_are_rounded_up():
    assert [minutes(written) for written in ("1s", "60s", "61s", "1h", "90.5s")] == [1, 1, 2, 60, 2]


@given(st.integers(1, 366 * 24 * 3600))
def test_what_is_shown_can_be_read_again(seconds: int):
    length = timedelta(seconds=seconds)
    assert duration(duration_words(length)) == length


@given(st.text(max_size=30) | st.integers() | st.none() | st.floats())
def test_nothing_breaks_the_reader(written: object):
    try:
        length = duration(written)
    except ValueError:
        return
    assert timedelta(seconds=1) <= length <= timedelta(days=366)


@given(st.integers(60, 366 * 24 * 3600))
def test_a_bare_number_is_seconds_whoever_writes_it(seconds: int):
    assert duration(seconds) == duration(str(seconds)) == duration(f"{seconds}s")
