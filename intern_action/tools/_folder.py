"""The files of a model or data set: a snapshot of the Hub, which is ours, or a folder of the checkout, which is not."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal, cast

from intern_action.core.errors import ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import EMPTY, JsonObject
from intern_action.shell.beneath import Beneath
from intern_action.tools._places import place

_MOST_FILES = 20_000
_SKIPPED = frozenset({".git", ".cache", "__pycache__", ".venv", "node_modules"})


@frozen
class Folder:
    """One model or data set.

    Args:
        id, revision, path, licence, gated: as in the facts; `revision` is "" for a folder of the checkout, whose tree pins it.
        beneath: opens files of a folder that the tool user can write to; None for a snapshot of ours.
        inside: where the folder lies, relative to `beneath`.
    """

    id: str
    revision: str
    path: str
    licence: str = ""
    gated: bool = False
    beneath: Beneath | None = None
    inside: str = ""

    def names(self) -> list[str]:
        """Return the paths of all files, relative, sorted; hidden folders and links to folders are left out."""
        found: list[str] = []
        for folder, folders, files in os.walk(self.path):
            folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
            found += [str(Path(folder).relative_to(self.path) / name) for name in files]
            if len(found) > _MOST_FILES:
                raise ToolFailed(
                    f"{self.id} has more than {_MOST_FILES} files; name the folder inside of it that counts"
                )
        return sorted(found)

    @contextmanager
    def open(self, name: str) -> Generator[BinaryIO]:
        """Open one file.

        Raises:
            OSError: not there, or a link out of a folder of the checkout.
        """
        if self.beneath is not None:
            with self.beneath.reading(str(PurePosixPath(self.inside) / name)) as file:
                yield file
            return
        with (Path(self.path) / name).open("rb") as file:
            yield file

    def size(self, name: str) -> int:
        """Return a file's length in bytes, 0 for one that is not there."""
        try:
            return (Path(self.path) / name).stat().st_size
        except OSError:
            return 0

    def text(self, name: str, *, most: int = 1 << 20) -> str:
        """Return the beginning of a text file, "" when it is not there or cannot be opened."""
        try:
            with self.open(name) as file:
                return file.read(most).decode("utf-8", errors="replace")
        except OSError:
            return ""

    def json(self, name: str, *, most: int = 16 << 20) -> JsonObject:
        """Return a JSON object, empty when there is none; ToolFailed for one that cannot be read."""
        text = self.text(name, most=most)
        try:
            value: object = json.loads(text) if text else {}
        except (ValueError, RecursionError) as error:
            raise ToolFailed(f"{name} of {self.id} is not JSON: {error}") from None
        return cast("JsonObject", value) if isinstance(value, dict) else EMPTY


@contextmanager
def opened(kind: Literal["model", "dataset"], name: str, revision: str, desk: Desk) -> Generator[Folder]:
    """Open a folder of the checkout when one has this name, else the repository of the Hub.

    Raises:
        ToolFailed: there is neither.
    """
    local = _local(name, desk)
    if not local:
        snapshot = desk.hub.fetch(kind, name, revision)
        yield Folder(
            id=snapshot.id,
            revision=snapshot.revision,
            path=snapshot.path,
            licence=snapshot.licence,
            gated=snapshot.gated,
        )
        return
    with place(local, desk) as (beneath, inside):
        path = str(PurePosixPath(beneath.folder) / inside)
        yield Folder(id=str(PurePosixPath(inside)), revision="", path=path, beneath=beneath, inside=inside)


def _local(name: str, desk: Desk) -> str:
    """Return the path of a folder of the checkout or scratch folder, "" when the name can only be one of the Hub."""
    pathlike = name.startswith((".", "/", "~"))
    try:
        with place(name, desk) as (folder, inside):
            if folder.is_folder(inside):
                return name
    except ToolFailed:
        return ""  # a folder elsewhere: the Hub's reader knows which of those it may read
    if pathlike:
        raise ToolFailed(f"there is no folder {name} in the checkout")
    return ""


def first(names: Iterator[str] | list[str], *wanted: str) -> str:
    """Return the first of the wanted names that is there, "" when none is."""
    there = set(names)
    return next((name for name in wanted if name in there), "")
