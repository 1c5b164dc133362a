"""A small Hub that really listens: what reading needs, answered as huggingface.co answers it.

The official client is the judge of it. It knows repository information, file trees, search, and `resolve` with ETag and commit
headers, where large files are redirected to a storage address as Git LFS files are.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_reading_token_of_the_tests"
_LARGE = (".safetensors", ".bin", ".parquet", ".gguf")


@dataclass(frozen=True, kw_only=True)
class Repository:
    """One repository at one commit."""

    kind: str
    id: str
    files: Mapping[str, bytes]
    card: Mapping[str, object] = field(default_factory=dict[str, object])
    gated: str | bool = False
    private: bool = False
    status: int = 200

    @property
    def sha(self) -> str:
        """The commit: told by the content here."""
        content = json.dumps([[name, _blob_id(data)] for name, data in sorted(self.files.items())])
        return _blob_id(content.encode())


class HubServer:
    """The repositories, and everything that was asked (method, path, token)."""

    def __init__(self) -> None:
        self.repositories: list[Repository] = []
        self.asked: list[tuple[str, str, str]] = []
        self.endpoint = ""
        self.storage = ""

    def add(self, repository: Repository) -> str:
        """Put a repository there, or a newer commit of it; return the commit."""
        self.repositories.append(repository)
        return repository.sha

    def find(self, kind: str, name: str, revision: str = "main") -> Repository | None:
        """Return a repository at a revision, None when it is not there."""
        named = [one for one in self.repositories if (one.kind, one.id) == (kind, name)]
        if revision == "main":
            return named[-1] if named else None
        return next((one for one in named if one.sha == revision), None)

    def downloads(self) -> list[str]:
        """Return the names of the files whose content was fetched, sorted."""
        found = [
            path
            for method, path, _ in self.asked
            if method == "GET" and ("/resolve/" in path or path.startswith("/storage/"))
        ]
        return sorted({unquote(path.rpartition("/")[2]) for path in found})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: HubServer

    def do_GET(self) -> None:
        self._route()

    def do_HEAD(self) -> None:
        self._route()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the standard library's own name
        """Say nothing."""

    @property
    def token(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def _route(self) -> None:
        url = urlsplit(self.path)
        self.hub.asked.append((self.command, self.path, self.token))
        if url.path.startswith("/storage/"):
            self._storage(url.path)
        elif self.token not in {"", TOKEN}:
            self._refuse(401, "", "Invalid credentials in Authorization header")
        elif url.path in {"/api/models", "/api/datasets"}:
            self._search(url.path[5:-1], parse_qs(url.query))
        elif found := re.fullmatch(r"/api/(model|dataset)s/([^/]+/[^/]+)(?:/(revision|tree)/([^/]+))?", url.path):
            self._information(*found.groups())
        elif found := re.fullmatch(r"/(datasets/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)", url.path):
            self._file("dataset" if found[1] else "model", found[2], found[3], unquote(found[4]))
        else:
            self._refuse(404, "", f"no such address: {url.path}")

    def _search(self, kind: str, query: Mapping[str, list[str]]) -> None:
        word, author = query.get("search", [""])[0].lower(), query.get("author", [""])[0]
        fits = [one.id for one in self.hub.repositories if one.kind == kind and word in one.id.lower()]
        names = {name for name in fits if not author or name.startswith(f"{author}/")}
        self._json([{"id": name, "_id": name, "private": False} for name in sorted(names)])

    def _information(self, kind: str, name: str, what: str | None, revision: str | None) -> None:
        repository = self._repository(kind, name, revision or "main", content=what == "tree")
        if repository is None:
            return
        if what == "tree":
            self._json([{"type": "file", **_entry(path, data)} for path, data in sorted(repository.files.items())])
            return
        siblings = [{"rfilename": path, "size": len(data)} for path, data in sorted(repository.files.items())]
        about = {"id": name, "sha": repository.sha, "gated": repository.gated, "private": repository.private}
        self._json({**about, "siblings": siblings, "cardData": dict(repository.card), "tags": [], "_id": "1"})

    def _file(self, kind: str, name: str, revision: str, path: str) -> None:
        repository = self._repository(kind, name, revision, content=True)
        if repository is None:
            return
        if path not in repository.files:
            self._refuse(404, "EntryNotFound", "Entry not found")
            return
        data = repository.files[path]
        headers = {"X-Repo-Commit": repository.sha}
        if path.endswith(_LARGE):
            digest = hashlib.sha256(data).hexdigest()
            headers |= {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(data))}
            self._answer(
                302, b"", {**headers, "Location": f"{self.hub.storage}/storage/{digest}/{path.rpartition('/')[2]}"}
            )
        else:
            self._answer(200, data, {**headers, "ETag": f'"{_blob_id(data)}"'})

    def _storage(self, path: str) -> None:
        digest = path.split("/")[2]
        for repository in self.hub.repositories:
            for data in repository.files.values():
                if hashlib.sha256(data).hexdigest() == digest:
                    self._answer(200, data, {"ETag": f'"{digest}"'})
                    return
        self._refuse(404, "", "not in the storage")

    def _repository(self, kind: str, name: str, revision: str, *, content: bool) -> Repository | None:
        """Return what may be seen; answer with the Hub's refusal otherwise."""
        newest = self.hub.find(kind, name)
        found = self.hub.find(kind, name, revision)
        if newest is None or (newest.private and self.token != TOKEN):
            status = 404 if self.token else 401
            self._refuse(
                status, "RepoNotFound", "Repository not found" if self.token else "Invalid username or password."
            )
        elif newest.status != 200:
            self._refuse(newest.status, "", "something broke")
        elif newest.gated and content and self.token != TOKEN:
            self._refuse(401, "GatedRepo", f"Access to {kind} {name} is restricted.")
        elif found is None:
            self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return found if newest is not None and self._allowed(newest, content=content) else None

    def _allowed(self, newest: Repository, *, content: bool) -> bool:
        hidden = (newest.private or (newest.gated and content)) and self.token != TOKEN
        return not hidden and newest.status == 200

    def _refuse(self, status: int, code: str, message: str) -> None:
        headers = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
        self._answer(status, json.dumps({"error": message}).encode(), {**headers, "Content-Type": "application/json"})

    def _json(self, value: object) -> None:
        self._answer(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


def _entry(path: str, data: bytes) -> dict[str, object]:
    entry: dict[str, object] = {"path": path, "size": len(data), "oid": _blob_id(data)}
    if path.endswith(_LARGE):
        entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
    return entry


def _blob_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


@contextmanager
def hub_server() -> Generator[HubServer]:
    """Listen on a free port of this machine for the length of the block."""
    hub = HubServer()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    hub.storage = f"http://localhost:{server.server_port}"  # another host: the client must not take its token there
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
