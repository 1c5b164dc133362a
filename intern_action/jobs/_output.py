"""What a job left on the Hub, brought home: each file is the one the job listed, or it is left out and named."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from intern_action.jobs._seal import seal
from intern_action.jobs._staging import OUTPUT, RESULT, Staging
from intern_action.launches.claim import Standing
from intern_action.launches.folder import write_whole

_PIECE = 1 << 20


class Home:
    """Where the results of one launch lie on this machine.

    collected      the commit they were brought from, then a line for each file that was left out
    result.json    how the job said it ended
    output/        its files

    Args:
        place: the folder of the launch.
    """

    def __init__(self, place: Path) -> None:
        self.output = place / OUTPUT
        self._place = place
        self._mark, self._result = place / "collected", place / RESULT

    @property
    def is_here(self) -> bool:
        """Whether a job that ended was collected here, and what it left is here still."""
        return self._mark.exists() and (self.output.is_dir() or not self._result.exists())

    def holds(self, head: str) -> bool:
        """Whether what is here is what stands at this commit."""
        return self.is_here and self._lines()[0] == head

    def told(self) -> Mapping[str, object]:
        """Return how the job said it ended, {} when it said nothing or was not collected here."""
        if not self.is_here or not self._result.exists():
            return {}
        return cast("dict[str, object]", json.loads(self._result.read_text("utf-8")))

    def bring(self, staging: Staging, standing: Standing, result: Mapping[str, object]) -> tuple[str, ...]:
        """Bring the output here; return what was left out. May be repeated.

        What is there at the end is ours, plain, and of exactly the sizes and digests that the job told.
        """
        if self.holds(standing.head):
            return self.left_out()
        fresh = self._place / "fresh"
        for old in (fresh, self.output):
            shutil.rmtree(old, ignore_errors=True)
        fresh.mkdir(parents=True)
        staging.download(standing, fresh)
        (fresh / OUTPUT).mkdir(exist_ok=True)
        left_out = (*seal(fresh / OUTPUT), *_not_as_told(fresh / OUTPUT, result))
        (fresh / OUTPUT).rename(self.output)
        shutil.rmtree(fresh)
        write_whole(self._result, json.dumps(result))
        write_whole(self._mark, "\n".join((standing.head, *left_out)))
        return left_out

    def note_nothing(self, head: str) -> None:
        """Note of a job that ended that it left nothing to bring."""
        self._place.mkdir(parents=True, exist_ok=True)
        write_whole(self._mark, head)

    def left_out(self) -> tuple[str, ...]:
        """Return what was left out when the output was brought here."""
        return tuple(self._lines()[1:])

    def _lines(self) -> Sequence[str]:
        return self._mark.read_text("utf-8").splitlines() or [""]


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
