"""Trees as plain tables: what a commit holds, by path."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from intern_action.git.run import Git, GitFailed

COMMIT = re.compile(r"[0-9a-f]{40}")
SUBMODULE = "160000"
LINK = "120000"
NAMES_BYTES = 64 << 20
"""Some 600,000 names."""


@dataclass(frozen=True, slots=True)
class Item:
    """One path of a tree: git's mode and the object's id."""

    mode: str
    id: str


def object_id(text: str) -> str:
    """Return `text` if it is a full object id; nothing else may stand where git could read an option or a ref.

    Raises:
        GitFailed: it is not.
    """
    if not COMMIT.fullmatch(text):
        raise GitFailed(f"{text!r} is not the full id of a commit or tree (40 hex digits)")
    return text


def blob_id(content: bytes) -> str:
    """Return the id git gives a blob."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def items(git: Git, tree: str, *, env: Mapping[str, str] | None = None) -> dict[str, Item]:
    """Return every file, link and submodule of a tree or commit by path (odd bytes as surrogates)."""
    found: dict[str, Item] = {}
    listed = git.read("ls-tree", "-r", "-z", "--full-tree", object_id(tree), most_bytes=NAMES_BYTES, env=env)
    for line in listed.split(b"\0"):
        if line:
            facts, _, path = line.partition(b"\t")
            mode, _, oid = facts.decode().split(" ")
            found[path.decode("utf-8", "surrogateescape")] = Item(mode, oid)
    return found


def tree_of(git: Git, commit: str, *, env: Mapping[str, str] | None = None) -> str:
    """Return a commit's tree id."""
    return git.run("rev-parse", "--verify", f"{object_id(commit)}^{{tree}}", env=env).text


def contents(git: Git, ids: Iterable[str], *, env: Mapping[str, str] | None = None) -> dict[str, bytes]:
    """Return blobs by id; small ones, they are all held in memory."""
    wanted = sorted(set(ids))
    out = git.run("cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in wanted).encode(), env=env).out
    found: dict[str, bytes] = {}
    at = 0
    for oid in wanted:
        end = out.index(b"\n", at)
        header = out[at:end].split(b" ")
        if header[1:2] != [b"blob"]:
            raise GitFailed(f"the object {oid} is missing or not a file")
        size = int(header[2])
        found[oid] = out[end + 1 : end + 1 + size]
        at = end + 2 + size
    return found
