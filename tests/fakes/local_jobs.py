"""A workshop for local jobs: a real repository with scripts, real archives of it, and the backend over the real shell."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

from intern_action.core.ports import JobOrder
from intern_action.core.types import Flavor, JobRef, JobSpec, JobStage, JobStatus
from intern_action.jobs._backend import Supplies
from intern_action.jobs.local import LocalJobs
from intern_action.shell.tool_shell import ToolShell, make_shell

_DEEDS = frozenset(
    {
        "os.mkdir",
        "os.rename",
        "os.remove",
        "os.rmdir",
        "os.chmod",
        "os.chown",
        "os.symlink",
        "fcntl.flock",
        "subprocess.Popen",
    }
)
"""What changes the world, in the words of Python's audit events; besides, opening a file for writing does."""

FLAVOR = Flavor(name="local-cpu", title="this machine", usd_per_hour=Decimal("0.36"), memory_gb=Decimal(4))


class MachineClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Return the aware time, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Let seconds pass."""
        time.sleep(seconds)


@dataclass(kw_only=True)
class Workshop:
    """Everything a local job needs, beneath one folder."""

    place: Path
    shell: ToolShell
    memory_mb: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    python: str = sys.executable

    @property
    def repository(self) -> Path:
        """The work tree whose commits become orders."""
        return self.place / "repository"

    @property
    def notes(self) -> Path:
        """A folder that jobs may write to and nobody clears."""
        return self.place / "notes"

    @property
    def root(self) -> Path:
        """Where the jobs lie."""
        return self.place / "jobs"

    def jobs(self, own: Callable[[str], None] | None = None) -> LocalJobs:
        """Return a backend, as each new process of ours would build it."""
        return LocalJobs(self.supplies(own))

    def supplies(self, own: Callable[[str], None] | None = None) -> Supplies:
        """Return what the backend is built from."""
        return Supplies(
            root=str(self.root),
            shell=self.shell,
            own=own or self.shell.own,
            clock=MachineClock(),
            flavors={FLAVOR.name: FLAVOR},
            cache=str(self.place / "cache"),
            python=self.python,
            memory_mb=self.memory_mb,
            environment=self.environment,
        )

    def order(self, script: str, *, key: str = "intern-1-1", spec: JobSpec | None = None, minutes: int = 2) -> JobOrder:
        """Commit `script` as train.py and return the order to run that commit."""
        (self.repository / "train.py").write_text(script, encoding="utf-8")
        tree = self.commit()
        archive = self.place / f"{key}.tar"
        self.git("archive", "--output", str(archive), "HEAD")
        wanted = spec or JobSpec(script="train.py")
        return JobOrder(spec=wanted, launch_key=key, archive=str(archive), tree=tree, timeout_minutes=minutes)

    def commit(self) -> str:
        """Commit everything and return the tree id."""
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "--message", "work")
        return self.git("rev-parse", "HEAD^{tree}")

    def git(self, *words: str) -> str:
        """Run git in the repository."""
        nobody = ("-c", "user.name=ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main")
        done = subprocess.run(
            ("git", *nobody, *words),
            cwd=self.repository,
            check=True,
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.place), "GIT_CONFIG_NOSYSTEM": "1"},
        )
        return done.stdout.strip()

    def end_of(self, ref: JobRef, *, within_seconds: float = 20) -> JobStatus:
        """Wait for a job to end, and collect it."""
        self.until(lambda: self.jobs().status(ref).stage.final, within_seconds=within_seconds)
        return self.jobs().collect(ref)

    def until_running(self, ref: JobRef, said: str = "") -> None:
        """Wait until a job runs and has said something."""
        jobs = self.jobs()
        self.until(lambda: jobs.status(ref).stage is JobStage.RUNNING and said in jobs.logs(ref))

    def until(self, wanted: Callable[[], bool], *, within_seconds: float = 20) -> None:
        """Wait for something to become true."""
        deadline = time.monotonic() + within_seconds
        while not wanted():
            if time.monotonic() > deadline:
                raise TimeoutError("it did not happen")
            time.sleep(0.02)


def make_workshop(place: Path) -> Workshop:
    """Return a workshop with an empty repository."""
    place.mkdir(parents=True, exist_ok=True)
    workshop = Workshop(place=place, shell=shell_of(place))
    workshop.repository.mkdir()
    workshop.notes.mkdir()
    workshop.shell.own(str(workshop.notes))
    workshop.git("init", "--quiet")
    return workshop


def shell_of(place: Path) -> ToolShell:
    """Return the shell of a workshop, the same in each process."""
    return make_shell(session="workshop", home=str(place / "home"), writable=(str(place / "notes"),))


def main(place: str, order: str, kill_at: str) -> None:
    """Launch one order in a process of its own, and die at the `kill_at`-th thing it does to the world."""
    workshop = Workshop(place=Path(place), shell=shell_of(Path(place)))
    words = cast("dict[str, str]", json.loads(order))
    left = [int(kill_at)]

    def count(event: str, arguments: tuple[object, ...]) -> None:
        writes = (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        )
        if writes or event in _DEEDS:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    wanted = JobOrder(spec=JobSpec(script="train.py"), timeout_minutes=2, **words)  # pyright: ignore[reportArgumentType]
    sys.addaudithook(count)
    workshop.jobs().launch(wanted)


if __name__ == "__main__":
    main(*sys.argv[1:])
