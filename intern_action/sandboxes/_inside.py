"""The hands we have inside of a sandbox on the Hub: this file's text, run there by its own Python. It prints one JSON object.

It needs the standard library alone, imports nothing that lies beside it, and works in the folder it is started in. Whoever owns
the sandbox may answer in its place, so what it says is a stranger's word: it is read as such.

    states     every plain file below, with git's id of its bytes; the ignore rules; names that are something else
    make-way   takes away what keeps a plain file from standing at a path
    remove     takes a file away, with the folders that are empty then
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import cast

_KEPT = "../.intern/states.json"
_YOUNG_NS = 2_000_000_000
_PIECE = 1 << 20


class Look:
    """One look at the folder.

    Args:
        known: paths that are entered and named whatever they are called.
        skipped: names of folders that nobody asks about.
        most_bytes: of a file that is read; a larger one has the id "".
    """

    def __init__(self, known: Sequence[str], skipped: Sequence[str], *, most_bytes: int) -> None:
        self._known = {above for path in known for above in _above(path)}
        self._skipped = {*skipped, ".git"}
        self._most = most_bytes
        self._began_ns = time.time_ns()
        self._kept = _kept()
        self.files: dict[str, tuple[str, bool]] = {}
        self.rules: dict[str, str] = {}
        self.odd: list[str] = []
        self._keep: dict[str, Sequence[object]] = {}

    def all(self) -> dict[str, object]:
        """Look at everything."""
        for here, folders, names in os.walk("."):
            folder = os.path.relpath(here)
            prefix = "" if folder == "." else f"{folder}/"
            links = [name for name in folders if os.path.islink(prefix + name)]
            folders[:] = [name for name in folders if name not in links and self._enters(name, prefix + name)]
            for name in (*names, *links):
                with suppress(OSError, UnicodeEncodeError):
                    self._look(name, prefix)
        with suppress(OSError):
            os.makedirs(os.path.dirname(_KEPT), exist_ok=True)
            with open(_KEPT, "w", encoding="utf-8") as file:
                json.dump(self._keep, file)
        return {"files": self.files, "rules": self.rules, "odd": self.odd}

    def _enters(self, name: str, path: str) -> bool:
        return name not in self._skipped or path in self._known

    def _look(self, name: str, prefix: str) -> None:
        path = prefix + name
        path.encode()  # a name that is no text is nobody's
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode):
            self.odd.append(path)
            return
        self.files[path] = (self._id(path, found), bool(found.st_mode & stat.S_IXUSR))
        if name == ".gitignore" and found.st_size <= _PIECE:
            with open(path, encoding="utf-8", errors="replace") as file:
                self.rules[prefix.rstrip("/")] = file.read()

    def _id(self, path: str, found: os.stat_result) -> str:
        if found.st_size > self._most:
            return ""
        key = [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
        before = self._kept.get(path)
        identity = str(before[-1]) if before and list(before[:-1]) == key else _blob(path, found.st_size)
        if found.st_ctime_ns < self._began_ns - _YOUNG_NS:  # it could have changed again under the same key otherwise
            self._keep[path] = [*key, identity]
        return identity


def make_way(path: str) -> None:
    """Take away links, pipes, and files where a folder belongs."""
    parts = [part for part in path.split("/") if part not in {"", "."}]
    for depth in range(1, len(parts) + 1):
        place = "/".join(parts[:depth])
        try:
            kind = stat.S_IFMT(os.lstat(place).st_mode)
        except FileNotFoundError:
            return
        if kind not in {stat.S_IFDIR, stat.S_IFREG if depth == len(parts) else stat.S_IFDIR}:
            os.unlink(place)
            return


def remove(path: str) -> None:
    """Take a file or link away; no error when it is not there."""
    with suppress(FileNotFoundError, NotADirectoryError):
        os.unlink(path)
    above = os.path.dirname(path)
    with suppress(OSError):  # a folder that is not empty stays
        while above:
            os.rmdir(above)
            above = os.path.dirname(above)


def _blob(path: str, size: int) -> str:
    """Return git's id of a file's bytes."""
    digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with open(path, "rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def _kept() -> dict[str, list[object]]:
    try:
        with open(_KEPT, encoding="utf-8") as file:
            return cast("dict[str, list[object]]", json.load(file))
    except (OSError, ValueError):
        return {}


def main(verb: str, asked: Mapping[str, object]) -> dict[str, object]:
    """Do one thing and return what there is to say."""
    if verb == "states":
        known, skipped = cast("list[str]", asked["known"]), cast("list[str]", asked["skipped"])
        return Look(known, skipped, most_bytes=int(str(asked["most_bytes"]))).all()
    (make_way if verb == "make-way" else remove)(str(asked["path"]))
    return {}


if __name__ == "__main__":
    json.dump(main(sys.argv[1], json.load(sys.stdin)), sys.stdout)
