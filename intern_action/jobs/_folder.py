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

import json
import shutil
from pathlib import Path, PurePosixPath
from typing import cast

from intern_action.core.digests import plain
from intern_action.core.errors import JobError
from intern_action.core.frozen import frozen
from intern_action.core.ports import JobOrder
from intern_action.launches.folder import LaunchFolder, place_of, write_whole

_OURS = frozenset({"lock", "order.json", "tree", "started", "pid", "log.txt", "status.json", "cancelled"})


@frozen
class JobFolder(LaunchFolder):
    """The folder of one launch key."""

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
    return JobFolder(path=place_of(root, launch_key))


def check_output(name: str) -> None:
    """Refuse an output folder that leaves the job's folder or takes the place of something of ours."""
    parts = PurePosixPath(name).parts
    if not parts or PurePosixPath(name).is_absolute() or ".." in parts or parts[0] in _OURS or "\0" in name:
        raise JobError(f"{name!r} cannot be the output folder of a job; use a plain name such as `output`")
