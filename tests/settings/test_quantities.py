"""Money and time as people write them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intern_action.settings.quantities import duration, duration_words, minutes, money_usd


@pytest.mark.parametrize(
    ("written", "usd"),
    [
        ("50", "50"),
        ("$50", "50"),
        ("$ 12.50", "12.50"),
        ("12.5 USD", "12.5"),
        ("US$3", "3"),
        ("1,000", "1000"),
        ("$1,234,567.89", "1234567.89"),
        ("0.001", "0.001"),
        ("3 dollars", "3"),
        (7, "7"),
        (Decimal("0.10"), "0.10"),
        (0, "0"),
    ],
)
def test_this_is_money(written: object, usd: str):
    assert money_usd(written) == Decimal(usd)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "free",
        "-1",
        "1,50",
        "1.000,50",
        "1e3",
        "NaN",
        "Infinity",
        "€5",
        "5 EUR",
        True,
        None,
        -1,
        Decimal("NaN"),
        Decimal("-0.01"),
        1.5,
        ["5"],
    ],
)
def test_this_is_not_money(written: object):
    with pytest.raises(ValueError, match="is not an amount of money"):
        money_usd(written)


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
    ],
)
def test_this_is_a_length_of_time(written: object, seconds: int):
    assert duration(written) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "written", ["", " ", "30", 30, None, True, "soon", "1:30", "-5m", "5 fortnights", "5m and more", "m"]
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
