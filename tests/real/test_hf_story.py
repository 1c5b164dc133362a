"""The whole way with jobs on a Hub that listens: a task, a plan with its price, an approval, jobs, numbers, and what it cost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from intern_action.core.entries import LedgerView
from intern_action.core.types import JobStage
from intern_action.git.branch import GitBranch
from intern_action.ledger.ledger import GitLedger
from intern_action.settings.clock import SystemClock
from tests.fakes.git_world import make_repository
from tests.fakes.hub_jobs import PAYS, STAGES, HubWorkshop, hub_workshop
from tests.fakes.tiny import tiny_data, tiny_model
from tests.hub_server.faults import Lost
from tests.hub_server.job_runs import Jobs

ROOT = Path(__file__).parents[2]
TASK = "fine-tune ada/tiny on ada/words"


@pytest.fixture
def at(tmp_path: Path) -> Iterator[HubWorkshop]:
    with hub_workshop(tmp_path) as made:
        tiny_model(tmp_path / "model")
        tiny_data(tmp_path / "data")
        for kind in ("model", "data"):
            upload(made, tmp_path / kind)
        make_repository(tmp_path / "repo", {"README.md": "# words\n"})
        yield made


def upload(at: HubWorkshop, folder: Path) -> None:
    """Put a folder on the Hub, as somebody did at some time."""
    name, kind = ("ada/tiny", "model") if folder.name == "model" else ("ada/words", "dataset")
    script = (
        "import sys\nfrom huggingface_hub import HfApi\nname, kind, folder = sys.argv[1:]\napi = HfApi()\n"
        "api.create_repo(name, repo_type=kind)\napi.upload_folder(repo_id=name, repo_type=kind, folder_path=folder)\n"
    )
    subprocess.run(
        [sys.executable, "-c", script, name, kind, str(folder)],
        check=True,
        capture_output=True,
        env={**environment(at), "HF_TOKEN": at.account.token, "HF_HUB_DISABLE_XET": "1"},
    )


def environment(at: HubWorkshop) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": str(at.place / "home"),
        "INTERN_ACTION_WORK": str(at.place / "work"),
        "HF_ENDPOINT": at.account.endpoint,
        "HF_WRITE_TOKEN": at.account.token,
        "HF_JOB_TOKEN": at.account.job_token,
        "INTERN_ACTION_JOBS_BACKEND": "hf",
        "INTERN_ACTION_JOBS_HF_NAMESPACE": PAYS,
        "INTERN_ACTION_JOBS_HF_STAGING": STAGES,
        "INTERN_ACTION_JOBS_HF_IMAGE": "python:3.12",
    }


def play(at: HubWorkshop, kill_after: int = 0, **more: str) -> dict[str, object]:
    """Begin or go on in a process of its own, as a second person approves; {} when it was killed."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.fakes.mortal",
            str(at.place / "out"),
            str(at.place / "repo"),
            str(kill_after),
            TASK,
        ],
        cwd=ROOT,
        env={**environment(at), **more},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr[-3000:]
    return json.loads(done.stdout) if done.returncode == 0 else {}


def ledger(at: HubWorkshop) -> LedgerView:
    branch = GitBranch.at(str(at.place / "ledger"), str(at.place / "out" / "remote.git"), "intern/ledger")
    return GitLedger(branch, clock=SystemClock(), origin="local").read()


def plan_of(at: HubWorkshop) -> str:
    view = ledger(at)
    made = view.newest_plan(next(iter(view.sessions())))
    assert made is not None
    return made.digest


def test_an_approved_task_trains_on_the_hub_and_after_too_little_memory_again_with_a_permitted_variation(
    at: HubWorkshop,
) -> None:
    ended = play(at)
    assert ended["state"] == "done"
    assert at.launched() == 2
    view, digest = ledger(at), plan_of(at)
    spent = view.captured(digest)
    assert (view.held(digest), spent) == (Decimal(0), Decimal("0.02"))
    kinds = ended["kinds"]
    assert isinstance(kinds, list)
    assert (kinds.count("planned"), kinds.count("submitted")) == (1, 2)
    results = list((at.place / "out" / "sessions").glob("*/result.json"))
    assert json.loads(results[0].read_text())["metrics"]


def test_the_same_with_the_answer_lost_ends_the_same(at: HubWorkshop) -> None:
    at.hub.fault("POST", f"/api/jobs/{PAYS}", Lost(), times=1)
    assert play(at)["state"] == "done"
    assert at.launched() == 2


def test_a_session_does_not_wait_longer_than_it_is_told_and_goes_on_when_it_is_woken(at: HubWorkshop) -> None:
    at.hub.world.part(Jobs).settings.queue_seconds = 6
    assert play(at, INTERN_ACTION_WAITING_JOB="1 second")["state"] == "awaiting-job"
    at.hub.world.part(Jobs).settings.queue_seconds = 0
    assert play(at)["state"] == "done"
    assert at.launched() == 2


def test_a_price_that_rose_between_plan_and_approval_starts_nothing(at: HubWorkshop) -> None:
    assert play(at, kill_after=events_until(at, "planned")) == {}
    at.hub.world.part(Jobs).prices.set_price("cpu-basic", Decimal("0.40"))
    ended = play(at)
    assert ended["state"] == "awaiting-review"
    assert at.launched() == 0


def events_until(at: HubWorkshop, kind: str) -> int:
    """Return how many events a walk has up to the first of a kind."""
    elsewhere = {"INTERN_ACTION_WORK": str(at.place / "rehearsal-work")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.fakes.mortal", str(at.place / "rehearsal"), str(at.place / "repo"), "0", TASK],
        cwd=ROOT,
        env={**environment(at), **elsewhere, "INTERN_ACTION_JOBS_BACKEND": "local"},
        capture_output=True,
        text=True,
        timeout=110,
        check=True,
    )
    return list(json.loads(done.stdout)["kinds"]).index(kind) + 1


def test_the_sweeper_ends_what_no_session_waits_for(at: HubWorkshop) -> None:
    assert play(at)["state"] == "done"
    home = next((at.place / "out" / "control").glob("home")).read_text()
    stray = at.jobs(home=home).launch(at.order("import time\ntime.sleep(300)\n", key="intern-stray-1"))
    strangers = at.jobs(home="another").launch(at.order("import time\ntime.sleep(300)\n", key="intern-other-1"))
    command = [sys.executable, "-m", "intern_action", "sweep", "--out", str(at.place / "out")]
    for words in (f"cancelled {stray.id} (intern-stray-1)", "nothing to sweep"):
        done = subprocess.run(command, cwd=ROOT, env=environment(at), capture_output=True, text=True, check=True)
        assert words in done.stdout
    assert at.jobs().status(stray).stage is JobStage.CANCELLED
    assert not at.jobs().status(strangers).stage.final
