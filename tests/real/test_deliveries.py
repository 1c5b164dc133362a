"""What happens on GitHub begins the runs that GitHub would begin: reviews by a doorbell, dispatches, timers, and no loops."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

import pytest

from tests.act.deliveries import Deliveries, granted
from tests.act.driver import Act
from tests.fakes.git_world import ADA, make_world
from tests.github_server import GitHubServer
from tests.image.engine import docker_engine
from tests.image.images import built

ASK = (
    "import json, os, sys, urllib.request as r\n"
    "where, body = os.environ['GITHUB_API_URL'] + '/repos/' + os.environ['GITHUB_REPOSITORY'] + sys.argv[1], sys.argv[2]\n"
    "head = {'authorization': 'Bearer ' + os.environ['TOKEN'], 'content-type': 'application/json'}\n"
    "print(r.urlopen(r.Request(where, body.encode(), head, method='POST')).status)\n"
)
CONTROL = f"""\
name: control
on:
  issue_comment:
    types: [created]
  workflow_run:
    workflows: [doorbell]
    types: [completed]
  schedule:
    - cron: "17 * * * *"
permissions: {{}}
jobs:
  control:
    if: github.event_name != 'issue_comment' || startsWith(github.event.comment.body, '/intern')
    runs-on: ubuntu-24.04
    permissions:
      actions: write
      contents: write
      issues: write
    steps:
      - id: heard
        env:
          TOKEN: ${{{{ github.token }}}}
          EVENT: ${{{{ toJSON(github.event) }}}}
          ASK: {json.dumps(ASK)}
        run: |
          {{ echo "event<<END"; echo "$EVENT"; echo END; }} >> "$GITHUB_OUTPUT"
          echo "ref=$GITHUB_REF" >> "$GITHUB_OUTPUT"
          if [ "$GITHUB_EVENT_NAME" = issue_comment ]; then
            python3 -c "$ASK" /issues/1/comments '{{"body": "/intern I say this myself"}}'
            python3 -c "$ASK" /actions/workflows/agent.yml/dispatches '{{"ref": "main", "inputs": {{"session": "s1"}}}}'
            python3 -c "$ASK" /dispatches '{{"event_type": "intern-done", "client_payload": {{"session": "s1"}}}}'
          fi
"""
AGENT = """\
name: agent
on:
  workflow_dispatch:
    inputs:
      session:
        type: string
  repository_dispatch:
    types: [intern-done]
permissions: {}
jobs:
  agent:
    runs-on: ubuntu-24.04
    steps:
      - run: echo "agent of ${{ inputs.session || github.event.client_payload.session }}, for $GITHUB_ACTOR"
"""
DOORBELL = """\
name: doorbell
on:
  pull_request_review:
    types: [submitted, dismissed]
permissions: {}
jobs:
  ring:
    runs-on: ubuntu-24.04
    steps:
      - run: echo "ring ${{ github.event.review.state }} $GITHUB_REF"
