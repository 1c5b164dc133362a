"""Where the bytes of files are: small ones by git's id, large ones by SHA-256, each once for the whole Hub."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from .objects import Entry, blob_id
from .refusals import Refused
from .request import Body
from .store import Store, write_whole

PIECE = 1024 * 1024


class Content:
    """Both sorts, under one folder."""

    def __init__(self, store: Store) -> None:
        self._small, self._large = store.folder("content/git"), store.folder("content/lfs")

    def keep(self, data: bytes) -> Entry:
        """Keep a small file."""
        oid = blob_id(data)
        path = self._small / oid[:2] / oid
        if not path.exists():
            write_whole(path, data)
        return Entry(oid=oid, size=len(data))

    def keep_large(self, data: bytes) -> str:
        """Keep a large file that is in memory; return its digest."""
        sha256 = hashlib.sha256(data).hexdigest()
        if not self.has_large(sha256):
            write_whole(self.large_path(sha256), data)
        return sha256

    def has_large(self, sha256: str) -> bool:
        """Return whether a large file has arrived."""
        return self.large_path(sha256).exists()

    def large_path(self, sha256: str) -> Path:
        """Return where a large file is, or would be."""
        return self._large / sha256[:2] / sha256

    def path(self, entry: Entry) -> Path:
        """Return where the content of a file is."""
        return self.large_path(entry.sha256) if entry.sha256 else self._small / entry.oid[:2] / entry.oid

    def read(self, entry: Entry) -> bytes:
        """Return the content of a file."""
        return self.path(entry).read_bytes()

    def part_path(self, sha256: str, number: int) -> Path:
        """Return where one part of an upload in parts waits."""
        return self._large / "parts" / sha256 / f"{number:05d}"

    def receive(self, body: Body, size: int | None) -> Path:
        """Write what arrives into a file of its own.

        Raises:
            Refused: less arrived than was announced.
        """
        path = self._large / f".{secrets.token_hex(8)}"
        got = 0
        with path.open("wb") as file:
            while data := body.read(PIECE):
                got += file.write(data)
        if size is not None and got != size:
            path.unlink()
            raise Refused(400, "IncompleteBody: you did not provide the number of bytes specified by Content-Length")
        return path

    def settle(self, arrived: Path, sha256: str) -> None:
        """Take a received file in if it is what it should be.

        Raises:
            Refused: its digest is another.
        """
        if _digest(arrived) != sha256:
            arrived.unlink()
            raise Refused(400, "BadDigest: the SHA-256 you specified did not match what we received")
        goal = self.large_path(sha256)
        goal.parent.mkdir(parents=True, exist_ok=True)
        os.replace(arrived, goal)  # noqa: PTH105 -- the one call that says what is meant

    def keep_part(self, arrived: Path, sha256: str, number: int) -> str:
        """Take in one part of an upload in parts; return its tag."""
        goal = self.part_path(sha256, number)
        goal.parent.mkdir(parents=True, exist_ok=True)
        tag = _digest(arrived)[:32]
        os.replace(arrived, goal)  # noqa: PTH105
        return tag

    def join(self, sha256: str, numbers: list[int]) -> None:
        """Make one file of its parts."""
        parts = [self.part_path(sha256, number) for number in numbers]
        if not all(part.exists() for part in parts):
            raise Refused(400, "InvalidPart: one or more of the specified parts could not be found")
        whole = self._large / f".{secrets.token_hex(8)}"
        with whole.open("wb") as file:
            for part in parts:
                file.writelines(_pieces(part))
        for part in parts:
            part.unlink()
        self.settle(whole, sha256)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while data := file.read(PIECE):
            yield data


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
