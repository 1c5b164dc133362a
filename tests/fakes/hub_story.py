"""A story with jobs on a Hub that listens: a model and data there, somebody's repository, and processes that play it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from intern_action.core.entries import LedgerView
from intern_action.forge.local import LocalForge
from intern_action.git.branch import GitBranch
from intern_action.git.repository import BareRepository
from intern_action.ledger.ledger import GitLedger
from intern_action.settings.clock import SystemClock
from tests.fakes.git_world import make_repository
from tests.fakes.hub_jobs import PAYS, STAGES, HubWorkshop, hub_workshop
from tests.fakes.starts import ran
from tests.fakes.tiny import tiny_data, tiny_model

ROOT = Path(__file__).parents[2]
TASK = "fine-tune ada/tiny on ada/words"


@contextmanager
def hub_story(place: Path) -> Generator[HubWorkshop]:
    """Give a workshop whose Hub has a model and data, with somebody's repository."""
    with hub_workshop(place) as made:
        tiny_model(place / "model")
        tiny_data(place / "data")
        _upload(made, {"model": "ada/tiny", "data": "ada/words"})
        make_repository(place / "repo", {"README.md": "# words\n"})
        yield made


def _upload(at: HubWorkshop, names: Mapping[str, str]) -> None:
    """Put folders on the Hub, as somebody did at some time; the client reads in its own process where its Hub is."""
    script = (
        "import json, sys\nfrom huggingface_hub import HfApi\napi = HfApi()\n"
        "for folder, name in json.loads(sys.argv[1]).items():\n"
        "    kind = 'model' if folder.endswith('model') else 'dataset'\n"
        "    api.create_repo(name, repo_type=kind)\n"
        "    api.upload_folder(repo_id=name, repo_type=kind, folder_path=folder)\n"
    )
    told = json.dumps({str(at.place / folder): name for folder, name in names.items()})
    subprocess.run(
        [sys.executable, "-c", script, told],
        check=True,
        capture_output=True,
        env={**environment(at), "HF_TOKEN": at.account.token, "HF_HUB_DISABLE_XET": "1"},
    )


def environment(at: HubWorkshop) -> dict[str, str]:
    """Return what a process of ours is given."""
    return {
        "PATH": os.defpath,
        "HOME": str(at.place / "home"),
        "INTERN_ACTION_WORK": str(at.place / "out-work"),
        "HF_ENDPOINT": at.account.endpoint,
        "HF_WRITE_TOKEN": at.account.token,
        "HF_JOB_TOKEN": at.account.job_token,
        "INTERN_ACTION_JOBS_BACKEND": "hf",
        "INTERN_ACTION_JOBS_HF_NAMESPACE": PAYS,
        "INTERN_ACTION_JOBS_HF_STAGING": STAGES,
        "INTERN_ACTION_JOBS_HF_IMAGE": "python:3.12",
        "INTERN_ACTION_WAITING_POLL": "1 second",
    }


def play(at: HubWorkshop, kill_after: int | str = 0, **more: str) -> dict[str, object]:
    """Begin or go on in a process of its own, as a second person approves; {} when it was killed."""
    words = ["-m", "tests.fakes.mortal", str(at.place / "out"), str(at.place / "repo"), str(kill_after), TASK]
    done = _run(at, words, more)
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr[-3000:]
    return json.loads(done.stdout) if done.returncode == 0 else {}


def tick(at: HubWorkshop, *outs: Path, **more: str) -> list[str]:
    """Take one look at everything that waits, in the story's world or in all of these at once; return what each said."""
    worlds = [str(out) for out in outs or (at.place / "out",)]
    done = _run(at, ["-m", "tests.fakes.tick", str(at.place / "repo"), *worlds], more)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def command(at: HubWorkshop, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `intern-action` with these words on this story's world."""
    return _run(at, ["-m", "intern_action", *words, "--out", str(at.place / "out")], more)


def _run(at: HubWorkshop, words: list[str], more: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return ran(*words, cwd=ROOT, env={**environment(at), **more}, timeout=110)


def ledger_of(at: HubWorkshop) -> GitLedger:
    """Return the ledger of the story, as a machine of its own reads it."""
    branch = GitBranch.at(str(at.place / "ledger"), str(at.place / "out" / "remote.git"), "intern/ledger")
    return GitLedger(branch, clock=SystemClock(), origin="local")


def ledger(at: HubWorkshop) -> LedgerView:
    """Return what it says."""
    return ledger_of(at).read()


def plan_of(at: HubWorkshop) -> str:
    """Return the digest of the oldest session's newest plan."""
    view = ledger(at)
    made = view.newest_plan(next(iter(view.sessions())))
    assert made is not None
    return made.digest


def forge_of(at: HubWorkshop) -> LocalForge:
    """Return the story's forge, as a person uses it."""
    remote = BareRepository.open(str(at.place / "out" / "remote.git"))
    return LocalForge(at.place / "out" / "forge", remote, clock=SystemClock())
