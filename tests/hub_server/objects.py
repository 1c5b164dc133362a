"""Blobs, trees and commits, named as git names them, so that every id a client sees is the one git would give."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from .fields import Fields

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One file of a commit."""

    oid: str
    """The blob's id; of a large file, the id of its pointer."""
    size: int
    sha256: str = ""
    """Only of a large file: where its content is."""

    @property
    def etag(self) -> str:
        """What its content is known by."""
        return self.sha256 or self.oid


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """One commit with the whole of its tree."""

    id: str
    parents: Sequence[str]
    title: str
    message: str
    author: str
    date: str
    files: Mapping[str, Entry]

    def document(self) -> Mapping[str, object]:
        """Return it as the store keeps it."""
        files = {path: [one.oid, one.size, one.sha256] for path, one in self.files.items()}
        about = {"id": self.id, "parents": list(self.parents), "title": self.title, "message": self.message}
        return {**about, "author": self.author, "date": self.date, "files": files}

    @classmethod
    def read(cls, kept: Fields) -> Commit:
        """Read what `document` wrote."""
        files: dict[str, Entry] = {}
        for path, values in kept.fields("files").values.items():
            match values:
                case [str(oid), int(size), str(sha256)]:
                    files[path] = Entry(oid=oid, size=size, sha256=sha256)
                case _:
                    raise ValueError(f"{path}: not an entry")
        return cls(
            id=kept.text("id"),
            parents=kept.texts("parents"),
            title=kept.text("title"),
            message=kept.text("message"),
            author=kept.text("author"),
            date=kept.text("date"),
            files=files,
        )


def blob_id(data: bytes) -> str:
    """Return git's id of a file."""
    return _hash("blob", data)


def pointer(sha256: str, size: int) -> bytes:
    """Return what git holds in place of a large file."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


def large(sha256: str, size: int) -> Entry:
    """Return the entry of a large file."""
    return Entry(oid=blob_id(pointer(sha256, size)), size=size, sha256=sha256)


def folders(files: Mapping[str, Entry]) -> Mapping[str, str]:
    """Return every folder with its tree's id; the root is the empty name."""
    inside: dict[str, dict[str, Entry | None]] = {"": {}}
    for path, entry in files.items():
        parts = path.split("/")
        for depth in range(1, len(parts)):
            parent, name = "/".join(parts[: depth - 1]), parts[depth - 1]
            inside[parent][name] = None
            inside.setdefault("/".join(parts[:depth]), {})
        inside["/".join(parts[:-1])][parts[-1]] = entry
    ids: dict[str, str] = {}
    for folder in sorted(inside, key=lambda name: -len(name.split("/")) if name else 0):
        ids[folder] = _tree_id(_lines(folder, inside[folder], ids))
    return ids


def commit_id(files: Mapping[str, Entry], parents: Iterable[str], author: str, date: str, words: str) -> str:
    """Return git's id of a commit."""
    seconds = int(datetime.fromisoformat(date).timestamp())
    who = f"{author} <{author}@users.noreply.example.com> {seconds} +0000"
    lines = [f"tree {folders(files)['']}", *(f"parent {one}" for one in parents), f"author {who}", f"committer {who}"]
    return _hash("commit", "\n".join([*lines, "", words, ""]).encode())


def _lines(folder: str, names: Mapping[str, Entry | None], ids: Mapping[str, str]) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for name, entry in names.items():
        if entry is None:
            found.append((name + "/", "40000", ids[f"{folder}/{name}" if folder else name]))
        else:
            found.append((name, "100644", entry.oid))
    return sorted(found, key=lambda line: line[0].encode())


def _tree_id(lines: Iterable[tuple[str, str, str]]) -> str:
    data = b"".join(f"{mode} {name.removesuffix('/')}\0".encode() + bytes.fromhex(oid) for name, mode, oid in lines)
    return _hash("tree", data)


def _hash(kind: str, data: bytes) -> str:
    return hashlib.sha1(f"{kind} {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()
