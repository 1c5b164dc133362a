"""The Hub as a folder: nothing to sign up for. `LocalHub` reads it, `LocalHubWriter` writes it."""

from __future__ import annotations

from pathlib import Path

from intern_action.core.errors import HubError, ToolFailed
from intern_action.core.ports import HubSnapshot, Uploaded
from intern_action.hub._cache import Cache
from intern_action.hub._names import Kind, NotHere, hint, near
from intern_action.hub._shelf import Shelf, ShelfRepository, Stored
from intern_action.hub._source import Source
from intern_action.hub._taken import take


class LocalHub:
    """A `HubReader` over a folder in the Hub's layout (`_shelf.py` says how it looks).

    Args:
        root: that folder; only people and control write to it.
        cache: the shared cache, as HF_HUB_CACHE.
    """

    def __init__(self, root: str, cache: str) -> None:
        self._shelf = Shelf(root)
        self._cache = Cache(cache)

    @property
    def cache(self) -> str:
        """The folder to name as HF_HUB_CACHE."""
        return str(self._cache.root)

    def fetch(self, kind: Kind, repository: str, revision: str = "") -> HubSnapshot:
        """Return the snapshot of a revision, of the newest one when none is given.

        Raises:
            ToolFailed: there is no such repository or revision, or it may not be used; near misses are named.
        """
        found = self._shelf.repository(kind, repository)
        if found is None:
            raise NotHere(f"there is no {kind} {repository} in {self._shelf.root}{hint(self.near(kind, repository))}")
        stored = _at(found, kind, repository, revision)
        return take(kind, repository, stored, self._cache)

    def near(self, kind: Kind, repository: str) -> tuple[str, ...]:
        """Return names of repositories here that come near one."""
        return near(repository, self._shelf.names(kind))


class LocalHubWriter:
    """A `HubWriter` over the same folder; keeps every revision that ever stood there."""

    def __init__(self, root: str) -> None:
        self._shelf = Shelf(root)

    def head(self, kind: Kind, repository: str) -> str | None:
        """Return the revision that stands there, None for a new repository."""
        found = self._shelf.repository(kind, repository)
        stored = found.head() if found else None
        return stored.revision if stored else None

    def found(self, kind: Kind, repository: str, *, mark: str) -> Uploaded | None:
        """Return the upload whose message ends with the line `mark`, None when there is none."""
        place = self._shelf.repository(kind, repository)
        revision = place.marked(mark) if place else None
        return _uploaded(place, repository, revision) if place and revision else None

    def upload(self, kind: Kind, repository: str, folder: str, *, message: str, parent: str | None) -> Uploaded:
        """Upload a folder as the newest revision on top of `parent`; the same content again changes nothing.

        Raises:
            HubError: something else stands there, or the folder has no files or holds links.
        """
        source = Source(folder=Path(folder).resolve(), strict=True)
        try:
            if not source.sizes():
                raise HubError(f"{folder} holds no files; nothing was uploaded to {repository}")
            place = self._shelf.place(kind, repository)
            revision = place.add(source, message=message, parent=parent)
        except ToolFailed as failure:
            raise HubError(str(failure)) from failure
        except OSError as error:
            raise HubError(f"{repository} could not be written beneath {self._shelf.root}: {error}") from error
        return _uploaded(place, repository, revision)


def _uploaded(place: ShelfRepository, repository: str, revision: str) -> Uploaded:
    return Uploaded(repository=repository, revision=revision, url=(place.folder / "snapshots" / revision).as_uri())


def _at(found: ShelfRepository, kind: Kind, repository: str, revision: str) -> Stored:
    stored = found.at(revision)
    if stored is not None:
        return stored
    if not revision:
        raise ToolFailed(f"the {kind} {repository} is empty: {found.folder} holds no files")
    there = ", ".join(one[:12] for one in found.revisions()[-5:]) or "only the newest"
    raise ToolFailed(f"the {kind} {repository} has no revision {revision}; there is: {there}")
