"""What there is to tell of a session."""

from __future__ import annotations

from collections.abc import Generator
from decimal import Decimal
from pathlib import Path

import pytest

from intern_action.core.states import State
from intern_action.session.report import Links, gather
from intern_action.trace.report import ReportData
from tests.fakes.git_world import make_world
from tests.fakes.house import StoryHouse, done, proposal


@pytest.fixture
def house(tmp_path: Path) -> Generator[StoryHouse]:
    with StoryHouse(make_world(tmp_path / "world")) as house:
        yield house


def measured(accuracy: float) -> dict[str, object]:
    """What a recipe writes, cut down to what is needed."""
    interval = {"low": accuracy - 0.01, "high": accuracy + 0.01}
    return {
        "schema_version": 1,
        "recipe": "tiny",
        "task": "train",
        "metrics": {"accuracy": accuracy},
        "intervals": {"accuracy": interval},
        "data": {"id": "mails", "held_out_digest": "d"},
    }


def trained(house: StoryHouse, accuracy: float) -> ReportData:
    """A whole session that ends with this accuracy."""
    house.jobs.metrics = measured(accuracy)
    house.script(*proposal(), done("that was it")).ask(f"train to {accuracy}").approve().end_job()
    assert house.state is State.DONE
    return gather(house.present, Links(trace_html="t.html"), version="1")


def test_a_plan_that_waits_says_what_it_costs_and_who_may_approve(house: StoryHouse) -> None:
    house.script(*proposal(), done()).ask()
    told = gather(house.present, Links(), version="1")
    assert told.plan is not None
    assert (told.plan.state, told.plan.plan.cap_usd, told.plan.missing) == ("waiting", Decimal("0.60"), ())
    assert told.smoke is not None
    assert told.smoke.exit_code == 0


def test_what_stands_in_the_way_of_an_approval_is_said(house: StoryHouse) -> None:
    house.script(*proposal(), done()).ask().push({"more.py": "1"})
    told = gather(house.present, Links(), version="1")
    assert told.plan is not None
    assert told.plan.missing


def test_the_first_model_stands_for_itself(house: StoryHouse) -> None:
    told = trained(house, 0.90)
    assert told.metrics == {"accuracy": 0.90}
    assert told.baseline == ""
    assert [(job.state, job.cost_usd) for job in told.jobs] == [("completed", Decimal("0.06"))]
    assert told.closing == "that was it"


def test_a_later_model_is_compared_with_the_last_one(house: StoryHouse) -> None:
    first = trained(house, 0.90)
    told = trained(house, 0.95)
    assert told.baseline == f"the model of session {first.session}"
    assert "better" in told.metrics_table
    assert told.regressed == ()


def test_a_worse_model_is_called_worse(house: StoryHouse) -> None:
    trained(house, 0.95)
    assert trained(house, 0.80).regressed == ("accuracy",)


def test_numbers_on_other_data_are_no_baseline(house: StoryHouse) -> None:
    trained(house, 0.95)
    house.jobs.metrics = {**measured(0.80), "data": {"id": "reviews"}}
    house.script(*proposal(), done()).ask("train on reviews").approve().end_job()
    assert gather(house.present, Links(), version="1").baseline == ""


def test_a_refused_plan_says_whose_words_sent_it_back(house: StoryHouse) -> None:
    house.script(*proposal(), done()).ask().request_changes("use other data")
    told = gather(house.present, Links(), version="1")
    assert told.plan is not None
    assert (told.plan.state, told.plan.by, told.plan.words) == ("refused", ("grace",), "use other data")
