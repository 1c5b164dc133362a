"""The whole way with jobs on a Hub that listens: a task, a plan with its price, an approval, jobs, numbers, and what it cost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from intern_action.core.types import JobStage, Verdict
from intern_action.settings.clock import SystemClock
from intern_action.trace.store import FileJournal
from tests.fakes.hub_jobs import PAYS, STAGES, HubWorkshop
from tests.fakes.hub_story import command, forge_of, hub_story, ledger, plan_of, play
from tests.fakes.mortal import UNAPPROVED
from tests.hub_server.faults import Lost
from tests.hub_server.job_runs import Jobs


@pytest.fixture
def at(tmp_path: Path) -> Iterator[HubWorkshop]:
    with hub_story(tmp_path) as made:
        yield made


def test_an_approved_task_trains_on_the_hub_and_after_too_little_memory_again_with_a_permitted_variation(
    at: HubWorkshop,
) -> None:
    """The answer to the first start is lost, which changes nothing."""
    at.hub.fault("POST", f"/api/jobs/{PAYS}", Lost(), times=1)
    ended = play(at)
    assert ended["state"] == "done"
    assert at.launched() == 2
    view, digest = ledger(at), plan_of(at)
    spent = view.captured(digest)
    assert (view.held(digest), spent) == (Decimal(0), Decimal("0.02"))
    kinds = ended["kinds"]
    assert isinstance(kinds, list)
    assert (kinds.count("planned"), kinds.count("submitted")) == (1, 2)
    assert result_of(at)["metrics"]
    assert left_in_staging(at) == []
    session = next(iter(view.sessions()))
    journal = at.place / "out" / "control" / "journals" / f"{session}.jsonl"
    with FileJournal(journal, clock=SystemClock()):  # as the run has it that waits for the job
        for words in (["logs"], ["logs", session, "--follow"]):
            done = command(at, *words)
            assert (done.returncode, bool(done.stdout.strip())) == (0, True), done.stderr


def test_a_price_that_rose_between_plan_and_approval_starts_nothing_and_is_asked_for_again(at: HubWorkshop) -> None:
    assert play(at, kill_after=UNAPPROVED)["state"] == "awaiting-review"
    first = plan_of(at)
    at.hub.world.part(Jobs).prices.set_price("cpu-basic", Decimal("0.40"))
    assert play(at)["state"] == "awaiting-review"
    assert at.launched() == 0
    dropped, plan = ledger(at).dropped(first), ledger(at).plan(plan_of(at))
    assert dropped is not None
    assert plan is not None
    assert "superseded" in dropped.why
    forge_of(at).review(plan.pull_request, "grace", Verdict.APPROVED)
    assert play(at)["state"] == "done"
    assert at.launched() == 2


def test_a_namespace_that_cannot_pay_is_said_to_people_and_costs_nothing(at: HubWorkshop) -> None:
    at.hub.world.part(Jobs).settings.without_credit.add(PAYS)
    assert play(at)["state"] == "failed"
    assert at.launched() == 0
    message = str(result_of(at)["message"])
    assert "Add credit at" in message
    assert ledger(at).held(plan_of(at)) == 0
    said = forge_of(at).thread(1)
    assert "Add credit at" in "".join(comment.text for comment in said.comments)


def test_the_sweeper_ends_what_no_session_waits_for(at: HubWorkshop) -> None:
    assert play(at, kill_after=UNAPPROVED)["state"] == "awaiting-review"
    home = next((at.place / "out" / "control").glob("home")).read_text()
    stray = at.jobs(home=home).launch(at.order("import time\ntime.sleep(300)\n", key="intern-stray-1"))
    strangers = at.jobs(home="another").launch(at.order("import time\ntime.sleep(300)\n", key="intern-other-1"))
    for words in (f"cancelled {stray.id} (intern-stray-1)", "nothing to sweep"):
        done = command(at, "sweep")
        assert words in done.stdout, done.stderr
    assert at.jobs().status(stray).stage is JobStage.CANCELLED
    assert not at.jobs().status(strangers).stage.final


def result_of(at: HubWorkshop) -> dict[str, object]:
    """Return what machines read of the session."""
    return json.loads(next((at.place / "out" / "sessions").glob("*/result.json")).read_text())


def left_in_staging(at: HubWorkshop) -> list[str]:
    api = HfApi(endpoint=at.hub.url, token=at.account.token)
    return [one.id for one in api.list_datasets(author=STAGES)]
