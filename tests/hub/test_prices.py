"""What hardware costs: live where the Hub answers, what was kept where it does not, and the table at last."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intern_action.core.errors import HubError, NotAllowed
from intern_action.core.types import Flavor, JobSpec
from intern_action.gate.quote import make_quote, still_within
from intern_action.hub.prices import Offer, Prices, hub_offers
from intern_action.settings.flavors import load_flavors
from tests.fakes.models import HandClock
from tests.fakes.price_server import TOKEN, PriceServer, hardware, price_server

TABLE = {name: flavor for name, flavor in load_flavors().items() if not name.startswith("local-")}
JOB = JobSpec(script="train.py", flavor="t4-small", timeout_minutes=60, attempts=1)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def hub() -> Generator[PriceServer]:
    with price_server() as server:
        yield server


class World:
    """One price list of one Hub on this machine, and what was said aloud."""

    def __init__(self, hub: PriceServer, folder: Path, *, token: str = TOKEN) -> None:
        self.said: list[str] = []
        self.clock = HandClock()
        self.kept = folder / "prices.json"
        self.prices = Prices(
            source=hub.endpoint,
            fetch=hub_offers(hub.endpoint, token),
            kept=self.kept,
            table=TABLE,
            clock=self.clock,
            tell=self.said.append,
        )

    def t4(self) -> Flavor:
        return self.prices.flavors()["t4-small"]


@pytest.fixture
def world(hub: PriceServer, tmp_path: Path) -> World:
    return World(hub, tmp_path)


def test_a_live_price_is_exact_and_says_when_it_was_read(world: World):
    assert world.t4().usd_per_hour == Decimal("0.40002")
    assert world.t4().live_at == NOON
    assert world.said == []


def test_sizes_are_the_hubs_and_speed_is_the_tables(hub: PriceServer, world: World):
    hub.rows = [hardware("l4x4", 63333, vram="100 GB", quantity="4")]
    (flavor,) = world.prices.flavors().values()
    assert (flavor.memory_gb, flavor.accelerator_memory_gb, flavor.devices) == (15, 100, 4)
    assert (flavor.accelerator, flavor.tflops) == ("4x L4", TABLE["l4x4"].tflops)


def test_hardware_that_is_new_to_the_table_can_be_had_and_its_speed_is_unknown(hub: PriceServer, world: World):
    hub.rows = [hardware("rtx-pro-6000", 40000, vram="1.5 TB")]
    flavor = world.prices.flavors()["rtx-pro-6000"]
    assert (flavor.usd_per_hour, flavor.accelerator_memory_gb, flavor.tflops) == (Decimal("2.4"), 1500, 0)


def test_every_look_asks_again_so_that_a_raise_is_seen_at_once(hub: PriceServer, world: World):
    before = make_quote(JOB, world.prices.flavors(), None, NOON)
    hub.rows = [hardware("t4-small", 6668, vram="16 GB")]
    assert not still_within(before, make_quote(JOB, world.prices.flavors(), None, NOON))
    assert hub.asked == 2


@pytest.mark.parametrize("status", [401, 403, 429, 500, 502, 503])
def test_a_hub_that_refuses_gets_its_kept_price_with_the_time_it_was_read(hub: PriceServer, world: World, status: int):
    world.t4()
    hub.status = status
    world.clock.wait(3600)
    assert (world.t4().usd_per_hour, world.t4().live_at) == (Decimal("0.40002"), NOON)
    assert str(status) in world.said[0]


def test_a_kept_price_serves_the_next_process_too(hub: PriceServer, world: World, tmp_path: Path):
    world.t4()
    hub.status = 500
    assert World(hub, tmp_path).t4().live_at == NOON


def test_a_kept_price_is_good_for_a_day_and_then_the_table_speaks_with_its_own_day(hub: PriceServer, world: World):
    world.t4()
    hub.status = 500
    world.clock.wait(24 * 3600)
    assert world.t4().live_at == NOON
    world.clock.wait(1)
    assert world.t4().live_at is None
    assert world.t4().listed_on == "2026-11-23"


def test_how_long_a_price_is_kept_can_be_chosen(hub: PriceServer, world: World):
    world.t4()
    hub.status = 500
    world.clock.wait(61)
    assert replace(world.prices, kept_for=timedelta(minutes=1)).flavors()["t4-small"].live_at is None


def test_a_hub_that_nobody_can_reach_is_answered_from_the_table_and_said_aloud(tmp_path: Path):
    with price_server() as gone:
        world = World(gone, tmp_path)
    assert world.t4().live_at is None
    assert "could not be reached" in world.said[0]


def test_a_token_the_hub_does_not_know_is_no_reason_to_stop(hub: PriceServer, tmp_path: Path):
    world = World(hub, tmp_path, token="hf_somebody_elses")
    assert world.t4().live_at is None
    assert "401" in world.said[0]


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[1]", b'[{"name": "t4-small"}]', b"null", b"[]"])
def test_an_answer_that_is_no_price_list_is_not_one(hub: PriceServer, world: World, body: bytes):
    hub.body = body
    assert world.t4().live_at is None
    assert world.said


@pytest.mark.parametrize("cost", [0, -1, None, "6667", 66.5, True])
@pytest.mark.parametrize("unit", ["minute", "month"])
def test_a_price_nobody_can_read_is_not_free_but_not_to_be_had(hub: PriceServer, world: World, cost: object, unit: str):
    hub.rows = [hardware("cpu-basic", 167), hardware("t4-small", 6667 if unit == "month" else cost, unit=unit)]
    assert set(world.prices.flavors()) == {"cpu-basic"}


def test_hardware_the_hub_no_longer_lists_is_refused_with_the_near_miss(world: World):
    with pytest.raises(NotAllowed, match=r"t4-medium .*did you mean t4-small\?"):
        make_quote(replace(JOB, flavor="t4-medium"), world.prices.flavors(), None, NOON)


def test_units_other_than_minutes_are_understood(hub: PriceServer, world: World):
    hub.rows = [hardware("a", 1000, unit="second"), hardware("b", 3_600_000, unit="hour")]
    assert {flavor.usd_per_hour for flavor in world.prices.flavors().values()} == {Decimal("3.6")}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"source": 1}', "\0"])
def test_a_broken_file_is_said_and_passed_over(hub: PriceServer, world: World, text: str):
    world.kept.write_text(text)
    hub.status = 500
    assert world.t4().live_at is None
    assert "prices.json is not read" in world.said[1]


def test_a_list_of_another_hub_or_of_a_time_to_come_is_nobodys(hub: PriceServer, world: World):
    world.t4()
    hub.status = 500
    kept = json.loads(world.kept.read_text())
    for change in ({"source": "https://elsewhere.example"}, {"read_at": "2027-01-01T00:00:00Z"}, {"offers": []}):
        world.kept.write_text(json.dumps(kept | change))
        assert world.t4().live_at is None


def test_a_list_that_cannot_be_kept_is_used_all_the_same(world: World):
    world.kept.mkdir()
    assert world.t4().live_at == NOON
    assert "cannot be kept" in world.said[0]


@given(usd=st.decimals(min_value="0.0001", max_value=100, places=4))
def test_the_tables_price_is_never_below_its_own_live_form_and_hardly_above(usd: Decimal):
    """The Hub bills whole micro-dollars a minute: a quote from the table must stay good when the Hub answers again."""
    known = {"t4-small": replace(TABLE["t4-small"], usd_per_hour=usd)}

    def away() -> list[Offer]:
        raise HubError("away")

    prices = Prices(source="x", fetch=away, kept=Path("/nowhere/prices.json"), table=known, clock=HandClock())
    billed = prices.flavors()["t4-small"].usd_per_hour
    assert usd <= billed < usd + Decimal("0.00006")
