"""The files of a sandbox: everything below one folder, with no way out of it through `..` or a link."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path
from posixpath import normpath
from threading import Lock

_PAGE = 1000


class Refused(Exception):
    """A no, with the status that tells it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Files:
    """File operations as the protocol names them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = Lock()

    def place(self, path: str) -> Path:
        """Return where a path lies; one that begins with the root itself is taken as it is.

        Raises:
            Refused: a part of it is a link.
        """
        whole = normpath("/" + path)
        inside = whole.removeprefix(str(self._root)) if f"{whole}/".startswith(f"{self._root}/") else whole
        place = self._root
        for part in Path(inside).parts[1:]:
            place /= part
            if place.is_symlink():
                raise Refused(400, f"{path}: symlinks are not followed")
        return place

    def do(self, verb: str, query: Mapping[str, str], body: bytes) -> object:
        """Carry out an operation that answers with JSON."""
        path = query.get("path", "")
        match verb:
            case "write":
                return self._write(path, query, body)
            case "list":
                return self._list(path, query.get("after", ""))
            case "stat":
                return _entry(path, self._there(path))
            case "delete":
                return self._delete(path, recursive="recursive" in query)
            case "mkdir":
                self.place(path).mkdir(parents=True, exist_ok=True)
                return {"ok": True}
            case _:
                raise Refused(404, f"no such operation: {verb}")

    def read(self, query: Mapping[str, str]) -> bytes:
        """Return a file, or a stretch of it."""
        place = self._there(query.get("path", ""))
        if not place.is_file():
            raise Refused(400, f"{query.get('path')}: not a file")
        with place.open("rb") as file:
            file.seek(int(query.get("offset", "0")))
            return file.read(int(query.get("length", "-1")))

    def _there(self, path: str) -> Path:
        place = self.place(path)
        if not place.exists():
            raise Refused(404, f"{path}: no such file or directory")
        return place

    def _write(self, path: str, query: Mapping[str, str], body: bytes) -> object:
        """Write a whole file, or a stretch of one: ranges of one file come at the same time, in any order."""
        place = self.place(path)
        with self._lock:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
        with place.open("r+b") as file:
            if "offset" not in query:
                file.truncate(0)
            file.seek(int(query.get("offset", "0")))
            file.write(body)
            file.flush()
            if "truncate_to" in query:
                file.truncate(int(query["truncate_to"]))
        if "mode" in query:
            place.chmod(int(query["mode"], 8))
        return {"written": len(body)}

    def _list(self, path: str, after: str) -> object:
        place = self._there(path)
        if not place.is_dir():
            raise Refused(400, f"{path}: not a directory")
        names = sorted(name for name in os.listdir(place) if name > after)  # noqa: PTH208 -- names are wanted, not paths
        page = [_entry(f"{path.rstrip('/')}/{name}", place / name) for name in names[:_PAGE]]
        return {"entries": page, "next": names[_PAGE - 1] if len(names) > _PAGE else None}

    def _delete(self, path: str, *, recursive: bool) -> object:
        place = self._there(path)
        if place == self._root:
            raise Refused(400, "the root stays")
        if not place.is_dir():
            place.unlink()
        elif recursive:
            shutil.rmtree(place)
        elif any(place.iterdir()):
            raise Refused(400, f"{path}: directory not empty")
        else:
            place.rmdir()
        return {"ok": True}


def _entry(path: str, place: Path) -> dict[str, object]:
    about = place.lstat()
    kind = "symlink" if place.is_symlink() else "dir" if place.is_dir() else "file"
    return {
        "name": place.name,
        "path": path,
        "type": kind,
        "size": about.st_size,
        "mtime_ms": int(about.st_mtime * 1000),
        "mode": f"{stat.S_IMODE(about.st_mode):04o}",
    }
