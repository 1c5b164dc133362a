"""The whole story as GitHub runs it: the shipped workflows under `act`, our images in containers, a Hub on which jobs really run.

A comment becomes a draft pull request with a price; a review rings the doorbell, whose end wakes the intern; timers bring the
results.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Generator
from datetime import datetime
from typing import cast

import pytest

from tests.act.deliveries import Run
from tests.act.driver import Running
from tests.act.world import STEP, World, a_world, small
from tests.fakes.github_team import BOT
from tests.fakes.hub_jobs import PAYS
from tests.fakes.model_server import ModelServer
from tests.fakes.readme import blocks
from tests.fakes.small_trainer import small_trainer
from tests.hub_server.job_runs import Jobs

WARM_SECONDS = 120
"""From the comment to the green smoke test and its pull request, with the images there."""
LAUNCHES_WITHIN_SECONDS = 60
"""From the review, through the doorbell's run and the one that its end begins, to the order at the Hub."""
ENDS_WITHIN_SECONDS = 400


def task() -> str:
    """Return what the README comments."""
    (said,) = (lines for lines in blocks("") if lines[0].startswith("/intern"))
    return "\n".join(said)


@pytest.fixture(scope="module", params=STEP)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    """The first set-up really trains; in the second one, where the halves are what matters, a script does so in a moment."""
    kind = str(request.param)
    with ModelServer(small_trainer) as model:
        thinks = {"INTERN_ACTION_MODEL": "recipes"} if kind == "quickstart" else small(model)
        with a_world(kind, tmp_path_factory.mktemp("story"), thinks) as made:
            yield made


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    """One job, and a model that needs no time."""
    with (
        ModelServer(small_trainer) as model,
        a_world("quickstart", tmp_path_factory.mktemp("quick"), small(model)) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def asked(world: World) -> Run:
    issue = world.team.issue("eve", "The filter lets spam through", "It got worse lately.")
    world.team.github.act("ada", "POST", f"/issues/{issue}/comments", {"body": task()})
    runs = world.runner.take()
    assert len(runs) == {"quickstart": 1, "hardened": 2}[world.kind]  # control wakes the agent in a run of its own
    return runs[-1]


@pytest.fixture(scope="module")
def approved(world: World, asked: Run) -> list[Run]:
    path = f"/pulls/{world.outputs(asked)['pull_request']}/reviews"
    world.team.github.act("grace", "POST", path, {"event": "APPROVE", "body": "Go ahead."})
    return world.runner.take()


@pytest.fixture(scope="module")
def ended(world: World, approved: list[Run]) -> Run:
    run, until = approved[-1], time.monotonic() + ENDS_WITHIN_SECONDS
    while world.outputs(run).get("state") != "done":
        assert time.monotonic() < until, run.ran.log
        run = world.runner.tick()[-1]
    return run


def test_a_comment_becomes_a_draft_pull_request_with_a_price(world: World, asked: Run):
    assert world.outputs(asked)["state"] == "awaiting-review"
    pull = world.team.pull(int(world.outputs(asked)["pull_request"]))
    assert (pull["draft"], pull["user"]["login"]) == (True, BOT)
    assert pull["head"]["sha"] == world.outputs(asked)["head_sha"]
    assert "costs at most" in pull["body"]


def test_the_small_test_was_green_in_the_image_and_soon(asked: Run):
    assert "✓ smoke_test" in asked.ran.log
    assert asked.ran.seconds < WARM_SECONDS


def test_a_review_rings_the_doorbell_and_its_end_starts_the_job(world: World, approved: list[Run]):
    ring, woken, *_ = approved
    assert (ring.event.name, woken.event.name) == ("pull_request_review", "workflow_run")
    assert world.outputs(woken)["state"] in {"awaiting-job", "running", "done"}
    assert world.team.hub.launched() == 1


def test_the_job_is_started_within_a_minute_of_the_approval(world: World, approved: list[Run]):
    pull = world.outputs(approved[-1])["pull_request"]
    (review,) = cast("list[dict[str, str]]", world.team.github.act("ada", "GET", f"/pulls/{pull}/reviews"))
    job = next(world.team.hub.hub.world.part(Jobs).folders.of(PAYS)).record()
    waited = datetime.fromisoformat(str(job["createdAt"])) - datetime.fromisoformat(review["submitted_at"])
    assert waited.total_seconds() <= LAUNCHES_WITHIN_SECONDS


def test_its_end_brings_the_numbers_home(world: World, ended: Run):
    assert json.loads(world.outputs(ended)["metrics"])["accuracy"] > 0.7
    assert "accuracy" in ended.ran.summary
    pull = world.team.pull(int(world.outputs(ended)["pull_request"]))
    assert "## Results" in pull["body"]
    assert not pull["draft"]
    assert world.team.hub.launched() == 1


def test_no_secret_is_in_any_log_or_summary(world: World, ended: Run):
    said = "".join(run.ran.log + run.ran.summary + run.ran.trouble for run in world.runner.runs)
    assert ended in world.runner.runs
    assert [name for name, value in world.secrets.items() if value in said] == []


def test_nothing_that_was_asked_or_answered_breaks_githubs_description(world: World, ended: Run):
    assert ended in world.runner.runs
    assert world.team.github.violations == []


# --- when it does not go straight on ---------------------------------------------------------------------------------------


def review(world: World, pull: str, event: str, body: str) -> list[Run]:
    world.team.github.act("grace", "POST", f"/pulls/{pull}/reviews", {"event": event, "body": body})
    return world.runner.take()


def test_a_request_for_changes_comes_back_as_a_new_plan_and_that_one_runs(quick: World):
    issue = quick.team.issue("eve", "The filter lets spam through")
    quick.team.github.act("ada", "POST", f"/issues/{issue}/comments", {"body": "/intern train the filter"})
    first = quick.outputs(quick.runner.take()[-1])
    second = quick.outputs(review(quick, first["pull_request"], "REQUEST_CHANGES", "With fewer steps.")[-1])
    assert (second["state"], second["pull_request"]) == ("awaiting-review", first["pull_request"])
    assert second["head_sha"] != first["head_sha"]
    assert quick.team.hub.launched() == 0
    run = review(quick, first["pull_request"], "APPROVE", "Now.")[-1]
    while quick.outputs(run).get("state") != "done":
        run = quick.runner.tick()[-1]
    assert quick.team.hub.launched() == 1


def ended_at_work(quick: World, issue: int, how: signal.Signals) -> Run:
    """Comment, and end the run's container by a signal as soon as it is at work."""

    def end(_workflow: str, running: Running) -> None:
        until = time.monotonic() + WARM_SECONDS
        while not any("At work" in body for body in quick.team.comments(issue)):
            assert time.monotonic() < until, running.log()
            time.sleep(0.1)
        running.kill_action(how)

    quick.runner.watch = end
    quick.team.github.act("ada", "POST", f"/issues/{issue}/comments", {"body": "/intern train the filter"})
    (ended,) = quick.runner.take()
    quick.runner.watch = lambda _workflow, _running: None
    return ended


def test_a_runner_that_is_killed_in_the_middle_leaves_a_story_that_goes_on(quick: World):
    issue = quick.team.issue("eve", "It still does")
    assert ended_at_work(quick, issue, signal.SIGKILL).ran.conclusion == "failure"
    woken = quick.runner.tick()[-1]
    assert quick.outputs(woken)["state"] == "awaiting-review", woken.ran.log
    assert sum("Waits for a review" in body for body in quick.team.comments(issue)) == 1


def test_a_runner_that_is_cancelled_in_the_middle_says_so_and_is_taken_up_again(quick: World):
    issue = quick.team.issue("eve", "And again")
    cancelled = ended_at_work(quick, issue, signal.SIGTERM)
    assert cancelled.ran.conclusion == "failure", cancelled.ran.log
    assert any("interrupted by SIGTERM" in body for body in quick.team.comments(issue)), cancelled.ran.log
    quick.team.github.act("ada", "POST", f"/issues/{issue}/comments", {"body": "/intern retry"})
    retried = quick.runner.take()[-1]
    assert quick.outputs(retried)["state"] == "awaiting-review", retried.ran.log
