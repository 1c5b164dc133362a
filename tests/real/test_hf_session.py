"""A session whose jobs run on a Hub that listens; the people, the forge and the model are played."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import httpx
import pytest

from intern_action.core.states import State
from intern_action.core.types import JobRef, JobStage, JsonObject
from intern_action.gate.quote import cost_usd
from tests.fakes.git_world import make_world
from tests.fakes.house import StoryHouse, done
from tests.fakes.hub_jobs import PAYS, HubWorkshop, hub_workshop
from tests.fakes.thinking import calls
from tests.hub_server.faults import Refuse
from tests.hub_server.job_runs import Jobs

DEAF = """
import signal, sys, time
if any(word.startswith("--smoke") for word in sys.argv):
    raise SystemExit
signal.signal(signal.SIGTERM, lambda *_: None)
print("training", flush=True)
while True:
    time.sleep(1)
"""
JOB: JsonObject = {"script": "train.py", "flavor": "cpu-basic", "timeout": "1m", "attempts": 1}


@pytest.fixture
def at(tmp_path: Path) -> Iterator[HubWorkshop]:
    with hub_workshop(tmp_path) as made:
        yield made


@pytest.fixture
def house(at: HubWorkshop, tmp_path: Path) -> Iterator[StoryHouse]:
    with StoryHouse(make_world(tmp_path / "world")) as house:
        house.office = replace(house.office, jobs=at.jobs(minute_seconds=13))
        house.script(
            calls(("w", "write_file", {"path": "train.py", "content": DEAF})),
            calls(("s", "smoke_test", {"script": "train.py", "parameters": {"smoke": "true"}})),
            calls(("p", "open_pull_request", {"title": "Train x on y", "body": "why and how"})),
            calls(("j", "hf_create_job", JOB)),
            done(),
        )
        yield house


def test_a_job_that_runs_longer_than_its_quote_is_stopped_by_its_own_limit_and_paid_by_the_hubs_count(
    at: HubWorkshop, house: StoryHouse
) -> None:
    at.hub.world.part(Jobs).prices.set_price("cpu-basic", Decimal(30))
    house.ask().approve()
    assert house.state is State.AWAITING_JOB
    [row] = house.ledger.jobs(house.digest)
    plan = house.ledger.plan(house.digest)
    assert row.job is not None
    assert plan is not None
    assert plan.quote is not None
    jobs, job = at.jobs(), row.job
    at.until(lambda: jobs.status(job).stage.final)
    told = httpx.get(f"{at.hub.url}/api/jobs/{PAYS}/{job.id}", headers=at.account.headers).json()
    assert told["timeoutSeconds"] == 13
    house.go_on()
    assert house.answer()["state"] == "timed_out"
    by_the_hub = cost_usd(plan.quote.flavor, Fraction(told["durations"]["runningSecs"]) / 60)
    assert (house.ledger.held(house.digest), house.ledger.captured(house.digest)) == (Decimal(0), by_the_hub)
    assert Decimal("0.10") <= by_the_hub <= plan.cap_usd
    assert house.answer()["cost_usd"] == str(by_the_hub)


@pytest.mark.parametrize(
    ("status", "words"), [(402, "Add credit at"), (403, "must be allowed to use Jobs"), (401, "Make a new one at")]
)
def test_a_refused_start_is_told_with_what_to_do_and_its_money_is_free_again(
    at: HubWorkshop, house: StoryHouse, status: int, words: str
) -> None:
    at.hub.fault("POST", f"/api/jobs/{PAYS}", Refuse(status=status))
    house.ask().approve()
    answer = house.present.memory.past("hf_create_job")[-1].result
    assert words in answer.text
    assert answer.data["state"] == "failed"
    assert house.ledger.held(house.digest) == 0
    assert (house.ledger.captured(house.digest), at.launched()) == (Decimal(0), 0)


def trains(at: HubWorkshop, house: StoryHouse) -> JobRef:
    """Approve, and wait until the script itself runs at the Hub and has printed something."""
    at.hub.world.part(Jobs).prices.set_price("cpu-basic", Decimal(30))
    house.ask().approve()
    [row] = house.ledger.jobs(house.digest)
    job = row.job
    assert job is not None
    at.until(lambda: "training" in house.office.jobs.logs(job))
    assert at.jobs().status(job).stage is JobStage.RUNNING
    return job


def paid_by_the_hub(at: HubWorkshop, house: StoryHouse, job: JobRef) -> Decimal:
    """Return what the seconds cost that the Hub counts for a job it says was cancelled."""
    told = httpx.get(f"{at.hub.url}/api/jobs/{PAYS}/{job.id}", headers=at.account.headers).json()
    plan = house.ledger.plan(house.digest)
    assert plan is not None
    assert plan.quote is not None
    assert told["status"]["stage"] == "CANCELED"
    return cost_usd(plan.quote.flavor, Fraction(told["durations"]["runningSecs"]) / 60)


def test_changes_that_are_requested_while_the_script_runs_cancel_it_and_its_seconds_are_paid(
    at: HubWorkshop, house: StoryHouse
) -> None:
    job = trains(at, house)
    house.request_changes("the labels are wrong")
    at.until(lambda: house.go_on().state is not State.AWAITING_JOB)
    assert (house.state, house.answer()["state"]) == (State.DONE, "refused")
    assert "training" in str(house.answer()["log_tail"])
    paid = paid_by_the_hub(at, house, job)
    assert (house.ledger.held(house.digest), house.ledger.captured(house.digest)) == (Decimal(0), paid)
    assert (at.jobs().alive(), at.launched()) == ((), 1)


def test_a_pull_request_that_is_closed_while_the_script_runs_cancels_it_and_nothing_starts_when_it_is_opened_again(
    at: HubWorkshop, house: StoryHouse
) -> None:
    job = trains(at, house)
    house.forge.close_pull_request(house.pull_request)
    at.until(lambda: house.go_on().state is not State.AWAITING_JOB)
    assert house.state is State.STOPPED
    assert "was closed" in house.present.memory.why
    paid = paid_by_the_hub(at, house, job)
    assert (house.ledger.held(house.digest), house.ledger.captured(house.digest)) == (Decimal(0), paid)
    house.forge.reopen(house.pull_request)
    assert house.approve().state is State.STOPPED
    assert (at.jobs().alive(), at.launched()) == ((), 1)
