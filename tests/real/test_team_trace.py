"""The trace of a whole story on GitHub (plan, review, job, results): checked, gone through again, forked, compared."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from intern_action.git.run import Git
from tests.fakes.github_team import team
from tests.fakes.model_server import Ask, ModelServer, Say
from tests.fakes.small_trainer import JOB, small_trainer
from tests.fakes.starts import ran

ASK = "/intern train the filter"
ANSWERS = 4
"""The script, its smoke test, the pull request with its job, how it went."""
UNTIL = 2
OTHERWISE = Say(
    text="Cheaper, and here.",
    calls=(
        Ask(name="open_pull_request", arguments={"title": "Train the filter here", "body": "Why and how."}),
        Ask(name="hf_create_job", arguments={**JOB, "flavor": "local-cpu"}),
    ),
)
"""What another model does after the smoke test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A story that was told to its end, and a clone of the repository in which its trace is looked at."""

    trace: Path
    journal: Path
    clone: Path
    url: str

    def intern(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run a command of ours in the clone."""
        return ran(
            *("-m", "intern_action", *argv),
            env={
                "PATH": os.environ["PATH"],  # noqa: TID251 - a child gets what it is handed
                "HOME": str(self.clone.parent / "home"),
                "USER": "ada",
                "LOCAL_LLM_BASE_URL": self.url,
                "INTERN_ACTION_TRACES_UPLOAD": "false",
            },
            cwd=self.clone,
            timeout=200,
        )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    place = tmp_path_factory.mktemp("story")
    with ModelServer(small_trainer) as model, team(place) as ours:
        ours.more = {"INPUT_MODEL": "local/tiny", "LOCAL_LLM_BASE_URL": model.base_url}
        issue = ours.issue("eve", "The filter lets spam through")
        asked = ours.run("issue_comment", ours.comment("ada", issue, ASK))
        ran = ours.run("workflow_run", ours.review("grace", int(asked.outputs["pull_request"])))
        if ran.outputs["state"] != "done":
            ours.until("done")
        session = asked.outputs["session"]
        desk = place / "desk"
        (desk / "home").mkdir(parents=True)
        Git().run("clone", "--quiet", ours.git.bare.path, str(desk / "repo"))
        found = {"trace": ours.git.git("show", f"intern/traces:{session}/trace.jsonl")}
        tree = ours.git.git("ls-tree", "-r", "--name-only", f"refs/intern/sessions/{session}").split()
        (name,) = (one for one in tree if one.endswith(".jsonl"))
        found["journal"] = ours.git.git("show", f"refs/intern/sessions/{session}:{name}")
        for kind, content in found.items():
            (desk / f"{kind}.jsonl").write_text(f"{content}\n")
        yield Told(trace=desk / "trace.jsonl", journal=desk / "journal.jsonl", clone=desk / "repo", url=model.root)


@pytest.mark.parametrize("kind", ["trace", "journal"])
def test_it_is_sound_and_goes_the_same_way_again(told: Told, kind: str):
    file = str(getattr(told, kind))
    checked, replayed = told.intern("trace", "check", file), told.intern("trace", "replay", file)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "nothing looks like a secret" in checked.stdout
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert f"{ANSWERS} answers gone through" in replayed.stdout
    assert "the same as recorded" in replayed.stdout


def test_a_story_is_the_same_as_itself(told: Told):
    done = told.intern("trace", "diff", str(told.trace), str(told.trace))
    assert (done.returncode, "the same, line by line" in done.stdout) == (0, True), done.stdout


def test_a_fork_goes_on_from_the_second_answer_and_its_diff_begins_where_another_world_answers(told: Told):
    out = told.clone.parent / "out"
    argv = ("--until", str(UNTIL), "--fork", "--model", "local/other", "--out", str(out))
    with ModelServer([OTHERWISE]) as other:
        forked = replace(told, url=other.root).intern("trace", "replay", str(told.trace), *argv)
        asked = other.seen
    assert forked.returncode == 0, forked.stderr
    assert len(asked) == 1, "the first two answers come from the recording"
    assert "exit code 0" in str(asked[0].messages[-1]["content"]), "and their smoke test has run here"
    (fork,) = out.glob("**/trace.jsonl")
    assert "awaiting-review" in fork.with_name("result.json").read_text()

    compared = told.intern("trace", "diff", str(told.trace), str(fork))
    assert compared.returncode == 1, compared.stderr
    changed = [line for line in compared.stdout.splitlines() if line.startswith(("+", "-"))]
    assert any(line.startswith("+") and "Cheaper, and here." in line for line in changed)
    assert any(line.startswith("-") and "Trained: accuracy 0.93." in line for line in changed)
    assert not any("version 1" in line for line in changed), "what the script says is the same"
