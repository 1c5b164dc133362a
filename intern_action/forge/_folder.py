"""Files that several processes write: one lock for the folder, and a file is its old self or its new self, never half."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from intern_action.core.errors import ForgeError


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder a local forge lives in."""

    path: Path

    def make(self) -> None:
        """Make it with its sub-folders. Raises ForgeError when it cannot be written."""
        try:
            for name in ("issues", "pulls", "checks"):
                (self.path / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ForgeError(f"{self.path} cannot be made ({error.strerror}); name a folder we may write") from error

    @contextmanager
    def locked(self) -> Generator[None]:
        """Hold the folder's lock; others wait."""
        self.make()
        with (self.path / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield  # closing the file lets go of the lock

    def read(self, name: str) -> str | None:
        """Return a file's text, line ends as they are, None when there is no such file.

        Raises:
            ForgeError: it cannot be read, or is not UTF-8.
        """
        try:
            return (self.path / name).read_bytes().decode()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise ForgeError(f"{self.path / name} is not UTF-8 text ({error.reason} at byte {error.start})") from error
        except OSError as error:
            raise ForgeError(f"{self.path / name} cannot be read: {error.strerror}") from error

    def write(self, name: str, text: str) -> None:
        """Put a file in place at once, on disk when this returns.

        Raises:
            ForgeError: it cannot be written; the old file is untouched.
        """
        target = self.path / name
        try:
            self._replace(target, text)
        except OSError as error:
            raise ForgeError(f"{target} cannot be written: {error.strerror}") from error

    def _replace(self, target: Path, text: str) -> None:
        with tempfile.NamedTemporaryFile("wb", dir=target.parent, prefix=".new-", delete=False) as new:
            try:
                new.write(text.encode())
                new.flush()
                os.fsync(new.fileno())
                Path(new.name).chmod(0o644)
                Path(new.name).replace(target)
            except OSError:
                Path(new.name).unlink(missing_ok=True)
                raise
        handle = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def numbers(self, kind: str) -> tuple[int, ...]:
        """Return the numbers of all pages of a kind (`issues`, `pulls`), ascending."""
        folder = self.path / kind
        stems = [file.stem for file in folder.glob("*.md")] if folder.is_dir() else []
        return tuple(sorted(int(stem) for stem in stems if stem.isdecimal()))
