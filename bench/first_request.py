"""How soon GitHub's API is asked first: by a process of ours, and by a container of the image that is shipped.

It is asked by a timer, which comes most often, and by a comment, of which somebody waits for the answer. The clock stops when
the request has arrived. A container's begins when the engine says that it has started (`State.StartedAt`), and once more when
the engine is told to start it. A machine that others use takes longer, so the seconds of processor stand beside: those do not
wait for anybody, though they are more where caches are shared.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.fakes.github_team import Team
from tests.image.engine import Docker, docker_engine
from tests.image.images import built

AIM_S = 0.5
STARTS = 7
TICKS = os.sysconf("SC_CLK_TCK")
FIELDS = slice(11, 15)
"""Ticks of the processor that a process and its children have had, behind the name of the program (proc(5), `stat`)."""
PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class First:
    """The quickest of several starts.

    Args:
        wall: seconds from the start to the first request.
        cpu: seconds of processor until then, git's among them; None where nobody told.
        told: seconds from the order to start a container; None for a process.
    """

    wall: float
    cpu: float | None = None
    told: float | None = None


class Arrival:
    """Looks on at what a GitHub is asked, until the first request to its API has arrived.

    Args:
        when: is called then.
    """

    def __init__(self, when: Callable[[], None]) -> None:
        self._when = when
        self.there = False

    def asked(self, method: str, path: str) -> None:
        """Hear of a request; git's are none to the API."""
        del method
        if not self.there and ".git/" not in path:
            self._when()
            self.there = True

    def done(self, method: str, path: str) -> None:
        """Hear that it was answered."""


def first_requests(ours: Team) -> Mapping[str, First]:
    """Return how soon each kind of start asks first; those of a container only where there is an engine."""
    issue = ours.issue("eve", "How is the filter?", "")
    events = {
        "a timer": ("schedule", {"schedule": "*/5 * * * *", **ours.about("ada")}),
        "a comment": ("issue_comment", ours.comment("ada", issue, "/intern help")),
    }
    found = {f"{name}, process": _quickest(ours, _process, event) for name, event in events.items()}
    with _engine() as docker:
        if docker is not None:
            image = built(docker, "intern")
            start = _Container(docker, image)
            found |= {f"{name}, container": _quickest(ours, start, event) for name, event in events.items()}
    return found


def _quickest(ours: Team, start: Callable[..., First], event: tuple[str, Mapping[str, Any]]) -> First:
    runs = [start(ours, ours.environment(next(ours.runs), *event)) for _ in range(STARTS)]
    cpus = [run.cpu for run in runs if run.cpu is not None]
    told = [run.told for run in runs if run.told is not None]
    return First(min(run.wall for run in runs), min(cpus, default=None), min(told, default=None))


@contextmanager
def _engine() -> Generator[Docker | None]:
    try:
        holding = docker_engine()
        docker = holding.__enter__()
    except FileNotFoundError:  # `make engine` lays one out
        yield None
        return
    try:
        yield docker
    finally:
        holding.__exit__(None, None, None)


# --- a process --------------------------------------------------------------------------------------------------------


def _process(ours: Team, environment: Mapping[str, str]) -> First:
    found: list[First] = []
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "intern_action", "action"],
        cwd=ours.place,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        arrival = Arrival(lambda: found.append(First(time.monotonic() - began, _cpu(process.pid))))
        ours.github.front.onlooker = arrival
        process.wait(PATIENCE_SECONDS)
    ours.github.front.onlooker = None
    return found[0]


def _cpu(pid: int) -> float:
    with open(f"/proc/{pid}/stat", encoding="ascii") as told:  # noqa: PTH123 -- no path of the file system
        fields = told.read().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[FIELDS]) / TICKS


# --- a container ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Container:
    """Starts the image as a runner does, with the event's folder in it and on the machine's own network."""

    docker: Docker
    image: str

    def __call__(self, ours: Team, environment: Mapping[str, str]) -> First:
        machine = environment["GITHUB_EVENT_PATH"].rpartition("/")[0]
        told = {name: value for name, value in environment.items() if name not in {"PATH", "PYTHONPATH"}}
        variables = [word for name, value in told.items() for word in ("--env", f"{name}={value}")]
        mounted = ("--network", "host", "--volume", f"{machine}:{machine}")
        name = self.docker("create", *mounted, *variables, self.image, "action").stdout.strip()
        arrived: list[float] = []
        ours.github.front.onlooker = Arrival(lambda: arrived.append(time.time()))
        try:
            order = time.time()
            self.docker("start", "--attach", name, check=False)
            started = self.docker("inspect", "--format", "{{.State.StartedAt}}", name).stdout.strip()
        finally:
            ours.github.front.onlooker = None
            self.docker("rm", "--force", name, check=False)
        return First(arrived[0] - _seconds(started), told=arrived[0] - order)


def _seconds(moment: str) -> float:
    """Return a moment of the engine's (RFC 3339 with nanoseconds) as seconds since 1970."""
    day, _, part = moment.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{day}+00:00").timestamp() + float(f"0.{part or 0}")


def first_table(found: Mapping[str, First]) -> str:
    """Return the figures as a table beside their aim."""
    rows = [
        f"| {name} | {one.wall:.2f} | {_cell(one.told)} | {_cell(one.cpu)} | {AIM_S} |" for name, one in found.items()
    ]
    head = "| from the start to the first request | s | s from the order to start it | s of processor | aim |"
    return "\n".join([head, "| --- | ---: | ---: | ---: | ---: |", *rows])


def _cell(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f}"
