"""The workflows that we ship, run by `act`: which events begin which jobs, and what goes from the agent's job to control's."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.act.alone import alone
from tests.act.driver import ROOT, Act
from tests.fakes.git_world import make_repository

EXAMPLES = ROOT / "configs" / "examples"
BELL = "quickstart/intern-doorbell.yml"
ADA, BOT = {"login": "ada", "type": "User"}, {"login": "renovate[bot]", "type": "Bot"}
HANDS_OVER = """\
name: two
on: workflow_dispatch
permissions: {}
jobs:
  agent:
    runs-on: ubuntu-24.04
    steps:
      - run: mkdir made && echo hello > made/bundle.json
      - uses: actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02
        with: {name: intern-bundle, path: made}
  control:
    needs: agent
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/download-artifact@d3f86a106a0bac45b974a628896c90dbdf5c8093
        with: {name: intern-bundle, path: taken}
      - run: echo "control read $(cat taken/bundle.json)"
"""


@pytest.fixture(scope="module")
def act(tmp_path_factory: pytest.TempPathFactory) -> Generator[Act]:
    with alone(tmp_path_factory.mktemp("act")) as act:
        yield act


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = {f"{path.parent.name}/{path.name}": path.read_text() for path in EXAMPLES.glob("*/*.yml")}
    folder = tmp_path_factory.mktemp("examples") / "repo"
    make_repository(folder, {**files, "two.yml": HANDS_OVER})
    return folder


def said(body: str, sender: Mapping[str, str] = ADA) -> dict[str, Any]:
    return {"action": "created", "comment": {"body": body}, "sender": sender}


def labelled(name: str) -> dict[str, Any]:
    return {"action": "labeled", "label": {"name": name}, "sender": ADA}


def rung(conclusion: str) -> dict[str, Any]:
    return {"action": "completed", "workflow_run": {"conclusion": conclusion}, "sender": ADA}


def reviewed(branch: str) -> dict[str, Any]:
    pull = {"number": 2, "head": {"ref": branch}}
    return {"action": "submitted", "review": {"state": "approved"}, "pull_request": pull, "sender": ADA}


@pytest.mark.parametrize("kind", ["quickstart", "hardened"])
@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("issue_comment", said("nice weather")),
        ("issue_comment", said("see /intern")),
        ("issue_comment", said("/intern train", BOT)),
        ("issues", labelled("bug")),
        ("workflow_run", rung("skipped")),
    ],
)
def test_what_is_not_for_us_bills_nothing(act: Act, repository: Path, kind: str, event: str, payload: dict[str, Any]):
    ran = act.run(repository, f"{kind}/intern.yml", event, payload)
    assert (ran.code, ran.jobs) == (0, {}), ran.log + ran.trouble


def test_a_review_of_somebody_elses_pull_request_rings_nothing(act: Act, repository: Path):
    ran = act.run(repository, BELL, "pull_request_review", reviewed("feature"))
    assert (ran.code, ran.jobs) == (0, {}), ran.log + ran.trouble


def test_a_review_of_ours_rings(act: Act, repository: Path):
    ran = act.run(repository, "hardened/intern-doorbell.yml", "pull_request_review", reviewed("intern/1-spam"))
    assert ran.jobs == {"ring": "success"}, ran.log + ran.trouble


@pytest.mark.parametrize(
    ("which", "payload", "jobs"),
    [
        ("quickstart issue_comment", said("/intern train"), {"intern"}),
        ("hardened issue_comment", said("/intern train"), {"control"}),
        ("hardened workflow_dispatch", {"inputs": {"session": "0123456789ab"}, "sender": BOT}, {"agent", "control"}),
        ("hardened workflow_dispatch", {"inputs": {"task": "train"}, "sender": ADA}, {"control"}),
    ],
)
def test_what_is_for_us_begins_the_jobs_that_it_needs(
    act: Act, repository: Path, which: str, payload: dict[str, Any], jobs: set[str]
):
    kind, event = which.split()
    ran = act.run(repository, f"{kind}/intern.yml", event, payload)
    assert set(ran.jobs) == jobs, ran.log + ran.trouble


@pytest.mark.parametrize(
    ("which", "jobs"),
    [("quickstart/intern-timer.yml", {"intern"}), ("hardened/intern-timer.yml", {"control"}), (BELL, {"ring"})],
)
def test_a_clock_begins_its_job(act: Act, repository: Path, which: str, jobs: set[str]):
    ran = act.run(repository, which, "schedule", {"schedule": "*/5 * * * *"})
    assert set(ran.jobs) == jobs, ran.log + ran.trouble


def test_control_reads_what_the_agent_handed_over(act: Act, repository: Path):
    ran = act.run(repository, "two.yml", "workflow_dispatch", {"inputs": None, "sender": ADA})
    assert "control read hello" in ran.log, ran.log + ran.trouble
