"""Folders of this machine as models and data sets: `./data/mails`, or a path that a person gave.

They go into the shared cache like everything else, under `local/<name of the folder>` and a revision told by their content:
a job elsewhere on this machine finds exactly these bytes, whatever becomes of the folder meanwhile.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from intern_action.core.errors import HubError, ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import HubSnapshot
from intern_action.hub._cache import Cache
from intern_action.hub._names import Kind
from intern_action.hub._shelf import Stored
from intern_action.hub._source import Source, revision_of
from intern_action.hub._taken import take

_SAY_NOTHING = frozenset({"model", "models", "data", "dataset", "datasets", "snapshots", "output", "files", "/"})
_COMMIT = re.compile(r"[0-9a-f]{40}")

_AROUND = "'\"`()[]<>.,;:!?"
"""What stands around a path in a sentence and is not of it."""


@frozen
class Root:
    """A folder beneath which folders may be named.

    Args:
        folder: an absolute path.
        strict: whether the tool user can write there (the checkout): then no link is followed.
    """

    folder: str
    strict: bool


class Folders:
    """A `HubReader` over folders. What is not beneath one of the roots is not read: the model names paths, too.

    Args:
        roots: the first one is what relative paths are relative to.
        cache: the shared cache, as HF_HUB_CACHE.
    """

    def __init__(self, roots: tuple[Root, ...], cache: str) -> None:
        self._roots = roots
        self._cache = Cache(cache)

    @property
    def cache(self) -> str:
        """The folder to name as HF_HUB_CACHE."""
        return str(self._cache.root)

    def knows(self, name: str) -> bool:
        """Whether a name is that of a folder or a file here; a path that begins like one always is."""
        return looks_like_a_path(name) or self._beneath(name) is not None

    def fetch(self, kind: Kind, repository: str, revision: str = "") -> HubSnapshot:
        """Return the folder as it is now.

        Raises:
            ToolFailed: it is not there, may not be read, is not what was asked for, or has another revision by now.
        """
        source = self._found(repository)
        if source is None:
            raise ToolFailed(self._nothing(repository))
        sizes = source.sizes()
        if not sizes:
            raise ToolFailed(f"{repository} holds no files")
        digests = {name: source.digest(name) for name in sizes}
        now = revision_of(digests)
        if revision not in {"", "main", now}:
            raise ToolFailed(f"{repository} is at {now} by now, not at {revision}; its files have changed")
        stored = Stored(revision=now, source=source, digests=digests, sizes=sizes)
        return take(kind, local_name(source.folder), stored, self._cache)

    def _found(self, name: str) -> Source | None:
        """Return a folder beneath a root; of several roots the strictest one counts."""
        path = self._beneath(name)
        if path is None or not path.is_dir():
            return None
        return Source(folder=path, strict=any(root.strict for root in self._over(path)))

    def _beneath(self, name: str) -> Path | None:
        """Return what a name leads to, if that is there and beneath a root."""
        if "\0" in name or not self._roots or not name:
            return None
        path = (Path(self._roots[0].folder) / name).resolve()
        there = os.path.exists(path)  # noqa: PTH110 -- Path.exists raises when a model writes a name of 5,000 letters
        return path if there and self._over(path) else None

    def _over(self, path: Path) -> list[Root]:
        return [root for root in self._roots if path.is_relative_to(Path(root.folder).resolve())]

    def _nothing(self, name: str) -> str:
        if self._beneath(name) is not None:
            return f"{name} is a file; name the folder that it lies in: {Path(name).parent!s}"
        readable = ", ".join(root.folder for root in self._roots) or "no folder"
        return f"there is no folder {name} that may be read here; read are folders beneath {readable}"


def content_of(folder: str) -> str:
    """Return the revision of a folder's files, told by their content; "" when there are none.

    Raises:
        HubError: it holds links, or cannot be read.
    """
    source = Source(folder=Path(folder).resolve(), strict=True)
    if not source.folder.is_dir():
        return ""
    try:
        digests = {name: source.digest(name) for name in source.sizes()}
    except (OSError, ToolFailed) as failure:
        raise HubError(f"{folder} cannot be uploaded: {failure}") from failure
    return revision_of(digests) if digests else ""


def looks_like_a_path(name: str) -> bool:
    """Whether a name can only be a path."""
    return name.startswith(("/", "./", "../", "~")) or name in {".", ".."}


def paths_in(words: str) -> tuple[str, ...]:
    """Return the absolute paths that a person's words name, in order: what somebody at this machine asked for may be read."""
    found = (word.strip(_AROUND) for word in words.split())
    return tuple(dict.fromkeys(word for word in found if word.startswith("/") and word.strip("/")))


def local_name(folder: Path) -> str:
    """Return the name of a folder as a repository: `local/` and the last name on its way that says something."""
    saying = next(
        (part for part in reversed(folder.parts) if part not in _SAY_NOTHING and not _COMMIT.fullmatch(part)), ""
    )
    plain = re.sub(r"[^A-Za-z0-9_.]+|\.\.+", "-", re.sub(r"^(?:model|dataset)s--", "", saying))
    return f"local/{re.sub(r'-+', '-', plain).strip('-.')[:80].rstrip('-.') or 'folder'}"
