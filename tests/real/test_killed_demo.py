"""The demo's walk, killed with SIGKILL after each of its events: the same command again ends it, and nothing happened twice.

The walk is the demo's (the planner, the tools, the gate, jobs of this machine, an upload), with a recipe that learns nothing.
"""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from intern_action.git.branch import GitBranch
from intern_action.ledger.ledger import GitLedger
from intern_action.settings.clock import SystemClock
from tests.fakes.git_world import make_repository
from tests.fakes.starts import ran
from tests.fakes.tiny import tiny_data, tiny_model

ROOT = Path(__file__).parents[2]
AT_ONCE = 2
EFFECTS = {"planned", "allowed", "refused", "submitted", "published"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished process: its exit status and what it printed."""

    status: int
    said: str

    @property
    def state(self) -> str:
        return str(json.loads(self.said)["state"])

    @property
    def seen(self) -> int:
        return int(json.loads(self.said)["seen"])

    @property
    def effects(self) -> list[str]:
        """What reached the world, in order. A call in which we died is asked for again: that is one turn more."""
        return [kind for kind in json.loads(self.said)["kinds"] if kind in EFFECTS]


def world(folder: Path) -> Path:
    """A repository with data, and a local hub with a model."""
    tiny_data(folder / "data")
    files = {f"data/{file.name}": file.read_text() for file in (folder / "data").iterdir()}
    make_repository(folder / "repo", {"README.md": "# words\n", **files})
    tiny_model(folder / "out" / "hub" / "models" / "tiny" / "model")
    return folder


def play(folder: Path, kill_after: int) -> Run:
    """Begin, or go on, in a process of its own."""
    done = ran(
        *("-m", "tests.fakes.mortal", str(folder / "out"), str(folder / "repo"), str(kill_after)),
        cwd=ROOT,
        env={"PATH": os.defpath, "HOME": str(folder / "home"), "INTERN_ACTION_WORK": str(folder / "work")},
        timeout=200,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr[-3000:]
    return Run(status=done.returncode, said=done.stdout)


def flaws(folder: Path, boundary: int, whole: Run) -> list[str]:
    """Kill after one event, go on, and return what is not as it must be."""
    killed = play(world(folder), boundary)
    if killed.status != -signal.SIGKILL:
        return [f"{boundary}: was not killed"]
    again = play(folder, 0)
    jobs = sorted(entry.name for entry in (folder / "work").glob("*/jobs/intern-*"))
    pulls = sorted((folder / "out" / "forge" / "pulls").glob("*.md"))
    branch = GitBranch.at(str(folder / "ledger"), str(folder / "out" / "remote.git"), "intern/ledger")
    view = GitLedger(branch, clock=SystemClock(), origin="local").read()
    made = view.newest_plan(next(iter(view.sessions())))
    assert made is not None
    uploads = list((folder / "out" / "hub" / "models" / "ada" / "tiny" / "snapshots").iterdir())
    found = {
        "ends done": again.state == "done",
        "reaches the world as often": again.effects == whole.effects,
        "launches each attempt once": len(jobs) == 2,
        "opens one pull request": len(pulls) == 1,
        "uploads once": len(uploads) == 1,
        "holds no money": view.held(made.digest) == Decimal(0),
        "pays each job once": view.captured(made.digest) == Decimal("0.02"),
        "is one session": len(view.sessions()) == 1,
    }
    return [f"{boundary}: not {name} ({again.effects})" for name, good in found.items() if not good]


@pytest.mark.timeout(900)
def test_the_walk_killed_at_every_event_ends_the_same_and_does_nothing_twice(tmp_path: Path) -> None:
    whole = play(world(tmp_path / "whole"), 0)
    assert whole.state == "done"
    assert whole.seen > 50
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(lambda n: flaws(tmp_path / f"at-{n}", n, whole), range(1, whole.seen + 1))
        assert [flaw for one in found for flaw in one] == []
