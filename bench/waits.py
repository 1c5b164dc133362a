"""How long people wait for what they did: from an approval to the start of the job, and from the job's end to its results.

GitHub and Hub are those of the tests, the action and the relay are processes. What GitHub itself takes to begin a run is not in
it: for the doorbell that is two runs one after the other, the first of which does nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from intern_action.commands.relay import VARIABLE
from tests.fakes.github_team import ROOT, Ran, Team, team
from tests.fakes.hub_jobs import PAYS, STAGES
from tests.fakes.model_server import ModelServer
from tests.fakes.small_trainer import small_trainer
from tests.hub_server.job_runs import Jobs

APPROVED, RELAYED, TIMED = (
    "approval to start, by the doorbell",
    "job's end to results, by the relay",
    "the same by the timer",
)
AIMS: Mapping[str, float] = {APPROVED: 60, RELAYED: 300, TIMED: 300}
"""The most seconds."""
CADENCE_SECONDS = 300
"""The timer's: `*/5`. Whoever just missed it waits for all of it."""
PATIENCE_SECONDS = 180
LEAVES = {"INTERN_ACTION_WAITING_RUNNER": "1 second"}
"""So that the run which starts a job does not wait for its end."""
SECRET = "bench"  # noqa: S105 -- of a webhook on loopback
WRITES = frozenset({"POST", "PATCH", "PUT"})


@dataclass(slots=True)
class Onlooker:
    """Notes when something was asked."""

    seen: list[tuple[float, str, str]] = field(default_factory=list[tuple[float, str, str]])

    def asked(self, method: str, path: str) -> None:
        """Note a request as it arrives."""
        self.seen.append((time.time(), method, path.partition("?")[0]))

    def done(self, method: str, path: str) -> None:
        """Hear that it was answered."""

    def first(self, method: str, path: str) -> float:
        """Return when something was asked first."""
        return next(at for at, *what in self.seen if what == [method, path])

    def shown(self, repository: str) -> float:
        """Return when the last thing that people see of a pull request was written."""
        places = (f"/repos/{repository}/issues/", f"/repos/{repository}/pulls/", f"/repos/{repository}/check-runs/")
        return max(at for at, method, path in self.seen if method in WRITES and any(one in path for one in places))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """Seconds of one story, and what of them is a clock's alone."""

    seconds: float
    cadence: float = 0


def waits() -> Mapping[str, Waited]:
    """Play two stories, one that is told of the job's end by the relay and one by the timer; return what was waited for."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        ModelServer(small_trainer) as model,
        team(Path(folder)) as ours,
    ):
        ours.more = {"INPUT_MODEL": "local/tiny", "LOCAL_LLM_BASE_URL": model.base_url, **LEAVES}
        ours.hub.hub.world.part(Jobs).settings.queue_seconds = None  # a job begins when it is let go
        with _relay(ours):
            started = _approved(ours)
            relayed = _ended(ours, _by_relay)
        _approved(ours)
        timed = _ended(ours, _by_timer)
    return {
        APPROVED: Waited(seconds=started),
        RELAYED: Waited(seconds=relayed),
        TIMED: Waited(seconds=timed + CADENCE_SECONDS, cadence=CADENCE_SECONDS),
    }


def _approved(ours: Team) -> float:
    """Bring a session to its approval; return the seconds from there until the Hub is asked for the job."""
    issue = ours.issue("eve", "The filter lets spam through", "It got worse lately.")
    first = ours.run("issue_comment", ours.comment("ada", issue, "/intern train the filter"))
    ours.hub.hub.world.onlooker = seen = Onlooker()
    began = time.time()
    bell = ours.review("grace", int(first.outputs["pull_request"]))
    ran = ours.run("workflow_run", bell)
    if ran.outputs.get("state") != "awaiting-job":
        raise RuntimeError(f"the job was not started\n{ran.log}")
    return seen.first("POST", f"/api/jobs/{PAYS}") - began


def _ended(ours: Team, woken: Callable[[Team], Ran]) -> float:
    """Let the job go; return the seconds from its end until people see what came of it."""
    jobs = ours.hub.hub.world.part(Jobs)
    ours.github.front.onlooker = seen = Onlooker()
    job = next(jobs.folders.of(PAYS))
    jobs.let_go(job)
    end = job.path / "ended.json"
    _until(end.exists)
    ran = woken(ours)
    if ran.outputs.get("state") != "done":
        raise RuntimeError(f"the results were not told\n{ran.log}")
    return seen.shown(ours.github.name) - end.stat().st_mtime


def _by_relay(ours: Team) -> Ran:
    """Run what the relay's dispatch begins."""
    rung = ours.github.corrections.inside.dispatched
    _until(lambda: any(name == "repository_dispatch" for name, _ in rung))
    return ours.run("repository_dispatch", next(told for name, told in rung if name == "repository_dispatch"))


def _by_timer(ours: Team) -> Ran:
    return ours.tick()


@contextmanager
def _relay(ours: Team) -> Generator[None]:
    """Have `intern-action relay` listen, and the Hub tell it what happens to staging repositories, as the guide sets it up."""
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": str(ROOT),
        "HOME": str(ours.place),
        "GITHUB_TOKEN": ours.github.token("ada", {"contents": "write"}),
        "GITHUB_API_URL": ours.github.api_url,
        VARIABLE: SECRET,
    }
    argv = [sys.executable, "-m", "intern_action", "relay", "--repository", ours.github.name, "--port", "0"]
    with subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            port = (process.stderr.readline() if process.stderr else "").split(" for ")[0].rpartition(":")[2]
            watched = [{"type": "org", "name": STAGES}]
            order = {"url": f"http://127.0.0.1:{port}/", "watched": watched, "domains": ["repo"], "secret": SECRET}
            authorization = {"authorization": f"Bearer {ours.hub.account.token}"}
            httpx.post(
                f"{ours.hub.hub.url}/api/settings/webhooks", json=order, headers=authorization
            ).raise_for_status()
            yield
        finally:
            process.terminate()


def _until(there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not there():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not happen")
        time.sleep(0.05)


def late(found: Mapping[str, Waited]) -> Mapping[str, float]:
    """Return what was waited for longer than its aim, the cadence of a clock aside."""
    return {name: one.seconds for name, one in found.items() if one.seconds - one.cadence > AIMS[name]}


def waits_table(found: Mapping[str, Waited]) -> str:
    """Return the figures as a table beside their aims."""
    rows = [f"| {name} | {one.seconds:.0f} | {one.cadence or '-'} | {AIMS[name]:.0f} |" for name, one in found.items()]
    return "\n".join(["| from … to | s | of them a clock's | aim |", "| --- | ---: | ---: | ---: |", *rows])


if __name__ == "__main__":
    waited = waits()
    print(waits_table(waited))
    sys.exit(1 if late(waited) else 0)
