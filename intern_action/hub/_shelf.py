"""A folder in the Hub's layout, with the revisions each repository had.

    <root>/models/<owner>/<name>/config.json …              files somebody put there: one revision, told by their content
    <root>/models/<owner>/<name>/refs/main                  once something was uploaded: the newest revision
    <root>/models/<owner>/<name>/snapshots/<revision>/…     every revision, as files
    <root>/models/<owner>/<name>/log.jsonl                  revision, parent and message of each upload, oldest first
    <root>/datasets/…                                       the same

A revision's name is told by its content, so a file changed by hand is another revision and nobody can take it for the old one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path

from intern_action.core.errors import HubError
from intern_action.core.frozen import frozen
from intern_action.hub._names import Kind, check_id
from intern_action.hub._source import Source, revision_of

_OURS = frozenset({"refs", "snapshots", "log.jsonl", "lock"})


@frozen
class Stored:
    """One revision of a repository, as files with their SHA-256."""

    revision: str
    source: Source
    digests: Mapping[str, str]
    sizes: Mapping[str, int]


@frozen
class Logged:
    """One line of the log: what was uploaded, over what, with which words."""

    revision: str
    parent: str | None
    message: str


class Shelf:
    """All repositories beneath one folder."""

    def __init__(self, root: str) -> None:
        self.root = Path(root)

    def names(self, kind: Kind) -> tuple[str, ...]:
        """Return every repository of a kind, sorted."""
        return tuple(sorted(self._names(kind)))

    def repository(self, kind: Kind, name: str) -> ShelfRepository | None:
        """Return a repository, None when it is not here.

        Raises:
            ToolFailed: the name cannot be one.
        """
        found = self.place(kind, name)
        return found if found.folder.is_dir() else None

    def place(self, kind: Kind, name: str) -> ShelfRepository:
        """Return where a repository lies or would lie."""
        check_id(name)
        return ShelfRepository(folder=self.root / f"{kind}s" / name)

    def _names(self, kind: Kind) -> Iterator[str]:
        for owner in _folders(self.root / f"{kind}s"):
            for one in _folders(owner):
                yield f"{owner.name}/{one.name}"


@frozen
class ShelfRepository:
    """One repository."""

    folder: Path

    def head(self) -> Stored | None:
        """Return what stands there now, None for a folder without files."""
        newest = self._main()
        if newest:
            return _stored(self.folder / "snapshots" / newest)
        found = _stored(self.folder)
        return found if found.digests else None

    def at(self, revision: str) -> Stored | None:
        """Return one revision, None when it is not kept."""
        kept = self.folder / "snapshots" / revision
        if revision in self.revisions():
            return _stored(kept)
        head = self.head()
        return head if head is not None and revision in {"", "main", head.revision} else None

    def revisions(self) -> tuple[str, ...]:
        """Return the revisions that are kept, the newest upload last."""
        uploaded = [line.revision for line in self._logged()]
        if not uploaded:
            return ()
        there = {one.name for one in _folders(self.folder / "snapshots")}
        return tuple(dict.fromkeys([*sorted(there - {*uploaded}), *(name for name in uploaded if name in there)]))

    def marked(self, mark: str) -> str | None:
        """Return the revision of the upload whose message ends with this line, None when there was none.

        An upload is done when it stands there or something was put on top of it: its line in the log comes before that.
        """
        logged = self._logged()
        done = {self._main(), *(line.parent for line in logged)}
        ours = (line for line in logged if line.message.rsplit("\n", 1)[-1] == mark and line.revision in done)
        return next((line.revision for line in ours), None)

    def add(self, source: Source, *, message: str, parent: str | None) -> str:
        """Make a folder's files the newest revision, on top of `parent`; return it.

        Raises:
            HubError: something else stands there. ToolFailed: the folder holds links.
        """
        with self._locked():
            head = self.head()
            standing = head.revision if head else None
            if standing != parent:
                raise HubError(
                    f"{self.folder} is at {standing or 'nothing'}, not at {parent or 'nothing'}: somebody wrote there meanwhile; "
                    "nothing was uploaded"
                )
            if head is not None:
                self._keep(head.source, head.revision)  # files that lay there plainly are kept as a revision, too
            revision = _stored_from(source).revision
            self._keep(source, revision)
            self._log(revision, parent, message)
            _write_whole(self.folder / "refs" / "main", revision)
            self._tidy()
            return revision

    def _main(self) -> str:
        try:
            return (self.folder / "refs" / "main").read_text("utf-8").strip()
        except FileNotFoundError:
            return ""

    def _keep(self, source: Source, revision: str) -> None:
        """Store a revision whole, under its name."""
        final = self.folder / "snapshots" / revision
        if final.is_dir():
            return
        new = self.folder / "snapshots" / f".new-{secrets.token_hex(8)}"
        new.mkdir(parents=True)
        try:
            for name in _stored_from(source).digests:
                (new / name).parent.mkdir(parents=True, exist_ok=True)
                source.copy(name, new / name)
            new.rename(final)
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def _logged(self) -> list[Logged]:
        """Return the uploads, oldest first."""
        try:
            lines = (self.folder / "log.jsonl").read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [Logged(**json.loads(line)) for line in lines]

    def _log(self, revision: str, parent: str | None, message: str) -> None:
        line = json.dumps({"revision": revision, "parent": parent, "message": message})
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(line + "\n")

    def _tidy(self) -> None:
        """Remove files that lay there plainly: from now on `refs/main` says what stands there, and they are kept below it."""
        for one in list(self.folder.iterdir()):
            if one.name in _OURS:
                continue
            if one.is_dir() and not one.is_symlink():
                shutil.rmtree(one)
            else:
                one.unlink()

    @contextlib.contextmanager
    def _locked(self) -> Generator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _stored(folder: Path) -> Stored:
    return _stored_from(Source(folder=folder, strict=False))


def _stored_from(source: Source) -> Stored:
    sizes = {name: size for name, size in source.sizes().items() if name.split("/")[0] not in _OURS}
    digests = {name: source.digest(name) for name in sizes}
    return Stored(revision=revision_of(digests), source=source, digests=digests, sizes=sizes)


def _folders(parent: Path) -> list[Path]:
    try:
        return sorted(one for one in parent.iterdir() if one.is_dir() and not one.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _write_whole(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
