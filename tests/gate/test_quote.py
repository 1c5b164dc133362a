"""What a plan may cost: exact, rounded up, and never free by accident."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intern_action.core.errors import NotAllowed
from intern_action.core.estimate import Estimate
from intern_action.core.types import Flavor, JobSpec
from intern_action.gate.quote import ceiling_usd, cost_usd, make_quote, still_within
from tests.fakes.approvals import CPU, FLAVORS, GPU, JOB, MADE_AT, a_quote

prices = st.decimals(min_value=0, max_value=100, places=4)


def test_the_ceiling_is_price_times_time_times_attempts():
    assert a_quote().ceiling_usd == Decimal("0.90")
    assert a_quote(replace(JOB, flavor="a100-large", timeout_minutes=120, attempts=2)).ceiling_usd == Decimal("10.00")


def test_part_of_a_cent_is_a_whole_cent():
    assert cost_usd(CPU, 1) == Decimal("0.01")
    assert cost_usd(CPU, Decimal("1.01")) == Decimal("0.02")


def test_every_attempt_is_rounded_up_by_itself_so_that_the_last_one_is_covered():
    third = replace(CPU, usd_per_hour=Decimal("1.00"))
    assert ceiling_usd(third, timeout_minutes=1, attempts=3) == Decimal("0.06") == 3 * cost_usd(third, 1)


@given(prices, st.integers(1, 10_000), st.integers(1, 20))
def test_the_ceiling_is_never_below_the_exact_price_and_at_most_a_cent_an_attempt_above(
    price: Decimal, timeout_minutes: int, attempts: int
):
    flavor = replace(CPU, usd_per_hour=price)
    exact = Fraction(price) * timeout_minutes * attempts / 60
    ceiling = ceiling_usd(flavor, timeout_minutes=timeout_minutes, attempts=attempts)
    assert exact <= Fraction(ceiling) < exact + Fraction(attempts, 100)
    assert ceiling == ceiling.quantize(Decimal("0.01"))


@given(prices, prices, st.integers(1, 500))
def test_dearer_hardware_never_has_a_lower_ceiling(one: Decimal, other: Decimal, timeout_minutes: int):
    low, high = sorted((one, other))
    costs = [
        ceiling_usd(replace(CPU, usd_per_hour=price), timeout_minutes=timeout_minutes, attempts=3)
        for price in (low, high)
    ]
    assert costs == sorted(costs)


def test_a_quote_says_what_it_is_a_quote_of():
    quote = make_quote(JOB, FLAVORS, None, MADE_AT)
    assert (quote.flavor, quote.timeout_minutes, quote.attempts) == (CPU, 30, 3)
    assert quote.quoted_at == MADE_AT
    assert (quote.estimate_usd, quote.estimate_minutes, quote.estimate_memory_gb, quote.sure) == (
        None,
        None,
        None,
        "unknown",
    )


def test_an_estimate_is_priced_for_one_attempt():
    estimate = Estimate(minutes=Decimal("2.5"), memory_gb=Decimal("1.1"), sure="measured")
    quote = make_quote(JOB, FLAVORS, estimate, MADE_AT)
    assert (quote.estimate_usd, quote.estimate_minutes) == (Decimal("0.03"), Decimal("2.5"))
    assert (quote.estimate_memory_gb, quote.sure) == (Decimal("1.1"), "measured")


def test_hardware_without_a_price_is_refused_with_the_near_miss():
    with pytest.raises(NotAllowed, match=r"local-cpus is not in the price table.*did you mean local-cpu\?"):
        make_quote(replace(JOB, flavor="local-cpus"), FLAVORS, None, MADE_AT)


@pytest.mark.parametrize("name", ["a100", "A100-Large", "a100_large", "a100-small"])
def test_hardware_of_the_same_family_is_a_near_miss(name: str):
    with pytest.raises(NotAllowed, match=r"did you mean a100-large\?"):
        make_quote(replace(JOB, flavor=name), FLAVORS, None, MADE_AT)


def test_hardware_like_nothing_known_is_refused_with_what_there_is():
    with pytest.raises(NotAllowed, match="there are: a100-large, local-cpu"):
        make_quote(replace(JOB, flavor="zzz"), FLAVORS, None, MADE_AT)
    with pytest.raises(NotAllowed, match="there are: none"):
        make_quote(JOB, {}, None, MADE_AT)


@pytest.mark.parametrize("spec", [replace(JOB, timeout_minutes=0), replace(JOB, attempts=0), replace(JOB, attempts=-1)])
def test_no_time_or_no_attempts_would_be_free_and_is_refused(spec: JobSpec):
    with pytest.raises(NotAllowed, match="cannot be priced"):
        make_quote(spec, FLAVORS, None, MADE_AT)


def test_one_minute_once_has_a_price():
    assert a_quote(replace(JOB, timeout_minutes=1, attempts=1)).ceiling_usd == Decimal("0.01")


def test_a_price_below_zero_is_refused():
    negative = {"local-cpu": replace(CPU, usd_per_hour=Decimal("-0.01"))}
    with pytest.raises(NotAllowed, match="below zero"):
        make_quote(JOB, negative, None, MADE_AT)


def test_hardware_that_costs_nothing_is_quoted_at_nothing():
    own: dict[str, Flavor] = {"local-cpu": replace(CPU, usd_per_hour=Decimal(0))}
    assert make_quote(JOB, own, None, MADE_AT).ceiling_usd == 0


def test_the_same_price_is_still_within_the_quote():
    assert still_within(a_quote(), replace(a_quote(), quoted_at=MADE_AT + timedelta(hours=1)))


def test_a_lower_price_is_still_within_the_quote():
    cheaper = {"local-cpu": replace(CPU, usd_per_hour=Decimal("0.10"))}
    assert still_within(a_quote(), make_quote(JOB, cheaper, None, MADE_AT))


def test_a_higher_price_by_the_hour_is_not_within_the_quote_even_when_the_ceiling_rounds_to_the_same():
    dearer = replace(a_quote(), flavor=replace(CPU, usd_per_hour=Decimal("0.6001")))
    assert not still_within(a_quote(), dearer)


def test_a_higher_ceiling_is_not_within_the_quote():
    assert not still_within(a_quote(), replace(a_quote(), ceiling_usd=Decimal("0.91")))


def test_other_hardware_is_not_within_the_quote_however_cheap():
    assert not still_within(a_quote(), replace(a_quote(), flavor=replace(GPU, usd_per_hour=Decimal("0.01"))))


@given(prices, st.integers(1, 10_000), st.integers(1, 10), st.data())
def test_no_cost_that_can_be_captured_is_above_the_ceiling(
    price: Decimal, timeout_minutes: int, attempts: int, data: st.DataObject
):
    """Each attempt ends at its time limit at the latest, whatever fraction of a second it took."""
    flavor = replace(CPU, usd_per_hour=price)
    spans = st.lists(st.floats(0, timeout_minutes * 60), min_size=attempts, max_size=attempts)
    paid = [cost_usd(flavor, Fraction(str(seconds)) / 60) for seconds in data.draw(spans)]
    assert sum(paid) <= ceiling_usd(flavor, timeout_minutes=timeout_minutes, attempts=attempts)
