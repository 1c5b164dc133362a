"""The whole way with jobs on a Hub that listens: a task, a plan with its price, an approval, jobs, numbers, and what it cost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from intern_action.core.types import JobStage
from tests.fakes.hub_jobs import PAYS, HubWorkshop
from tests.fakes.hub_story import command, hub_story, ledger, plan_of, play
from tests.hub_server.faults import Lost
from tests.hub_server.job_runs import Jobs


@pytest.fixture
def at(tmp_path: Path) -> Iterator[HubWorkshop]:
    with hub_story(tmp_path) as made:
        yield made


def test_an_approved_task_trains_on_the_hub_and_after_too_little_memory_again_with_a_permitted_variation(
    at: HubWorkshop,
) -> None:
    ended = play(at)
    assert ended["state"] == "done"
    assert at.launched() == 2
    view, digest = ledger(at), plan_of(at)
    spent = view.captured(digest)
    assert (view.held(digest), spent) == (Decimal(0), Decimal("0.02"))
    kinds = ended["kinds"]
    assert isinstance(kinds, list)
    assert (kinds.count("planned"), kinds.count("submitted")) == (1, 2)
    results = list((at.place / "out" / "sessions").glob("*/result.json"))
    assert json.loads(results[0].read_text())["metrics"]


def test_the_same_with_the_answer_lost_ends_the_same(at: HubWorkshop) -> None:
    at.hub.fault("POST", f"/api/jobs/{PAYS}", Lost(), times=1)
    assert play(at)["state"] == "done"
    assert at.launched() == 2


def test_a_session_does_not_wait_longer_than_it_is_told_and_goes_on_when_it_is_woken(at: HubWorkshop) -> None:
    at.hub.world.part(Jobs).settings.queue_seconds = 3
    assert play(at, INTERN_ACTION_WAITING_JOB="1 second")["state"] == "awaiting-job"
    at.hub.world.part(Jobs).settings.queue_seconds = 0
    assert play(at)["state"] == "done"
    assert at.launched() == 2


def test_a_price_that_rose_between_plan_and_approval_starts_nothing(at: HubWorkshop) -> None:
    assert play(at, kill_after="planned") == {}
    at.hub.world.part(Jobs).prices.set_price("cpu-basic", Decimal("0.40"))
    ended = play(at)
    assert ended["state"] == "awaiting-review"
    assert at.launched() == 0


def test_the_sweeper_ends_what_no_session_waits_for(at: HubWorkshop) -> None:
    assert play(at)["state"] == "done"
    home = next((at.place / "out" / "control").glob("home")).read_text()
    stray = at.jobs(home=home).launch(at.order("import time\ntime.sleep(300)\n", key="intern-stray-1"))
    strangers = at.jobs(home="another").launch(at.order("import time\ntime.sleep(300)\n", key="intern-other-1"))
    for words in (f"cancelled {stray.id} (intern-stray-1)", "nothing to sweep"):
        done = command(at, "sweep")
        assert words in done.stdout, done.stderr
    assert at.jobs().status(stray).stage is JobStage.CANCELLED
    assert not at.jobs().status(strangers).stage.final
