"""The story on GitHub, each event on a machine of its own: a comment, a price, a review, training on the Hub, results."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.fakes.github_team import BOT, Ran, Team, furnish, team

TASK = (
    "/intern fine-tune ada/minilm on ada/mails with max_steps=40 flavor cpu-basic timeout 10m push to ada/spam-or-ham"
)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    with team(tmp_path_factory.mktemp("team")) as made:
        furnish(made.hub)
        yield made


@pytest.fixture(scope="module")
def issue(ours: Team) -> int:
    return ours.issue("eve", "The filter lets spam through", "It got worse lately.")


@pytest.fixture(scope="module")
def asked(ours: Team, issue: int) -> Ran:
    return ours.run("issue_comment", ours.comment("ada", issue, TASK))


@pytest.fixture(scope="module")
def approved(ours: Team, asked: Ran) -> Ran:
    return ours.run("workflow_run", ours.review("grace", int(asked.outputs["pull_request"])))


@pytest.fixture(scope="module")
def ended(ours: Team, approved: Ran) -> Ran:
    assert approved.outputs["state"] in {"awaiting-job", "done"}
    return approved if approved.outputs["state"] == "done" else ours.until("done")


def test_a_comment_becomes_a_draft_pull_request_with_a_price(ours: Team, issue: int, asked: Ran):
    assert asked.outputs["state"] == "awaiting-review"
    pull = ours.pull(int(asked.outputs["pull_request"]))
    assert pull["draft"]
    assert pull["user"]["login"] == BOT
    assert pull["head"]["ref"].startswith(f"intern/{issue}-")
    assert "costs at most" in pull["body"]
    assert any("Waits for a review" in body for body in ours.comments(issue))


def test_an_approval_starts_the_job_and_its_end_brings_the_numbers(ours: Team, issue: int, asked: Ran, ended: Ran):
    assert ours.hub.launched() == 1
    assert json.loads(ended.outputs["metrics"])["accuracy"] > 0.7
    pull = ours.pull(int(asked.outputs["pull_request"]))
    assert "## Results" in pull["body"]
    assert not pull["draft"]


def test_nothing_that_was_asked_or_answered_breaks_githubs_description(ours: Team, ended: Ran):
    assert ours.github.violations == []
