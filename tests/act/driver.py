"""Runs one workflow for one event with `act`, on containers, and tells what became of it.

What act does not know is told to it as the runner of GitHub would: the repository, the run, whose workflow file it is. Where a
workflow uses our action, act takes the action from this checkout, as a release writes it, with the images that were built here.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.image.engine import Docker

ROOT = Path(__file__).resolve().parent.parent.parent
ACT = Path(sys.executable).parent / "act"
RELEASED = ROOT / ".github" / "released_action.py"
ENDS_WITHIN_SECONDS = 600

ARTIFACTS = "/artifacts"
ARTIFACT_ACTION = """\
name: {name}
description: what GitHub's action of this name does between the jobs of one run
inputs:
  name:
    description: which artifact
    required: true
  path:
    description: from or to where
    required: true
runs:
  using: composite
  steps:
    - shell: bash
      env:
        KEPT: /artifacts/${{{{ inputs.name }}}}
        PLACE: ${{{{ inputs.path }}}}
      run: {run}
"""
ARTIFACT_STEPS = {
    "upload-artifact": 'if [ -e "$PLACE" ]; then mkdir -p "$KEPT" && cp -rT "$PLACE" "$KEPT"; fi',
    "download-artifact": 'test -d "$KEPT" && mkdir -p "$PLACE" && cp -rT "$KEPT" "$PLACE"',
}
"""GitHub's own keep artifacts on its servers; these keep them in a folder that all jobs of a run see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What became of a run.

    Args:
        code: act's exit code; 0 when no job failed.
        log: what the steps said, line by line, with secrets masked as the runner does.
        jobs: `success` or `failure` of each job that ran, by its name in the workflow; skipped ones are not there.
        outputs: what each step gave, by `JOB.STEP`; a step without an id has its number from 0.
        summary: what all steps added to the summary.
        seconds: from beginning to end.
        trouble: what act itself said when it could not go on.
    """

    code: int
    log: str
    jobs: Mapping[str, str]
    outputs: Mapping[str, Mapping[str, str]]
    summary: str
    seconds: float
    trouble: str

    @property
    def conclusion(self) -> str:
        """What GitHub calls it: a run of which no job ran is `skipped`."""
        if self.code != 0:
            return "failure"
        return "success" if self.jobs else "skipped"


@dataclass(frozen=True, kw_only=True)
class Act:
    """A runner for one repository.

    Args:
        docker: the engine.
        image: ours, which stands in for the runner's, too.
        folder: for what is made on the way.
        repository: `OWNER/NAME`.
        api_url, server_url: of the GitHub.
        training_image: the one for `OWNER/intern-action/train@…`; "" is `image`.
        secrets, variables: of the repository.
        environment: what else every step finds in its environment, such as the address of the Hub.
    """

    docker: Docker
    image: str
    folder: Path
    repository: str
    api_url: str
    server_url: str
    training_image: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict[str, str])
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    def run(self, checkout: Path, workflow: str, event: str, payload: Mapping[str, Any], **told: str) -> Ran:
        """Run a workflow to its end. Arguments as in `started`."""
        with self.started(checkout, workflow, event, payload, **told) as running:
            return running.ended()

    @contextmanager
    def started(
        self,
        checkout: Path,
        workflow: str,
        event: str,
        payload: Mapping[str, Any],
        *,
        actor: str = "nobody",
        run_id: str = "1",
        ref: str = "refs/heads/main",
        token: str = "",
    ) -> Generator[Running]:
        """Start a workflow.

        Args:
            checkout: a git checkout that holds the workflow, at the commit that runs.
            workflow: its path in there.
            event: what GitHub calls it.
            payload: what GitHub sends with it.
            actor: whose event it is.
            run_id: of the run.
            ref: the branch whose workflow file it is.
            token: `github.token`.
        """
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="act-") as name, _alone(self.docker):
            place = Path(name)
            (place / "event.json").write_text(json.dumps(payload))
            given = {
                "GITHUB_REPOSITORY": self.repository,
                "GITHUB_RUN_ID": run_id,
                "GITHUB_REF": ref,
                "GITHUB_WORKFLOW_REF": f"{self.repository}/{workflow}@{ref}",
                "GITHUB_API_URL": self.api_url,
                "GITHUB_SERVER_URL": self.server_url,
                **self.environment,
            }
            secrets = {"GITHUB_TOKEN": token, **self.secrets} if token else self.secrets
            files = {"env": given, "secret": secrets, "var": self.variables}
            flags = [word for kind, values in files.items() for word in (f"--{kind}-file", _file(place, kind, values))]
            (place / "artifacts").mkdir()
            local = [
                word
                for used, where in self._local(checkout / workflow, place)
                for word in ("--local-repository", f"{used}={where}")
            ]
            running = Running(
                [
                    *(str(ACT), event, "--directory", str(checkout), "--workflows", str(checkout / workflow)),
                    *("--eventpath", str(place / "event.json"), "--actor", actor, "--json"),
                    *("--platform", f"ubuntu-24.04={self.image}", "--pull=false", "--network", "host"),
                    *("--container-daemon-socket", "-", "--no-cache-server", "--action-offline-mode", "--rm"),
                    *("--container-options", f"--volume {place / 'artifacts'}:{ARTIFACTS}"),
                    *(*flags, *local),
                ],
                self.docker,
                place,
            )
            try:
                yield running
            finally:
                running.end()

    def _local(self, workflow: Path, place: Path) -> Iterator[tuple[str, Path]]:
        """Yield what a workflow uses with where it lies here: ours as a release has it, and GitHub's own for artifacts."""
        told = yaml.safe_load(workflow.read_text(encoding="utf-8"))
        steps = [step for job in told["jobs"].values() for step in job.get("steps", ())]
        for name, _, ref in {step["uses"].partition("@") for step in steps if "@" in step.get("uses", "")}:
            owner, repository = name.split("/")[:2]
            if repository == "intern-action":
                released = place / "intern-action"
                images = (self.image, self.training_image or self.image)
                subprocess.run([sys.executable, str(RELEASED), str(released), *images], check=True)
                yield f"{owner}/{repository}@{ref}", released
            elif repository in ARTIFACT_STEPS:
                made = place / repository
                made.mkdir(exist_ok=True)
                (made / "action.yml").write_text(
                    ARTIFACT_ACTION.format(name=repository, run=ARTIFACT_STEPS[repository])
                )
                yield f"{owner}/{repository}@{ref}", made


