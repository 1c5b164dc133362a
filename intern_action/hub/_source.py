"""A folder that is read into the cache: listed, weighed and opened without being led astray.

Folders that the tool user can write to are read strictly: no link is followed, and every step of a path is opened from the
one before (openat(2)), so nothing can be swapped under our hands. In folders that only people write to, links to files are
followed: the Hub's own cache is made of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Generator, Mapping
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from intern_action.core.errors import ToolFailed
from intern_action.core.frozen import frozen

_SKIPPED = frozenset({".git", ".cache", ".locks", "__pycache__", ".venv", "node_modules", ".DS_Store"})
_MOST_FILES = 20_000
_PIECE = 1 << 20


@frozen
class Source:
    """One folder.

    Args:
        folder: where it lies; it and what is above it is ours.
        strict: whether somebody hostile can write inside.
    """

    folder: Path
    strict: bool

    def sizes(self) -> Mapping[str, int]:
        """Return every plain file, relative, with its length in bytes.

        Raises:
            ToolFailed: a link in a strict folder, or more files than anybody would mean.
        """
        found: dict[str, int] = {}
        for here, folders, files, fd in os.fwalk(self.folder, follow_symlinks=False):
            folders[:] = sorted(name for name in folders if name not in _SKIPPED)
            inside = PurePosixPath(here).relative_to(self.folder)
            for name in sorted({*files} - _SKIPPED):
                size = self._size(name, fd, str(inside / name))
                if size is not None:
                    found[str(inside / name)] = size
            if len(found) > _MOST_FILES:
                raise ToolFailed(
                    f"{self.folder} has more than {_MOST_FILES} files; name the folder inside of it that counts"
                )
        return found

    @contextlib.contextmanager
    def opened(self, name: str) -> Generator[BinaryIO]:
        """Open one of the listed files."""
        held: list[int] = [os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
        try:
            *folders, last = PurePosixPath(name).parts
            for folder in folders:
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
                held.append(os.open(folder, flags, dir_fd=held[-1]))
            follow = os.O_NOFOLLOW if self.strict else 0
            fd = os.open(last, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | follow, dir_fd=held[-1])
            with os.fdopen(fd, "rb") as file:
                yield file
        finally:
            for fd in held:
                os.close(fd)

    def text(self, name: str) -> str:
        """Return a text file."""
        with self.opened(name) as file:
            return file.read().decode("utf-8", errors="replace")

    def digest(self, name: str) -> str:
        """Return the SHA-256 of one of the listed files."""
        digest = hashlib.sha256()
        with self.opened(name) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
        return digest.hexdigest()

    def copy(self, name: str, target: Path) -> str:
        """Copy one of the listed files to a new file; return the SHA-256 of what was copied."""
        digest = hashlib.sha256()
        with self.opened(name) as file, target.open("xb") as copy:
            while piece := file.read(_PIECE):
                digest.update(piece)
                copy.write(piece)
        return digest.hexdigest()

    def _size(self, name: str, folder: int, path: str) -> int | None:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISLNK(found.st_mode):
            if self.strict:
                raise ToolFailed(f"{path} in {self.folder} is a link; put the file itself there")
            found = os.stat(name, dir_fd=folder)
        return found.st_size if stat.S_ISREG(found.st_mode) else None


def revision_of(digests: Mapping[str, str]) -> str:
    """Return the revision of files by names and SHA-256: 40 hex digits, as the Hub's commits have. Equal content, equal id."""
    lines = "".join(f"{digests[name]} {name}\n" for name in sorted(digests))
    return hashlib.sha256(lines.encode("utf-8", errors="surrogateescape")).hexdigest()[:40]
