"""Opens files beneath a folder that somebody hostile can write to, without ever leaving the folder.

Every component is opened relative to the one before with O_NOFOLLOW; a symbolic link is read and walked by us, so it may
lead around inside the folder and never out of it. Hard links to other people's files are refused (openat(2), symlink(7)).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from types import TracebackType
from typing import BinaryIO, Self

_MOST_LINKS = 40


class Outside(OSError):
    """The path leads out of the folder, or to something that is not a plain file of its owner."""


class Beneath:
    """One folder, held open. Paths are relative to it, or absolute and inside of it.

    Args:
        folder: an absolute path; it and what is above it is ours, what lies in it is not.
    """

    def __init__(self, folder: str) -> None:
        self.folder = os.path.realpath(folder)
        self._named = os.path.abspath(folder)
        self._fd = os.open(self.folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._owner = os.fstat(self._fd).st_uid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._fd)

    def relative(self, path: str) -> str | None:
        """Return `path` relative to the folder, None when it names another place."""
        if not os.path.isabs(path):
            return path
        for folder in (self._named, self.folder):
            if path == folder or path.startswith(folder.rstrip("/") + "/"):
                return path[len(folder) :].strip("/") or "."
        return None

    @contextmanager
    def reading(self, path: str) -> Generator[BinaryIO]:
        """Open a plain file for reading.

        Raises:
            Outside: it leads out, or is no plain file, or is somebody else's and not for everybody to read.
            OSError: it is not there, or is a folder.
        """
        with self._parent(path) as (parent, name):
            fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
            with os.fdopen(fd, "rb") as file:
                self._check(os.fstat(fd), path, world=stat.S_IROTH)
                yield file

    def write(self, path: str, data: bytes, *, executable: bool | None = None) -> bool:
        """Write a whole file, with the folders above it, owned by the folder's owner; return whether it was new.

        The new content stands under a temporary name before it takes the old one's place. Its mode stays what it was, or
        is set with `executable`.
        """
        with self._parent(path, make=True) as (parent, name):
            mode = self._mode_of(name, parent, path)
            temporary = f".{name[:100]}.{os.urandom(4).hex()}.new"
            fd = os.open(
                temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=parent
            )
            try:
                with os.fdopen(fd, "wb") as file:
                    file.write(data)
                    self._hand_over(fd)
                    os.fchmod(fd, (mode or 0o644) if executable is None else 0o755 if executable else 0o644)
                os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
            except OSError:
                os.unlink(temporary, dir_fd=parent)
                raise
        return mode is None

    def create(self, path: str) -> int:
        """Make a new file in place of what stands there and return its descriptor; everybody may read it."""
        with self._parent(path, make=True) as (parent, name):
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=parent)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            return os.open(name, flags, 0o644, dir_fd=parent)

    def remove(self, path: str) -> None:
        """Take a file or link away, with the folders that are empty then. No error when it is not there."""
        with suppress(FileNotFoundError, NotADirectoryError), self._parent(path) as (parent, name):
            os.unlink(name, dir_fd=parent)
        above = os.path.dirname(self._inside(path))
        with suppress(OSError):  # a folder that is not empty stays
            while above:
                with self._parent(above) as (parent, name):
                    os.rmdir(name, dir_fd=parent)
                above = os.path.dirname(above)

    def make_way(self, path: str) -> None:
        """Take away whatever keeps a plain file from standing at `path`: links, pipes, files where a folder belongs."""
        folder = os.dup(self._fd)
        try:
            parts = [part for part in self._inside(path).split("/") if part not in {"", "."}]
            for part, wanted in zip(parts, [*(stat.S_IFDIR for _ in parts[1:]), stat.S_IFREG], strict=True):
                found = _kind(part, folder)
                if found is not None and found not in {wanted, stat.S_IFDIR}:
                    os.unlink(part, dir_fd=folder)
                if found != stat.S_IFDIR:
                    return
                deeper = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
                os.close(folder)
                folder = deeper
        finally:
            os.close(folder)

    def make_folder(self, path: str) -> None:
        """Make a folder, with those above it, owned by the folder's owner."""
        with self._parent(path, make=True) as (parent, name):
            os.mkdir(name, 0o755, dir_fd=parent)
            fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
            try:
                self._hand_over(fd)
            finally:
                os.close(fd)

    def list(self, path: str) -> list[str]:
        """Return the names in a folder, folders with a slash, sorted."""
        with self._parent(path) as (parent, name):
            fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
            try:
                with os.scandir(fd) as found:
                    return sorted(f"{one.name}/" if one.is_dir(follow_symlinks=False) else one.name for one in found)
            finally:
                os.close(fd)

    def is_folder(self, path: str) -> bool:
        """Whether a folder stands there."""
        try:
            with self._parent(path) as (parent, name):
                return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
        except OSError:
            return False

    @contextmanager
    def _parent(self, path: str, *, make: bool = False) -> Generator[tuple[int, str]]:
        """Walk to the folder that holds the last component; links are walked too."""
        with ExitStack() as held:
            walk = _Walk(self._fd, held)
            yield walk.to(self._inside(path), make=make, made=self._hand_over)

    def _inside(self, path: str) -> str:
        relative = self.relative(path)
        if relative is None:
            raise Outside(errno.EXDEV, f"{path} is not in {self.folder}")
        return relative

    def _mode_of(self, name: str, parent: int, path: str) -> int | None:
        try:
            found = os.stat(name, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return None
        self._check(found, path, world=stat.S_IWOTH)
        return stat.S_IMODE(found.st_mode) & 0o777

    def _check(self, found: os.stat_result, path: str, *, world: int) -> None:
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, f"{path} is a folder")
        if not stat.S_ISREG(found.st_mode):
            raise Outside(errno.EINVAL, f"{path} is not a plain file")
        if found.st_uid != self._owner and not found.st_mode & world:
            raise Outside(errno.EACCES, f"{path} belongs to somebody else")

    def _hand_over(self, fd: int) -> None:
        if os.geteuid() == 0:
            os.fchown(fd, self._owner, self._owner)


