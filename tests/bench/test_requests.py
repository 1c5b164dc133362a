"""How requests are counted, and when there are too many."""

from __future__ import annotations

from bench.requests import LAUNCH, LOOK, above, request_table, up_to_the_job
from tests.fakes.hub_jobs import PAYS

START = f"POST /api/jobs/{PAYS}"


def test_what_lies_between_the_last_price_before_a_start_and_the_start_is_counted() -> None:
    price = "GET /api/jobs/hardware"
    asked = [price, "GET /elsewhere", price, f"GET /api/jobs/{PAYS}", "POST /api/repos/create", START, price, START]
    assert up_to_the_job(asked) == 2


def test_more_than_the_aim_is_named() -> None:
    assert above({LAUNCH: 4, LOOK: 9}) == {}
    assert above({LAUNCH: 5, LOOK: 9}) == {LAUNCH: 5}


def test_the_table_has_each_figure_beside_its_aim() -> None:
    assert f"| {LOOK} | 3 | 9 |" in request_table({LOOK: 3})
