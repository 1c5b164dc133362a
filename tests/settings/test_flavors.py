"""The price table."""

from __future__ import annotations

from decimal import Decimal

import pytest

from intern_action.core.errors import Misconfigured
from intern_action.settings.flavors import load_flavors, parse_flavors


def test_every_kind_of_hardware_has_a_price_and_its_name():
    table = load_flavors()
    assert {"local-cpu", "cpu-basic", "t4-small", "a100-large", "h200x8"} <= set(table)
    assert all(flavor.name == name and flavor.usd_per_hour > 0 for name, flavor in table.items())
    assert table["local-cpu"].usd_per_hour == Decimal("0.60")
    assert all(flavor.live_at is None for flavor in table.values())


def test_prices_are_exact():
    assert load_flavors()["l40sx8"].usd_per_hour == Decimal("23.50")


def test_the_price_of_this_machine_can_be_set_and_no_others_changes():
    before, after = load_flavors(), load_flavors(local_usd_per_hour=Decimal("1.25"))
    assert after["local-cpu"].usd_per_hour == Decimal("1.25")
    assert {name for name in before if before[name] != after[name]} == {"local-cpu"}


def test_a_price_of_the_table_has_its_day_and_the_one_of_this_machine_is_ours():
    table = load_flavors()
    assert table["t4-small"].listed_on == "2026-11-23"
    assert table["local-cpu"].listed_on == load_flavors(local_usd_per_hour=Decimal(1))["local-cpu"].listed_on == ""


def test_a_day_that_is_none_is_refused():
    with pytest.raises(Misconfigured, match=r"t.yaml:1: `listed_on`: lately is not a day; write it as 2026-11-23"):
        parse_flavors(b"listed_on: lately\n", "t.yaml")


def test_this_machine_may_cost_nothing_when_somebody_says_so():
    assert load_flavors(local_usd_per_hour=Decimal(0))["local-cpu"].usd_per_hour == 0


def test_the_table_cannot_be_changed_by_who_reads_it():
    with pytest.raises(TypeError):
        load_flavors()["local-cpu"] = load_flavors()["t4-small"]  # pyright: ignore[reportIndexIssue]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"a:\n  title: A\n  memory_gb: 1\n", r"t.yaml:2: `a.usd_per_hour`: Field required"),
        (b"a:\n  title: A\n  usd_per_hour: -1\n  memory_gb: 1\n", r"t.yaml:3: `a.usd_per_hour`: -1 is not an amount"),
        (b"a:\n  title: A\n  usd_per_hour: 1\n  memory_gb: 0\n", r"t.yaml:4: `a.memory_gb`"),
        (b"a:\n  title: A\n  usd_per_hour: 1\n  memory_gb: 1\n  prize: 2\n", r"t.yaml:5: `a.prize`"),
        (b"a: 5\n", r"t.yaml:1: `a.title`"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line(text: bytes, said: str):
    with pytest.raises(Misconfigured, match=said):
        parse_flavors(text, "t.yaml")
