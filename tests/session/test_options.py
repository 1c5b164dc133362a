"""Options as stories: what stands beside what was asked for, who chooses, and that the chosen one is what runs and is paid."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from intern_action.core.entries import Limits
from intern_action.core.errors import OutsideError
from intern_action.core.plan import CHEAPEST, FASTEST, RECOMMENDED, Plan, chosen
from intern_action.core.states import State
from intern_action.core.types import JobStage, JsonObject, Quote
from intern_action.session.report import Links, gather
from intern_action.session.review import before_review, explain
from intern_action.settings.flavors import load_flavors
from intern_action.trace.report import PlanReport
from tests.fakes.approvals import failing
from tests.fakes.git_world import make_world
from tests.fakes.house import JOB, StoryHouse, done, proposal
from tests.fakes.thinking import calls

HARDWARE = {name: flavor for name, flavor in load_flavors().items() if not name.startswith("local-")}
WORK: JsonObject = {"parameters": 135_000_000, "method": "lora", "train_tokens": 30_000_000, "batch_size": 8}
ASKED: JsonObject = {
    **JOB,
    "flavor": "l4x1",
    "timeout": "1h",
    "parameters": {"batch-size": "32", "time-limit-minutes": "60"},
    "work": WORK,
}


@pytest.fixture
def house(tmp_path: Path) -> Generator[StoryHouse]:
    with StoryHouse(make_world(tmp_path / "world")) as house:
        house.jobs.more = dict(HARDWARE)
        house.limits = Limits()
        yield house


def proposed(house: StoryHouse, job: JsonObject = ASKED) -> StoryHouse:
    house.script(*proposal(job), done()).ask()
    return house


def plan_of(house: StoryHouse) -> Plan:
    plan = house.ledger.plan(house.digest)
    assert plan is not None
    return plan


def quote_of(house: StoryHouse, name: str) -> Quote:
    quote = chosen(plan_of(house), name).quote
    assert quote is not None
    return quote


def report_of(house: StoryHouse) -> PlanReport:
    told = gather(house.present, Links(), version="1").plan
    assert told is not None
    return told


def test_a_plan_shows_what_was_asked_for_between_the_cheapest_and_the_fastest(house: StoryHouse) -> None:
    proposed(house)
    assert [option.names[0] for option in plan_of(house).options] == [CHEAPEST, RECOMMENDED, FASTEST]
    assert quote_of(house, RECOMMENDED) == plan_of(house).quote
    assert plan_of(house).cap_usd == Decimal("1.60")
    assert (quote_of(house, "").sure, quote_of(house, "").flavor.name) == ("modelled", "l4x1")


def test_an_approval_without_a_word_takes_the_recommended_one(house: StoryHouse) -> None:
    proposed(house).approve()
    order = house.jobs.orders[0]
    assert (order.spec.flavor, order.timeout_minutes) == ("l4x1", 60)
    assert house.ledger.held(house.digest) == Decimal("1.60")


@pytest.mark.parametrize(
    ("body", "name"), [("/intern option fastest", FASTEST), ("LGTM\n\noption: cheapest", CHEAPEST)]
)
def test_the_review_chooses_and_that_is_held_run_and_paid(house: StoryHouse, body: str, name: str) -> None:
    proposed(house)
    quote = quote_of(house, name)
    house.approve(body=body)
    order = house.jobs.orders[0]
    assert (order.spec.flavor, order.timeout_minutes) == (quote.flavor.name, quote.timeout_minutes)
    assert order.spec.parameters["time-limit-minutes"] == str(quote.timeout_minutes)
    assert house.ledger.held(house.digest) == quote.ceiling_usd
    house.end_job(minutes=10)
    assert house.answer()["flavor"] == quote.flavor.name
    assert house.ledger.captured(house.digest) <= quote.ceiling_usd
    assert house.ledger.held(house.digest) == 0
    assert report_of(house).option == name


def test_a_choice_that_is_not_on_the_list_starts_nothing_and_says_what_is(house: StoryHouse) -> None:
    proposed(house).approve(body="option: h200x8")
    assert (house.state, house.jobs.orders) == (State.AWAITING_REVIEW, [])
    before = before_review(house.present)
    assert before is not None
    judgement = explain(house.present, before)
    assert failing(judgement) == {"people-enough", "review-chooses-one"}
    assert "cheapest, fastest, recommended" in str(judgement)


def test_a_price_that_rose_for_the_chosen_option_asks_again_and_another_can_be_chosen(house: StoryHouse) -> None:
    proposed(house)
    name = quote_of(house, FASTEST).flavor.name
    house.jobs.more[name] = replace(HARDWARE[name], usd_per_hour=HARDWARE[name].usd_per_hour + Decimal("0.01"))
    assert house.approve(body="option: fastest").jobs.orders == []
    assert house.approve(body="option: cheapest").state is State.AWAITING_JOB


def test_a_choice_survives_the_death_of_who_carried_it_out(house: StoryHouse) -> None:
    proposed(house)
    house.jobs.faults.append(OutsideError("nobody knows"))
    with pytest.raises(OutsideError):
        house.approve(body="option: fastest")
    house.anew().go_on()
    assert [order.spec.flavor for order in house.jobs.orders] == [quote_of(house, FASTEST).flavor.name]


def test_out_of_memory_goes_on_with_the_chosen_option_as_it_was_first_asked_for(house: StoryHouse) -> None:
    smaller = {**ASKED, "parameters": {"batch-size": "16", "accumulation": "2", "time-limit-minutes": "60"}}
    house.script(*proposal(ASKED), calls(("j2", "hf_create_job", smaller)), done()).ask()
    house.approve(body="option: cheapest")
    house.end_job(stage=JobStage.OUT_OF_MEMORY)
    assert house.state is State.AWAITING_JOB
    quote = quote_of(house, CHEAPEST)
    assert [order.spec.flavor for order in house.jobs.orders] == [quote.flavor.name] * 2
    assert house.jobs.orders[1].timeout_minutes == quote.timeout_minutes


def test_only_what_policy_and_budget_allow_is_listed(house: StoryHouse) -> None:
    house.limits = Limits(month_usd=Decimal("1.60"))
    proposed(house)
    assert {option.quote.flavor.name for option in plan_of(house).options} == {
        "l4x1",
        quote_of(house, CHEAPEST).flavor.name,
    }


def test_hardware_with_too_little_memory_is_refused_before_anybody_looks(house: StoryHouse) -> None:
    house.script(*proposal({**ASKED, "work": {**WORK, "parameters": 70_000_000_000}}), done()).ask()
    assert house.state is State.DONE
    assert "GB (modelled) and l4x1 has 24" in str(house.answer()["words"])


def test_work_that_nobody_described_has_one_option_of_unknown_length(house: StoryHouse) -> None:
    proposed(house, {name: value for name, value in ASKED.items() if name != "work"})
    quote = plan_of(house).quote
    assert quote is not None
    assert (plan_of(house).options, quote.sure, quote.estimate_minutes) == ((), "unknown", None)


def test_the_report_holds_the_quote_against_what_it_took(house: StoryHouse) -> None:
    house.jobs.metrics = {"peak_memory_bytes": {"host": 2_000_000_000, "accelerator": 7_500_000_000}}
    proposed(house).approve()
    assert report_of(house).actual is None
    house.end_job(minutes=12)
    actual = report_of(house).actual
    assert actual is not None
    assert (actual.usd, actual.seconds, actual.attempts, actual.memory_gb) == (Decimal("0.16"), 720, 1, 7.5)
