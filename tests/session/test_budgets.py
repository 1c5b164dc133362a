"""Budgets of the policy for one kind of expense: what is asked for is held against its own, and the model stops at its own."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from intern_action.core.states import State
from intern_action.core.types import Reply, Usage
from intern_action.session.review import before_review, explain
from tests.fakes.approvals import failing
from tests.fakes.git_world import make_world
from tests.fakes.house import StoryHouse, done, proposal
from tests.fakes.thinking import calls

LEND = calls(("l", "sandbox_create", {"flavor": "local-cpu", "timeout": "1h", "purpose": "to try"}))
ASK = calls(("q", "ask_person", {"question": "go on?"}))


@pytest.fixture
def house(tmp_path: Path) -> Generator[StoryHouse]:
    with StoryHouse(make_world(tmp_path / "world")) as house:
        yield house


def policy(house: StoryHouse, budget: str) -> StoryHouse:
    house.push({".github/intern.yml": f"budget: {budget}\n"}, branch="main")
    return house


def priced(*replies: Reply, usd: str | None = "0.40") -> tuple[Reply, ...]:
    """Give each answer of the model a price, or none that anybody knows."""
    cost = None if usd is None else Decimal(usd)
    return tuple(replace(reply, usage=Usage(cost_usd=cost)) for reply in replies)


def why_not(house: StoryHouse) -> set[str]:
    before = before_review(house.present)
    assert before is not None
    return failing(explain(house.present, before))


def test_a_job_is_held_against_the_budget_of_jobs(house: StoryHouse) -> None:
    policy(house, "{jobs: {month_usd: 0.59}, sandboxes: {month_usd: 9}}").script(*proposal(), done()).ask().approve()
    assert (house.state, house.jobs.orders) == (State.AWAITING_REVIEW, [])
    assert "budget-room" in why_not(house)


def test_a_sandbox_is_held_against_that_of_sandboxes(house: StoryHouse) -> None:
    policy(house, "{jobs: {month_usd: 0}, sandboxes: {session_usd: 0.60}}").script(LEND, ASK, done()).ask().approve()
    assert (house.state, len(house.sandboxes.own())) == (State.AWAITING_INPUT, 1)
    house.close()
    policy(house, "{sandboxes: {month_usd: 0.60}}").script(LEND, done()).ask("another task").approve()
    assert (house.state, len(house.sandboxes.own())) == (State.AWAITING_REVIEW, 1)
    assert why_not(house) == {"budget-room"}


def test_an_endpoint_is_held_against_that_of_endpoints(house: StoryHouse) -> None:
    house.hub.stands["ada/spam"] = "5e" * 20
    wish = {"repository": "ada/spam", "flavor": "intel-spr-x1", "lifetime": "10h", "purpose": "p", "smoke_input": "s"}
    policy(house, "{endpoints: {requester_usd: 5.99}}").script(calls(("d", "deploy_endpoint", wish)), done())
    house.ask().approve()
    assert house.endpoints.orders == []
    assert why_not(house) == {"budget-room"}


def test_what_the_model_costs_is_written_down_once(house: StoryHouse) -> None:
    house.script(*priced(*proposal(), done())).ask()
    session = house.present.began.session
    assert house.ledger.model_usd(session) == Decimal("1.60")
    house.anew().go_on()
    assert house.ledger.model_usd(session) == Decimal("1.60")
    house.approve().end_job()
    assert house.ledger.model_usd(session) == house.present.memory.model_usd == Decimal("2.00")


def test_the_model_is_asked_nothing_more_once_its_budget_is_used_up(house: StoryHouse) -> None:
    policy(house, "{model: {session_usd: 1}}").script(*priced(*proposal(), done())).ask()
    assert (house.state, house.present.memory.exit_code, house.present.memory.replies) == (State.FAILED, 4, 3)
    assert "budget.model" in house.present.memory.why
    assert house.ledger.model_usd(house.present.began.session) == Decimal("1.20")


def test_what_one_session_spent_another_does_not_have(house: StoryHouse) -> None:
    policy(house, "{model: {month_usd: 1.5}}").script(*priced(*proposal()[:3], done())).ask()
    assert (house.state, house.present.memory.replies) == (State.DONE, 4)
    house.close()
    house.script(*priced(done())).ask("another task")
    assert (house.state, house.present.memory.replies) == (State.FAILED, 0)


def test_a_model_without_a_known_price_is_not_taken_for_free(house: StoryHouse) -> None:
    policy(house, "{model: {month_usd: 100}}").script(*priced(*proposal(), usd=None)).ask()
    assert (house.state, house.present.memory.replies) == (State.FAILED, 1)
    assert "no known price" in house.present.memory.why


def test_without_a_budget_of_its_own_it_takes_nothing_from_what_is_approved(house: StoryHouse) -> None:
    policy(house, "{month_usd: 0.60}").script(*priced(*proposal(), done())).ask().approve()
    assert house.state is State.AWAITING_JOB
