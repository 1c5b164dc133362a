"""Reads a work tree that somebody hostile writes to at the same time.

Every step down is an open relative to the folder above with O_NOFOLLOW, so a folder that is swapped for a symlink in the
middle of the walk is an error and not a way out; a file is looked at again after it was opened (a FIFO would block, a device
would answer). Git itself never walks the tree.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

Key: TypeAlias = tuple[int, int, int, int, int]
"""Mode, inode, change time in ns, modification time in ns, size: when it is the same, the file is the same."""

LINK_BYTES = 4096


class Unreadable(Exception):
    """A file that cannot be recorded, and why. Answered inside this package."""


@dataclass(frozen=True, slots=True)
class Content:
    """What was read, and the key at the time of reading."""

    key: Key
    data: bytes

    @property
    def mode(self) -> str:
        """Git's mode of the file or link."""
        if stat.S_ISLNK(self.key[0]):
            return "120000"
        return "100755" if self.key[0] & stat.S_IXUSR else "100644"


def key_of(facts: os.stat_result) -> Key:
    """Return what tells one state of a file from the next."""
    return (facts.st_mode, facts.st_ino, facts.st_ctime_ns, facts.st_mtime_ns, facts.st_size)


@contextmanager
def folder(root: str, path: str) -> Generator[int]:
    """Open a folder below `root`, component by component, following no link.

    Raises:
        OSError: it is gone, or no longer a folder.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(root, flags)
    try:
        for part in path.split("/") if path else ():
            deeper = os.open(part, flags, dir_fd=handle)
            os.close(handle)
            handle = deeper
        yield handle
    finally:
        os.close(handle)


def names(root: str, path: str) -> dict[str, Key]:
    """Return what lies in a folder, by path from `root`; what vanishes meanwhile is left out. OSError as `folder`."""
    found: dict[str, Key] = {}
    prefix = f"{path}/" if path else ""
    with folder(root, path) as handle, os.scandir(handle) as entries:
        for entry in entries:
            try:
                found[prefix + entry.name] = key_of(entry.stat(follow_symlinks=False))
            except FileNotFoundError:
                continue
    return found


def read(root: str, path: str, *, limit: int) -> Content:
    """Return a file's bytes or a link's target.

    A second name (hard link) of a file of somebody other than the tree's owner is not read: root would read it for them.

    Args:
        root: the tree.
        path: below it.
        limit: most bytes.

    Raises:
        Unreadable: gone, too large, neither file nor link, not the owner's to read.
    """
    above, _, name = path.rpartition("/")
    try:
        with folder(root, above) as handle:
            facts = os.stat(name, dir_fd=handle, follow_symlinks=False)
            if stat.S_ISLNK(facts.st_mode):
                return Content(key_of(facts), _target(handle, name))
            return _read_file(handle, name, limit, os.lstat(root).st_uid)
    except OSError as error:
        raise Unreadable(error.strerror or "cannot be read") from error


def _target(handle: int, name: str) -> bytes:
    target = os.fsencode(os.readlink(name, dir_fd=handle))
    if len(target) >= LINK_BYTES:
        raise Unreadable("is a link with too long a target")
    return target


def _read_file(handle: int, name: str, limit: int, owner: int) -> Content:
    opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, dir_fd=handle)
    with os.fdopen(opened, "rb", buffering=0) as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise Unreadable("is neither a file nor a link")
        if facts.st_nlink > 1 and facts.st_uid != owner:
            raise Unreadable("is another name of a file that belongs to somebody else")
        if facts.st_size > limit:
            raise Unreadable(f"is larger than {limit:,} bytes")
        data = _up_to(file.fileno(), limit + 1)
        if len(data) > limit:
            raise Unreadable(f"is larger than {limit:,} bytes")
        return Content(key_of(facts), data)


def _up_to(handle: int, count: int) -> bytes:
    """Read until the end or `count` bytes; a file may grow under our eyes."""
    parts: list[bytes] = []
    while count > 0 and (part := os.read(handle, min(count, 1 << 20))):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
