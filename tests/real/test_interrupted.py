"""A runner that asks our action to end: what was done is saved, the thread is told, nothing runs on without an owner."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.github_team import Team, team
from tests.fakes.long_work import ENDING
from tests.fakes.model_server import Ask, ModelServer, Say, Seen
from tests.fakes.small_trainer import small_trainer

ASK = "/intern train the filter"
BEGINS_WITHIN_SECONDS = 90
ENDS_WITHIN_SECONDS = 30
"""GitHub gives a cancelled step ten; a busy machine of the tests gets more."""
MARK = "7331.25"
HANGS = f"touch notes-{{place}}; setsid sleep {MARK} & (trap '' TERM INT; sleep {MARK}) & sleep {MARK}"


@dataclass(slots=True)
class Hanging:
    """A model whose first calls hang, until somebody lets it go on; then it trains as usual."""

    lets_go: bool = False
    turn: int = 0

    def __call__(self, seen: Seen) -> Say:
        if self.lets_go:
            self.turn += 1
            return Say(text="On.", calls=ENDING[self.turn - 1])
        if len(seen.messages) == 2:
            return Say(calls=(Ask(name="write_file", arguments={"path": "notes.md", "content": "kept\n"}),))
        return Say(calls=(Ask(name="bash", arguments={"command": HANGS, "timeout": "30m"}),))


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A team, and the model that hangs."""

    team: Team
    model: Hanging


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[House]:
    hanging = Hanging()
    with ModelServer(hanging) as model, team(tmp_path) as made:
        made.more = {"INPUT_MODEL": "local/tiny", "LOCAL_LLM_BASE_URL": model.base_url}
        yield House(team=made, model=hanging)


def running() -> list[str]:
    """Return the processes that the hanging call has started and that still run."""
    found: list[str] = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            found += [file.parent.name] if f"sleep\0{MARK}".encode() in file.read_bytes() else []
    return found


def until(wanted: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not wanted():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def interrupted(ours: House, payload: Mapping[str, Any], how: signal.Signals) -> tuple[int, str, float]:
    """Begin a run and end it by a signal in the middle of its call; return exit code, log, and how long ending took."""
    number, process = ours.team.start("issue_comment", payload, {})
    with process:
        assert until(lambda: len(running()) >= 3, BEGINS_WITHIN_SECONDS), "the call has not begun"
        began = time.monotonic()
        process.send_signal(how)
        try:
            log, _ = process.communicate(timeout=ENDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    ours.team.github.runs[str(1000 + number)] = "completed"
    return process.returncode, log, time.monotonic() - began


@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_run_that_is_ended_in_the_middle_of_a_call_is_saved_told_and_gone_on_with(
    ours: House, how: signal.Signals, code: int
):
    issue = ours.team.issue("eve", "The filter lets spam through")
    ended, log, _ = interrupted(ours, ours.team.comment("ada", issue, ASK), how)

    assert ended == code, log
    assert until(lambda: running() == [], 5), "children of the call run on"
    told = "\n".join(ours.team.comments(issue))
    assert f"interrupted by {how.name}" in told
    refs = ours.team.git.git("for-each-ref", "--format=%(refname)", "refs/intern")
    assert "refs/intern/sessions/" in refs
    assert ours.team.hub.launched() == 0

    ours.model.lets_go = True
    retried = ours.team.run("issue_comment", ours.team.comment("ada", issue, "/intern retry"))
    assert retried.outputs["state"] == "awaiting-review", retried.log
    head = retried.outputs["head_sha"]
    assert ours.team.git.git("show", f"{head}:notes.md") == "kept"


def test_a_run_that_is_ended_while_a_job_runs_leaves_the_job_its_owner_and_its_money(tmp_path: Path):
    with ModelServer(small_trainer) as model, team(tmp_path) as ours:
        ours.more = {"INPUT_MODEL": "local/tiny", "LOCAL_LLM_BASE_URL": model.base_url}
        issue = ours.issue("eve", "The filter lets spam through")
        asked = ours.run("issue_comment", ours.comment("ada", issue, f"{ASK} on the runner"))
        number, process = ours.start("workflow_run", ours.review("grace", int(asked.outputs["pull_request"])), {})
        with process:
            assert until(lambda: ours.hub.launched() == 1, BEGINS_WITHIN_SECONDS)
            process.send_signal(signal.SIGTERM)
            log, _ = process.communicate(timeout=ENDS_WITHIN_SECONDS)
        ours.github.runs[str(1000 + number)] = "completed"

        assert process.returncode == 143, log
        ours.until("done")
        assert ours.hub.launched() == 1
        assert "0.93" in "\n".join(ours.comments(issue))
