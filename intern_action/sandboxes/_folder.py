"""A local sandbox is a folder; what lies in it says how far the sandbox came.

lock          held while it is begun or ended; the kernel lets go of it when the holder dies
order.json    what was asked for
machine/      what the sandbox's user sees and writes; gone when it has ended
git/          ours: which names git would ignore in its workspace
started       when it began and when it ends; from here on it costs
ended         when it ended; from here on nothing of it runs
processes/    one folder a command that runs on its own: pid, status.json, log.txt
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import cast

from intern_action.core.frozen import frozen
from intern_action.core.types import JobRef
from intern_action.launches.folder import LaunchFolder, place_of, write_whole

NAME = "local"


@frozen
class Times:
    """When a sandbox began, and when its lease is up."""

    started_at: datetime
    ends_at: datetime


@frozen
class ProcessFolder:
    """A command that runs on its own."""

    path: Path

    @property
    def pid_file(self) -> str:
        """Written by its supervisor."""
        return str(self.path / "pid")

    @property
    def status_file(self) -> str:
        """Written by its supervisor, when it is over."""
        return str(self.path / "status.json")

    @property
    def log(self) -> Path:
        """Everything it printed."""
        return self.path / "log.txt"


@frozen
class SandboxFolder(LaunchFolder):
    """The folder of one launch key."""

    @property
    def machine(self) -> Path:
        """What the sandbox's user sees."""
        return self.path / "machine"

    @property
    def workspace(self) -> Path:
        """Where work lies, as we see it."""
        return self.machine / "workspace"

    @property
    def git(self) -> Path:
        """Our git directory for its workspace."""
        return self.path / "git"

    @property
    def ref(self) -> JobRef:
        """How it is named."""
        return JobRef(backend=NAME, id=self.path.name, launch_key=self.path.name)

    @property
    def times(self) -> Times | None:
        """When it began and ends, None for one that never began."""
        try:
            raw = cast("dict[str, str]", json.loads((self.path / "started").read_text("utf-8")))
        except FileNotFoundError:
            return None
        return Times(**{name: datetime.fromisoformat(raw[name]) for name in ("started_at", "ends_at")})

    @property
    def ended_at(self) -> datetime | None:
        """When it was ended, None for one that nobody has ended."""
        try:
            return datetime.fromisoformat((self.path / "ended").read_text("utf-8").strip())
        except FileNotFoundError:
            return None

    def write_started(self, times: Times) -> None:
        """Say that it began: from here on it costs."""
        raw = {"started_at": times.started_at.isoformat(), "ends_at": times.ends_at.isoformat()}
        write_whole(self.path / "started", json.dumps(raw) + "\n")

    def write_ended(self, at: datetime) -> None:
        """Say that it ended."""
        write_whole(self.path / "ended", f"{at.isoformat()}\n")

    def processes(self) -> Iterator[ProcessFolder]:
        """Yield every command that was started in it, oldest first."""
        folder = self.path / "processes"
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            yield ProcessFolder(path=path)

    def process(self, name: str) -> ProcessFolder | None:
        """Return a command by name."""
        return next((one for one in self.processes() if one.path.name == name), None)

    def new_process(self) -> ProcessFolder:
        """Make the folder of one more command."""
        made = ProcessFolder(path=self.path / "processes" / f"p{1 + sum(1 for _ in self.processes()):03}")
        made.path.mkdir(parents=True)
        return made

    def clear(self) -> None:
        """Remove what an earlier, killed beginning left, or what an ended sandbox wrote. The lock is held."""
        for here in (self.machine, self.git):
            shutil.rmtree(here, ignore_errors=True)


def folder_of(root: Path, launch_key: str) -> SandboxFolder:
    """Return the folder of a launch key; JobError when the key cannot be the name of a folder."""
    return SandboxFolder(path=place_of(root, launch_key))
