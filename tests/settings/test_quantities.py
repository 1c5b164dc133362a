"""Money as people write it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from intern_action.settings.quantities import money_usd


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