def _kind(name: str, folder: int) -> int | None:
    """Return what stands in an open folder under a name, None for nothing."""
    try:
        return stat.S_IFMT(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return None


class _Walk:
    """A walk down from one folder; `..` goes back along the way it came, so never above the start."""

    def __init__(self, start: int, held: ExitStack) -> None:
        self._way = [start]
        self._held = held
        self._links = 0

    def to(self, path: str, *, make: bool, made: Callable[[int], None]) -> tuple[int, str]:
        """Return (descriptor of the last folder, last name), with every link on the way resolved."""
        left = [part for part in reversed(path.split("/")) if part not in {"", "."}]
        while left:
            part = left.pop()
            if part == "..":
                self._back(path)
            elif (target := self._link(part)) is not None:
                left += self._target(target, path)
            elif not left:
                return self._way[-1], part
            else:
                self._down(part, make=make, made=made)
        return self._way[-1], "."

    def _back(self, path: str) -> None:
        if len(self._way) == 1:
            raise Outside(errno.EXDEV, f"{path} leads out of the folder")
        self._way.pop()

    def _link(self, part: str) -> str | None:
        try:
            return os.readlink(part, dir_fd=self._way[-1])
        except OSError as error:
            if error.errno in {errno.EINVAL, errno.ENOENT}:
                return None
            raise

    def _target(self, target: str, path: str) -> list[str]:
        self._links += 1
        if self._links > _MOST_LINKS or target.startswith("/"):
            raise Outside(errno.ELOOP, f"{path} is a link that leads out of the folder")
        return [part for part in reversed(target.split("/")) if part not in {"", "."}]

    def _down(self, part: str, *, make: bool, made: Callable[[int], None]) -> None:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        new = False
        if make:
            try:
                os.mkdir(part, 0o755, dir_fd=self._way[-1])
                new = True
            except FileExistsError:
                pass
        fd = os.open(part, flags, dir_fd=self._way[-1])
        self._held.callback(os.close, fd)
        self._way.append(fd)
        if new:
            made(fd)
