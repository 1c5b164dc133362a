"""The ledger on a real branch: many processes at once, history rewritten, a page for people."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from intern_action.core.digests import launch_key, plan_digest
from intern_action.core.entries import MoneyCaptured, SessionMoved
from intern_action.core.errors import LedgerError
from intern_action.core.states import JobState, State
from intern_action.git.branch import GitBranch
from intern_action.git.run import Git
from intern_action.ledger.ledger import GitLedger
from tests.fakes.git_world import ADA, NOON, GitWorld, copy_world, make_world
from tests.fakes.memory_branch import MONTH, admitted, approved, make_plan, moved, running

TEMPLATE = Path("configs/texts/ledger.md").read_text()
PLAN = make_plan()


def ledger(world: GitWorld, name: str = "mirror", readme: str = TEMPLATE) -> GitLedger:
    branch = GitBranch.at(str(world.folder / f"{name}.git"), world.url, "intern/ledger")
    return GitLedger(branch, clock=world.clock, readme=readme)


@pytest.fixture(scope="module")
def first_world(tmp_path_factory: pytest.TempPathFactory) -> GitWorld:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(params=[False, True], ids=["near", "far"])
def world(first_world: GitWorld, tmp_path: Path, request: pytest.FixtureRequest) -> GitWorld:
    return replace(copy_world(first_world, tmp_path), far=request.param)


@pytest.mark.parametrize("mirrors", [1, 8])
def test_eight_processes_never_hold_more_than_the_budget_and_never_claim_twice(world: GitWorld, mirrors: int) -> None:
    commands = [
        [
            sys.executable,
            "-m",
            "tests.fakes.ledger_hand",
            str(world.folder / f"mirror-{number % mirrors}.git"),
            world.url,
            f"s{number}",
            "2",
            "50",
        ]
        for number in range(8)
    ]
    hands = [subprocess.Popen(command, stderr=subprocess.PIPE) for command in commands]
    words = [hand.communicate(timeout=100)[1] for hand in hands]
    assert [hand.returncode for hand in hands] == [0] * 8, b"\n".join(words).decode()
    world.clock.wait(timedelta(days=30_000).total_seconds())
    tables = ledger(world, "judge").read().tables
    held = sum((hold.usd for hold in tables.holds.values()), Decimal(0))
    assert held == 49
    assert len(tables.claims) == 9
    lines = world.git("cat-file", "blob", "intern/ledger:entries.jsonl").splitlines()
    assert len(lines) == 9 + 3 * 7


def test_reading_again_asks_the_remote_and_reads_nothing_anew(world: GitWorld) -> None:
    here = ledger(world)
    here.decide(lambda _view: approved(PLAN))
    assert here.read() is here.read()
    ledger(world, "other").decide(lambda _view: (admitted("s2"),))
    assert here.read().admission("s2") is not None


def test_the_page_for_people_shows_spend_and_sessions_and_only_words(world: GitWorld) -> None:
    here = ledger(world)
    here.decide(lambda _view: approved(PLAN))
    here.decide(lambda _view: (*running(PLAN), moved(PLAN, JobState.COLLECTING)))
    digest = plan_digest(PLAN)
    paid = MoneyCaptured(digest=digest, launch_key=launch_key(digest, 1), usd=Decimal("4.20"))
    nasty = "x | y\n| forged | row | <script> [link](http://e) @team #1"
    here.decide(lambda _view: (paid, replace(admitted("s2"), task=nasty)))
    page = world.git("cat-file", "blob", "intern/ledger:README.md")
    assert f"| {MONTH} | $5.80 | $4.20 |" in page
    assert "| s1 | new | 1 | ada | train it | $5.80 | $4.20 |" in page
    row = next(line for line in page.splitlines() if line.startswith("| s2 |"))
    assert "x \\| y \\| forged \\| row \\| \\<script\\> \\[link\\](http://e) \\@team \\#1" in row
    assert page.index("| s2 |") < page.index("| s1 |")


def test_the_page_for_people_says_what_waits_for_them(world: GitWorld) -> None:
    here = ledger(world)
    here.decide(lambda _view: (admitted("s1"), admitted("s2")))
    assert "Nothing waits for a review." in world.git("cat-file", "blob", "intern/ledger:README.md")
    why = "needs a review: it overwrites grace/spam-filter, which stands at 1a2b3c4; costs nothing"
    waiting = SessionMoved(session="s1", state=State.AWAITING_REVIEW, journal_head="", why=why)
    here.decide(lambda _view: (waiting, SessionMoved(session="s2", state=State.RUNNING, journal_head="", why="at it")))
    page = world.git("cat-file", "blob", "intern/ledger:README.md")
    assert page.endswith(f"## Waits for people\n\n- s1: {why}")


def test_the_page_is_never_read_back(world: GitWorld) -> None:
    here = ledger(world)
    here.decide(lambda _view: approved(PLAN))
    world.push("intern/ledger", {"README.md": "all is paid"})
    assert ledger(world, "other").read().held(plan_digest(PLAN)) == 10


def rewritten(world: GitWorld, back: int) -> None:
    """Somebody with write access forces the branch back, and adds a commit of their own."""
    bare = Git(git_dir=world.bare.path)
    old = world.git("rev-parse", f"intern/ledger~{back}")
    evil = bare.run("commit-tree", f"{old}^{{tree}}", "-p", old, "-m", "evil", env=ADA.stamp(NOON)).text
    world.git("update-ref", "refs/heads/intern/ledger", evil)


def test_a_history_that_was_rewritten_is_not_believed_here_nor_by_the_next_process(world: GitWorld) -> None:
    here = ledger(world)
    here.decide(lambda _view: (admitted("s1"),))
    here.decide(lambda _view: (admitted("s2"),))
    rewritten(world, 1)
    for one in (here, ledger(world)):
        with pytest.raises(LedgerError, match="was rewritten"):
            one.read()
        with pytest.raises(LedgerError, match="was rewritten"):
            one.decide(lambda _view: (admitted("s3"),))


def test_a_machine_that_was_never_here_notices_lines_that_a_commit_took_out(
    world: GitWorld,
) -> None:
    here = ledger(world)
    here.decide(lambda _view: (admitted("s1"),))
    first = world.git("show", "intern/ledger:entries.jsonl")
    here.decide(lambda _view: (admitted("s2"),))
    world.push("intern/ledger", {"entries.jsonl": f"{first}\n"})
    for _ in range(2):
        with pytest.raises(LedgerError, match="took lines out of the ledger"):
            ledger(world, "new").read()
        world.push("intern/ledger", {"note.md": "nothing to see"})


def test_a_history_that_was_merged_over_the_ledgers_is_not_believed(world: GitWorld) -> None:
    here, bare = ledger(world), Git(git_dir=world.bare.path)
    here.decide(lambda _view: (admitted("s1"),))
    older = world.git("rev-parse", "intern/ledger")
    here.decide(lambda _view: (admitted("s2"),))
    parents = ("-p", older, "-p", world.git("rev-parse", "intern/ledger"))
    evil = bare.run("commit-tree", f"{older}^{{tree}}", *parents, "-m", "evil", env=ADA.stamp(NOON)).text
    world.git("update-ref", "refs/heads/intern/ledger", evil)
    with pytest.raises(LedgerError, match="or was merged into its branch"):
        ledger(world, "new").read()


def test_a_remote_that_cannot_be_asked_decides_nothing(world: GitWorld) -> None:
    here = ledger(world)
    here.decide(lambda _view: (admitted("s1"),))
    Path(world.bare.path).rename(world.folder / "away.git")
    with pytest.raises(LedgerError, match="cannot be read: git ls-remote failed"):
        here.decide(lambda _view: (admitted("s2"),))


def test_a_remote_that_refuses_the_push_is_said_and_nothing_is_believed(world: GitWorld) -> None:
    here = ledger(replace(world, far=True))
    here.decide(lambda _view: (admitted("s1"),))
    hook = Path(world.bare.path, "hooks/pre-receive")
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    Git(git_dir=world.bare.path).run("config", "core.hooksPath", str(hook.parent))
    with pytest.raises(LedgerError, match=r"cannot be written: .*hook declined"):
        here.decide(lambda _view: (admitted("s2"),))
    assert here.read().admission("s2") is None
