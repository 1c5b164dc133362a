"""What is kept: JSON documents in tables, and files by digest, under one folder. It survives a restart."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from threading import RLock
from urllib.parse import quote, unquote

from .fields import Fields


class Table:
    """Documents by key, one file each, all of them in memory as well.

    Hold `lock` for whatever reads and then writes. A document is replaced whole; never change one that was handed out.
    """

    def __init__(self, folder: Path) -> None:
        self.lock = RLock()
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._documents = {unquote(path.stem): _load(path) for path in sorted(folder.glob("*.json"))}

    def get(self, key: str) -> Fields | None:
        """Return a document, None when there is none."""
        with self.lock:
            found = self._documents.get(key)
        return None if found is None else Fields(found)

    def put(self, key: str, document: Mapping[str, object]) -> None:
        """Keep a document, on the disk first."""
        with self.lock:
            write_whole(self._path(key), json.dumps(document, ensure_ascii=False).encode())
            self._documents[key] = dict(document)

    def delete(self, key: str) -> bool:
        """Forget a document; return whether it was there."""
        with self.lock:
            there = self._documents.pop(key, None) is not None
            self._path(key).unlink(missing_ok=True)
        return there

    def items(self) -> list[tuple[str, Fields]]:
        """Return every key with its document, in the order they were made."""
        with self.lock:
            return [(key, Fields(document)) for key, document in self._documents.items()]

    def _path(self, key: str) -> Path:
        return self._folder / f"{quote(key, safe='')}.json"


class Store:
    """The folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = RLock()
        self._tables: dict[str, Table] = {}

    def table(self, name: str) -> Table:
        """Return the table of that name; it may have slashes."""
        with self._lock:
            if name not in self._tables:
                self._tables[name] = Table(self.root / "tables" / name)
            return self._tables[name]

    def drop(self, name: str) -> None:
        """Forget a table with everything in it."""
        with self._lock:
            self._tables.pop(name, None)
            shutil.rmtree(self.root / "tables" / name, ignore_errors=True)

    def folder(self, name: str) -> Path:
        """Return a folder for an area's own files."""
        path = self.root / name
        path.mkdir(parents=True, exist_ok=True)
        return path


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name[:60]}.{secrets.token_hex(8)}")
    fresh.write_bytes(data)
    os.replace(fresh, path)  # noqa: PTH105 -- the one call that says what is meant


def _load(path: Path) -> dict[str, object]:
    return dict(Fields.parse(path.read_bytes()).values)
