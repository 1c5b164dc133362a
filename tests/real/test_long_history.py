"""The whole story in a repository with a long history: each runner fetches the files of a few commits, and judges as ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from intern_action.git.run import Git
from tests.fakes.github_team import Team, team
from tests.fakes.long_history import COMMITS, FILES, age, go_on
from tests.fakes.model_server import ModelServer
from tests.fakes.small_trainer import small_trainer

NEAR = 100
"""So many commits of the default branch may be on a runner, where one of them would do."""


def repositories(ours: Team, number: int) -> list[Git]:
    """Return the git directories that a run has left on its machine."""
    return [Git(git_dir=str(one.parent)) for one in (ours.place / f"machine-{number}").rglob("HEAD")]


def of_the_past(git: Git) -> int:
    """Return how many commits of the default branch's past a git directory has."""
    listed = git.run("cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)").text.splitlines()
    commits = [line.split()[1] for line in listed if line.startswith("commit ")]
    if not commits:
        return 0
    told = git.run("log", "--no-walk", "--format=%cn", "--stdin", stdin="\n".join(commits).encode()).text.split("\n")
    return told.count("A")


@pytest.mark.timeout(600)
def test_comment_review_and_results_on_runners_that_never_see_the_past(tmp_path: Path) -> None:
    with ModelServer(small_trainer) as model, team(tmp_path) as ours:
        ours.more = {"INPUT_MODEL": "local/tiny", "LOCAL_LLM_BASE_URL": model.base_url}
        bare = Git(git_dir=ours.git.bare.path)
        age(bare)
        issue = ours.issue("eve", "The filter lets spam through", "It got worse lately.")
        first = ours.run("issue_comment", ours.comment("ada", issue, "/intern train the filter"))
        assert first.outputs["state"] == "awaiting-review", first.log
        go_on(bare, 1)
        pull = int(first.outputs["pull_request"])
        last = ours.run("workflow_run", ours.review("grace", pull))
        last = last if last.outputs["state"] == "done" else ours.until("done")
        assert json.loads(last.outputs["metrics"]) == {"accuracy": 0.93}
        machines = range(1, next(ours.runs))
        places = [git for number in machines for git in repositories(ours, number)]
        assert len(places) > len(machines)
        assert max(of_the_past(git) for git in places) < NEAR
        assert int(bare.run("rev-list", "--count", first.outputs["head_sha"]).text) > COMMITS
        most = max(len(git.run("cat-file", "--batch-all-objects", "--batch-check").text.splitlines()) for git in places)
        assert most < 3 * FILES
