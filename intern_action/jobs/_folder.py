"""A local job is a folder; what lies in it says how far the job came.

lock          held while the job is being started; the kernel lets go of it when the starter dies
order.json    what was asked for
tree/         the approved commit, unpacked and counted again; the job reads it and cannot write it
started       written right before the process is started: from here on it may run, and is never started again
pid           written by the supervisor once the command runs
log.txt       everything the job printed
status.json   written by the supervisor when everything is over
cancelled     it was cancelled before it was started
output/       what the job wrote (named by the order)
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
from collections.abc import Generator
from pathlib import Path, PurePosixPath
from typing import cast

from intern_action.core.digests import plain
from intern_action.core.errors import JobError
from intern_action.core.frozen import frozen
from intern_action.core.ports import JobOrder

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_OURS = frozenset({"lock", "order.json", "tree", "started", "pid", "log.txt", "status.json", "cancelled"})


@frozen
class JobFolder:
    """The folder of one launch key."""

    path: Path

    @property
    def tree(self) -> Path:
        """The approved commit."""
        return self.path / "tree"

    @property
    def started(self) -> Path:
        """The mark after which the job may run."""
        return self.path / "started"

    @property
    def cancelled(self) -> Path:
        """The mark that it is never to be started."""
        return self.path / "cancelled"

    @property
    def pid_file(self) -> str:
        """Written by the supervisor."""
        return str(self.path / "pid")

    @property
    def status_file(self) -> str:
        """Written by the supervisor."""
        return str(self.path / "status.json")

    @property
    def log(self) -> Path:
        """Everything the job printed."""
        return self.path / "log.txt"

    @property
    def output(self) -> Path:
        """Where the job writes, as its order says."""
        order = cast("dict[str, dict[str, str]]", json.loads((self.path / "order.json").read_text("utf-8")))
        return self.path / order["spec"]["output"]

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        """Be the only one who starts this job or keeps it from starting."""
        with (self.path / "lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def write_order(self, order: JobOrder) -> None:
        """Keep what was asked for, for people and for `output`."""
        write_whole(self.path / "order.json", json.dumps(plain(order), indent=2) + "\n")

    def empty(self) -> None:
        """Remove what an earlier, killed start left. Only called while the lock is held and `started` is not there."""
        for here in list(self.path.iterdir()):
            if here.is_dir() and not here.is_symlink():
                shutil.rmtree(here)
            elif here.name != "lock":
                here.unlink()


def folder_of(root: Path, launch_key: str) -> JobFolder:
    """Return the folder of a launch key; JobError when the key cannot be the name of a folder."""
    if not _KEY.fullmatch(launch_key):
        raise JobError(f"{launch_key!r} cannot be a launch key here; use letters, digits, dots and dashes")
    return JobFolder(path=root / launch_key)


def check_output(name: str) -> None:
    """Refuse an output folder that leaves the job's folder or takes the place of something of ours."""
    parts = PurePosixPath(name).parts
    if not parts or PurePosixPath(name).is_absolute() or ".." in parts or parts[0] in _OURS or "\0" in name:
        raise JobError(f"{name!r} cannot be the output folder of a job; use a plain name such as `output`")


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all; on disk when this returns."""
    new = path.with_name(f"{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
