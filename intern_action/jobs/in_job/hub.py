"""One repository of the Hub, as a job sees it: files at a revision, and commits."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import mmap
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, cast

_PIECE = 1 << 20
_TRIES, _PATIENCE = 5, 120
_MOST_INLINE, _SAMPLE = 5 << 20, 512
_PASSING = (429, 500, 502, 503, 504)


class Taken(Exception):
    """The repository is no longer at the expected commit."""


class Repository:
    """A data set repository, with the token of this job."""

    def __init__(self, endpoint: str, name: str, token: str) -> None:
        self.endpoint = endpoint.rstrip("/")
        self.name = name
        self._token = token

    # --- reading -----------------------------------------------------------------------------------------------------

    def read(self, path: str, revision: str) -> bytes | None:
        """Return a file, None when there is none."""
        where = f"{self.endpoint}/datasets/{self.name}/resolve/{revision}/{urllib.parse.quote(path)}"
        try:
            return self._ask("GET", where)
        except urllib.error.HTTPError as error:
            if error.code == 404:  # noqa: PLR2004 -- not there
                return None
            raise

    def files(self, folder: str, revision: str) -> list[str]:
        """Return the paths of all files beneath a folder; none when there is no such folder."""
        where = f"{self.endpoint}/api/datasets/{self.name}/revision/{revision}"
        told = cast("dict[str, list[dict[str, str]]]", json.loads(self._ask("GET", where)))
        names = [one["rfilename"] for one in told.get("siblings", [])]
        return [name for name in names if name.startswith(f"{folder}/")]

    # --- writing -----------------------------------------------------------------------------------------------------

    def commit(self, files: Mapping[str, bytes | Path], message: str, *, parent: str = "") -> str:
        """Add files in one commit, with `parent` only on top of exactly that one; return the new commit's id.

        Raises:
            Taken: something else stands there.
        """
        header: dict[str, object] = {"summary": message, "description": ""}
        if parent:
            header["parentCommit"] = parent
        lines: list[dict[str, object]] = [{"key": "header", "value": header}]
        large = self._large(files)
        for path, content in files.items():
            lines.append(self._stored(path, content) if path in large else _inline(path, content))
        body = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
        try:
            said = self._ask(
                "POST", self._api("commit/main"), body, "application/x-ndjson", tries=1 if parent else _TRIES
            )
        except urllib.error.HTTPError as error:
            if parent and error.code in {409, 412}:
                raise Taken(str(error)) from error
            raise
        return str(cast("dict[str, str]", json.loads(said)).get("commitOid", ""))

    def _large(self, files: Mapping[str, bytes | Path]) -> set[str]:
        """Return the paths whose content goes to the large file store; the Hub decides."""
        asked = [{"path": p, "size": _size(c), "sample": _text(_beginning(c))} for p, c in files.items()]
        body = json.dumps({"files": asked}).encode()
        said = cast("dict[str, list[dict[str, str]]]", json.loads(self._ask("POST", self._api("preupload/main"), body)))
        modes = {one["path"]: one["uploadMode"] for one in said["files"]}
        return {p for p, c in files.items() if modes.get(p) == "lfs" or _size(c) > _MOST_INLINE}

    def _stored(self, path: str, content: bytes | Path) -> dict[str, object]:
        """Put a file into the large file store, and return the line of the commit that names it."""
        oid, size = sha256_of(content), _size(content)
        ask = {
            "operation": "upload",
            "transfers": ["basic", "multipart"],
            "objects": [{"oid": oid, "size": size}],
            "hash_algo": "sha256",
            "ref": {"name": "main"},
        }
        where = f"{self.endpoint}/datasets/{self.name}.git/info/lfs/objects/batch"
        said = self._ask("POST", where, json.dumps(ask).encode(), "application/vnd.git-lfs+json")
        actions = cast("dict[str, dict[str, object]]", json.loads(said)["objects"][0].get("actions") or {})
        if "upload" in actions:
            self._send(actions["upload"], oid, content)
        if "verify" in actions:
            self._ask("POST", str(actions["verify"]["href"]), json.dumps({"oid": oid, "size": size}).encode())
        return {"key": "lfsFile", "value": {"path": path, "algo": "sha256", "oid": oid, "size": size}}

    def _send(self, upload: Mapping[str, object], oid: str, content: bytes | Path) -> None:
        """Send the bytes: in one piece, or in as many as the store asks for."""
        where, header = str(upload["href"]), cast("dict[str, str]", upload.get("header") or {})
        if "chunk_size" not in header:
            _to_store(where, _part(content, 0, _size(content)))
            return
        step = int(header["chunk_size"])
        places = [header[name] for name in sorted(filter(str.isdigit, header), key=int)]
        tags = [_to_store(place, _part(content, n * step, step)) for n, place in enumerate(places)]
        parts = [{"partNumber": n, "etag": tag} for n, tag in enumerate(tags, 1)]
        _to_store(
            where, json.dumps({"oid": oid, "parts": parts}).encode(), method="POST", kind="application/vnd.git-lfs+json"
        )

    # --- the wire ----------------------------------------------------------------------------------------------------

    def _api(self, rest: str) -> str:
        return f"{self.endpoint}/api/datasets/{self.name}/{rest}"

    def _ask(
        self, method: str, url: str, body: bytes | None = None, kind: str = "application/json", *, tries: int = _TRIES
    ) -> bytes:
        headers = {"Content-Type": kind, "Accept": kind} if body is not None else {}
        request = urllib.request.Request(url, data=body, headers=headers, method=method)  # noqa: S310 -- our endpoint
        request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        return _answered(request, tries)[0]


class _OwnHost(urllib.request.HTTPRedirectHandler):
    """Shows the token again where a redirect stays on the Hub; a store elsewhere is somebody else's and never gets it."""

    def redirect_request(  # noqa: PLR0917 -- the signature of the library
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        new = super().redirect_request(req, fp, code, msg, headers, newurl)
        if new is not None and (new.type, new.host) == (req.type, req.host):
            new.unredirected_hdrs.update(req.unredirected_hdrs)
        return new


_OPENER = urllib.request.build_opener(_OwnHost)


def _answered(request: urllib.request.Request, tries: int = _TRIES) -> tuple[bytes, Mapping[str, str]]:
    """Return body and headers; ask again while the fault may pass."""
    for left in reversed(range(tries)):
        try:
            with _OPENER.open(request, timeout=_PATIENCE) as answer:
                return answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            if error.code not in _PASSING or not left:
                raise
        except (urllib.error.URLError, http.client.HTTPException, OSError):
            if not left:
                raise
        time.sleep(2.0 ** (tries - left - 1))
    raise OSError("not asked")


def _to_store(url: str, content: bytes | memoryview, *, method: str = "PUT", kind: str = "") -> str:
    """Send something to the store, which never sees our token; return the tag that it gives."""
    headers = {"Content-Type": kind, "Accept": kind} if kind else {}
    request = urllib.request.Request(url, data=content, headers=headers, method=method)  # noqa: S310 -- the Hub named it
    return _answered(request)[1].get("ETag") or ""


def _inline(path: str, content: bytes | Path) -> dict[str, object]:
    whole = _part(content, 0, _size(content))
    return {"key": "file", "value": {"path": path, "content": _text(whole), "encoding": "base64"}}


def _text(content: bytes | memoryview) -> str:
    return base64.b64encode(content).decode()


def _size(content: bytes | Path) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _beginning(content: bytes | Path) -> bytes | memoryview:
    return _part(content, 0, _SAMPLE)


def _part(content: bytes | Path, start: int, length: int) -> bytes | memoryview:
    """Return some of it. A file is mapped, not read: weights can be larger than the memory that is left."""
    if isinstance(content, bytes):
        return content[start : start + length]
    if not _size(content):
        return b""
    with content.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))[start : start + length]


def sha256_of(content: bytes | Path) -> str:
    """Return the digest of bytes or of a file."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    digest = hashlib.sha256()
    with content.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def plain_files(folder: Path) -> Sequence[Path]:
    """Return all plain files beneath a folder, sorted; links are none."""
    found: list[Path] = []
    for here, _folders, names in os.walk(folder):
        found += [path for name in names if (path := Path(here) / name).is_file() and not path.is_symlink()]
    return sorted(found)
