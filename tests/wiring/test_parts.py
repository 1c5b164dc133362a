"""Small parts of the wiring."""

from __future__ import annotations

from decimal import Decimal

import pytest

from intern_action.core.errors import Misconfigured
from intern_action.core.types import Usage
from intern_action.wiring.parts import price_of


def test_a_price_is_for_a_million_tokens_in_and_out() -> None:
    name, prices = price_of("moonshotai/Kimi-K2.6 0.60 2.50")
    assert name == "moonshotai/Kimi-K2.6"
    assert prices.cost(Usage(input_tokens=1_000_000, output_tokens=2_000_000)) == Decimal("5.60")


@pytest.mark.parametrize("line", ["", "name", "name 1", "name one two", "name -1 2", "name NaN 2", "name 1 2 3"])
def test_what_is_no_price_is_said_with_an_example(line: str) -> None:
    with pytest.raises(Misconfigured, match="models.prices"):
        price_of(line)