class Running:
    """A run that has begun."""

    def __init__(self, command: Sequence[str], docker: Docker, place: Path) -> None:
        self._docker = docker
        self._log = place / "log.jsonl"
        self._said = place / "said"
        self._began = time.monotonic()
        with self._log.open("wb") as out, self._said.open("wb") as said:
            self._process = subprocess.Popen(
                command,
                env={**docker.environment, "HOME": str(place), "XDG_CACHE_HOME": str(place / "cache")},
                cwd=place,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=said,
                start_new_session=True,
            )

    def log(self) -> str:
        """Return what the steps have said until now."""
        return _words(self._lines())

    def ended(self) -> Ran:
        """Wait for the end and tell what became of it."""
        code = self._process.wait(ENDS_WITHIN_SECONDS)
        lines = self._lines()
        return Ran(
            code=code,
            log=_words(lines),
            jobs={one["jobID"]: one["jobResult"] for one in lines if "jobResult" in one},
            outputs=_outputs(lines),
            summary="".join(one["content"] for one in lines if one.get("command") == "summary"),
            seconds=time.monotonic() - self._began,
            trouble=self._said.read_text(errors="replace"),
        )

    def kill_action(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End the containers in which our action runs, as a machine that goes away does."""
        for container in self._containers("--filter", "label=org.opencontainers.image.title=intern-action"):
            command = self._docker("inspect", "--format", "{{.Path}}", container, check=False).stdout.strip()
            if command == "intern-action":
                self._docker("kill", "--signal", how.name, container, check=False)

    def end(self) -> None:
        """End what still runs of it, and remove its containers."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        left = self._containers("--all", "--filter", "name=^act-")
        if left:
            self._docker("rm", "--force", "--volumes", *left, check=False)

    def _containers(self, *which: str) -> list[str]:
        return self._docker("ps", "--quiet", "--no-trunc", *which, check=False).stdout.split()

    def _lines(self) -> list[dict[str, Any]]:
        text = self._log.read_text(encoding="utf-8", errors="replace")
        return [json.loads(line) for line in text.splitlines() if line.startswith("{") and line.endswith("}")]


def _words(lines: Sequence[Mapping[str, Any]]) -> str:
    return "".join(str(one["msg"]) for one in lines if one.get("raw_output"))


def _outputs(lines: Sequence[Mapping[str, Any]]) -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for one in lines:
        if one.get("command") == "set-output":
            found.setdefault(f"{one['jobID']}.{one['stepID'][-1]}", {})[one["name"]] = one["arg"]
    return found


def _file(place: Path, kind: str, values: Mapping[str, str]) -> str:
    """Write a file of names and values, which keeps them out of the list of processes. JSON's quotes are the file's quotes."""
    file = place / f"{kind}s"
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}={json.dumps(value)}\n" for name, value in values.items()))
    return str(file)


@contextmanager
def _alone(docker: Docker) -> Generator[None]:
    """Run one at a time on an engine: act names its containers by workflow and job."""
    told = hashlib.sha256(docker.host.encode()).hexdigest()[:10]
    with (Path(tempfile.gettempdir()) / f"intern-act-{told}").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def checked_out(bare: Path, target: Path, ref: str = "main") -> Path:
    """Check a branch or commit out, as the workflow files of an event are taken from it."""
    shutil.rmtree(target, ignore_errors=True)
    for command in (
        ["clone", "--quiet", "--no-hardlinks", str(bare), str(target)],
        ["-C", str(target), "checkout", "--quiet", ref],
    ):
        subprocess.run(["git", *command], check=True, capture_output=True)
    return target
