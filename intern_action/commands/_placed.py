"""Files put into somebody's repository: compared first, then all of them written or none, and never through a link."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from intern_action.core.errors import Misconfigured
from intern_action.core.frozen import frozen


@frozen
class Placed:
    """A file, and how what is there differs from it: "" where it is new or the same."""

    path: str
    new: bool
    difference: str = ""


def differences(top: Path, files: Mapping[str, bytes]) -> tuple[Placed, ...]:
    """Return how each file differs from what is there.

    Raises:
        Misconfigured: a place is a link, or no plain file.
    """
    return tuple(_compared(_place(top, path), path, content) for path, content in files.items())


def place(top: Path, files: Mapping[str, bytes]) -> None:
    """Write every file beside its place first, and put them there when all are written.

    Raises:
        Misconfigured: one cannot be written; everything is as it was then.
    """
    ready: dict[Path, Path] = {}
    before: dict[Path, bytes | None] = {}
    try:
        for path, content in files.items():
            target = _place(top, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            ready[target] = _beside(target, content)
        for target, written in ready.items():
            old = target.read_bytes() if target.exists() else None
            written.replace(target)
            before[target] = old
    except OSError as error:
        _put_back(before)
        raise Misconfigured(
            f"{error.filename or top} cannot be written ({error.strerror}); nothing was changed"
        ) from error
    finally:
        for written in ready.values():
            with suppress(FileNotFoundError):
                written.unlink()


def _put_back(before: Mapping[Path, bytes | None]) -> None:
    for target, content in before.items():
        if content is None:
            target.unlink()
        else:
            target.write_bytes(content)


def _beside(target: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        os.fchmod(file.fileno(), 0o644)
    return Path(name)


def _place(top: Path, path: str) -> Path:
    """Return where a file goes; every folder on the way has to be one."""
    here = top
    *folders, name = path.split("/")
    for folder in folders:
        here /= folder
        if here.is_symlink() or (here.exists() and not here.is_dir()):
            raise Misconfigured(f"{here} is a link or no folder, so nothing was written; make it a folder")
    target = here / name
    if target.is_symlink() or (target.exists() and not target.is_file()):
        raise Misconfigured(f"{target} is a link or no file, so nothing was written; take it away")
    return target


def _compared(target: Path, path: str, content: bytes) -> Placed:
    if not target.exists():
        return Placed(path=path, new=True)
    there = target.read_bytes()
    if there == content:
        return Placed(path=path, new=False)
    lines = difflib.unified_diff(_lines(there), _lines(content), f"{path} (there)", f"{path} (ours)", lineterm="")
    return Placed(path=path, new=False, difference="\n".join(lines) or "(the bytes differ, the lines do not)")


def _lines(content: bytes) -> list[str]:
    return content.decode("utf-8", errors="replace").splitlines()
