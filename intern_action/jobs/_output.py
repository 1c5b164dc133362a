"""What a job left on the Hub, brought home: each file is the one the job listed, or it is left out and named."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from intern_action.jobs._seal import seal
from intern_action.jobs._staging import OUTPUT, Staging
from intern_action.launches.claim import Standing
from intern_action.launches.folder import write_whole

_PIECE = 1 << 20


def bring_home(staging: Staging, standing: Standing, result: Mapping[str, object], place: Path) -> tuple[str, ...]:
    """Bring the output to `place/output`; return what was left out. May be repeated.

    What is there at the end is ours, plain, and of exactly the sizes and digests that the job told.
    """
    mark, home = place / "collected", place / OUTPUT
    if mark.exists():
        lines = mark.read_text("utf-8").splitlines()
        if lines and lines[0] == standing.head and home.is_dir():
            return tuple(lines[1:])
    fresh = place / "fresh"
    for old in (fresh, home):
        shutil.rmtree(old, ignore_errors=True)
    fresh.mkdir(parents=True)
    staging.download(standing, fresh)
    (fresh / OUTPUT).mkdir(exist_ok=True)
    left_out = (*seal(fresh / OUTPUT), *_not_as_told(fresh / OUTPUT, result))
    (fresh / OUTPUT).rename(home)
    shutil.rmtree(fresh)
    write_whole(mark, "\n".join((standing.head, *left_out)))
    return left_out


def _not_as_told(folder: Path, result: Mapping[str, object]) -> tuple[str, ...]:
    """Remove what the job did not list, and return it with what is listed and not there, or another."""
    wanted = _listed(result)
    wrong: list[str] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and wanted.pop(name, "") != _digest(path):
            path.unlink()
            # a checkpoint of the time while it ran, which the script has removed since, is nothing to speak of
            wrong += [] if name.startswith("checkpoint") else [name]
    return (*wrong, *sorted(wanted))


def _listed(result: Mapping[str, object]) -> dict[str, str]:
    """Return path to digest as the job told it; the job ran what a model wrote, so this may be anything."""
    told = result.get("files")
    listing = cast("dict[str, object]", told) if isinstance(told, dict) else {}
    found: dict[str, str] = {}
    for name, about in listing.items():
        match about:
            case {"sha256": str(digest)}:
                found[name.removeprefix(f"{OUTPUT}/")] = digest
            case _:
                pass
    return found


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