"""
FILES = {
    f".github/workflows/{name}.yml": text
    for name, text in {"control": CONTROL, "agent": AGENT, "doorbell": DOORBELL}.items()
}


class World:
    """A repository with three workflows, the GitHub it is on, and a runner."""

    def __init__(self, github: GitHubServer, runner: Deliveries, statuses: list[tuple[str, str]]) -> None:
        self.github, self.runner, self.statuses = github, runner, statuses

    def do(self, by: str, method: str, path: str, **body: object) -> dict[str, Any]:
        return cast("dict[str, Any]", self.github.act(by, method, path, body))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    folder = tmp_path_factory.mktemp("world")
    git, statuses = make_world(folder / "git"), list[tuple[str, str]]()
    git.push("main", FILES, by=ADA, at=git.clock.now())
    bare, roles = Path(git.bare.path), {"ada": "write", "grace": "maintain"}
    with docker_engine() as docker, GitHubServer(folder / "github", bare, roles=roles) as github:
        git.push("feature", {"train.py": "print('x')\n"}, by=ADA, at=git.clock.now())
        act = Act(
            docker=docker,
            image=built(docker, "intern"),
            folder=folder,
            repository=github.name,
            api_url=github.api_url,
            server_url=github.server_url,
        )
        with Deliveries(github, act, bare, folder, told=lambda run, status: statuses.append((run, status))) as runner:
            yield World(github, runner, statuses)


def test_a_comment_begins_a_run_and_what_that_does_begins_only_what_it_dispatches(world: World):
    world.do("ada", "POST", "/issues", title="Spam", body="It gets through.")
    world.do("ada", "POST", "/issues/1/comments", body="/intern fine-tune")
    runs = world.runner.take()
    told = [(run.workflow.rpartition("/")[2], run.event.name, run.event.sender) for run in runs]
    bot = "github-actions[bot]"
    assert told == [
        ("control.yml", "issue_comment", "ada"),
        ("agent.yml", "workflow_dispatch", bot),
        ("agent.yml", "repository_dispatch", bot),
    ], [run.ran.trouble + run.ran.log for run in runs]
    assert [run.ran.code for run in runs] == [0, 0, 0], [run.ran.trouble + run.ran.log for run in runs]
    assert [run.ran.log for run in runs[1:]] == [f"agent of s1, for {bot}\n"] * 2
    comments = cast("list[dict[str, Any]]", world.github.act("ada", "GET", "/issues/1/comments"))
    assert [one["user"]["login"] for one in comments] == ["ada", bot]
    assert world.statuses[:2] == [("1001", "in_progress"), ("1001", "completed")]


def test_a_comment_that_is_not_for_us_is_a_run_without_jobs(world: World):
    world.do("ada", "POST", "/issues/1/comments", body="nice weather")
    assert [run.ran.conclusion for run in world.runner.take()] == ["skipped"]


def test_a_review_rings_the_doorbell_and_its_end_wakes_control_on_the_default_branch(world: World):
    pull = world.do("ada", "POST", "/pulls", title="Train", head="feature", base="main")
    world.do("grace", "POST", f"/pulls/{pull['number']}/reviews", event="APPROVE", body="fine")
    ring, woken = world.runner.take()
    assert (ring.workflow, woken.workflow) == (".github/workflows/doorbell.yml", ".github/workflows/control.yml")
    assert ring.ran.log == f"ring approved refs/pull/{pull['number']}/merge\n", ring.ran.trouble
    heard = woken.ran.outputs["control.heard"]
    run = json.loads(heard["event"])["workflow_run"]
    assert heard["ref"] == "refs/heads/main"
    assert (run["name"], run["conclusion"], run["event"]) == ("doorbell", "success", "pull_request_review")
    assert [one["number"] for one in run["pull_requests"]] == [pull["number"]]


def test_a_timer_fires_when_it_is_told_to(world: World):
    (run,) = world.runner.tick("17 * * * *")
    assert json.loads(run.ran.outputs["control.heard"]["event"])["schedule"] == "17 * * * *"


def test_a_run_may_do_what_its_workflow_says_and_nothing_else():
    assert granted(CONTROL) == {"actions": "write", "contents": "write", "issues": "write"}
    assert granted(DOORBELL) == {}


def test_nothing_of_all_this_breaks_githubs_description(world: World):
    assert world.github.violations == []


def test_a_dispatch_of_a_workflow_that_has_no_such_trigger_is_refused(world: World):
    # Last, because GitHub's description of this route names no refusal at all.
    with pytest.raises(ValueError, match="does not have 'workflow_dispatch' trigger"):
        world.do("ada", "POST", "/actions/workflows/doorbell.yml/dispatches", ref="main")
    with pytest.raises(ValueError, match="404"):
        world.do("ada", "POST", "/actions/workflows/none.yml/dispatches", ref="main")
