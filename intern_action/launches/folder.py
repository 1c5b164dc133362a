"""The folder that one launch has on this machine, named after its key: what lies in it says how far the launch came."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Generator
from pathlib import Path

from intern_action.core.errors import JobError
from intern_action.core.frozen import frozen

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


@frozen
class LaunchFolder:
    """The folder of one launch key."""

    path: Path

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        """Be the only one who begins or ends it; the kernel lets go of the lock when its holder dies."""
        with (self.path / "lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def place_of(root: Path, launch_key: str) -> Path:
    """Return where the folder of a launch key lies; JobError when the key cannot be the name of a folder."""
    if not _KEY.fullmatch(launch_key):
        raise JobError(f"{launch_key!r} cannot be a launch key here; use letters, digits, dots and dashes")
    return root / launch_key


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all; on disk when this returns."""
    new = path.with_name(f"{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
