"""Results of a sandbox, brought here by control: plain files of one folder, under names that a stranger chose."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from intern_action.core.errors import ToolFailed
from intern_action.core.ports import SandboxDoor, SandboxFiles
from intern_action.core.types import JobRef
from intern_action.shell.beneath import Outside

MOST_FILES = 10_000
MOST_BYTES = 64 << 30


def pull(door: SandboxDoor, sandbox: JobRef, folder: str, target: Path) -> str:
    """Copy a folder of a sandbox to `target`; return where it lies, "" when it is not there or the sandbox is not.

    What is a link there, or more than anybody would upload, does not come.
    """
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    try:
        with door.opened(sandbox) as files:
            if not files.is_folder(folder):
                return ""
            left = MOST_BYTES
            for path in _plain(files, folder.rstrip("/")):
                left -= _copy(files, path, target / path.removeprefix(f"{folder.rstrip('/')}/"), most=left)
    except (ToolFailed, OSError):
        return ""
    return str(target) if any(target.iterdir()) else ""


def _plain(files: SandboxFiles, folder: str) -> Iterator[str]:
    """Yield the paths below a folder, as the sandbox tells them."""
    left, seen = [folder], 0
    while left:
        here = left.pop()
        for name in files.list(here):
            bare = name.rstrip("/")
            seen += 1
            if seen > MOST_FILES:
                raise ToolFailed(f"{folder} holds more than {MOST_FILES:,} files")
            if bare in {"", ".", ".."} or "/" in bare or "\0" in bare:
                continue
            if name.endswith("/"):
                left.append(f"{here}/{bare}")
            else:
                yield f"{here}/{bare}"


def _copy(files: SandboxFiles, path: str, target: Path, *, most: int) -> int:
    """Copy one file; return its size. What is a link, or went away meanwhile, is left out."""
    try:
        with files.reading(path) as source:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as copy:
                shutil.copyfileobj(source, copy)
    except (FileNotFoundError, Outside):
        return 0
    size = target.stat().st_size
    if size > most:
        raise ToolFailed("that is more than can be brought here")
    return size
