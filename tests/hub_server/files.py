"""Area: downloads. Small files lead to a cache address, large ones to the storage, each with the headers clients keep."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from .gates import readable
from .objects import Commit, Entry, pointer
from .ranges import file_answer
from .refusals import Refused, entry_not_found
from .repositories import Repository, repositories
from .request import Answer, Request
from .routes import Route
from .signing import check_signed, signed

if TYPE_CHECKING:
    from .world import World


def _resolve(world: World, request: Request) -> Answer:
    found, commit, entry = _file(world, request)
    path = request.values["path"]
    headers = {
        **_about(found, commit, path),
        "X-Linked-Size": str(entry.size),
        "X-Linked-ETag": f'"{entry.etag}"',
        "ETag": f'"{entry.etag}"',
    }
    if entry.sha256:
        where = signed(world, "GET", f"/_storage/{entry.sha256}/{path.rpartition('/')[2]}")
        return _redirect(302, where, headers)
    where = f"/api/resolve-cache/{found.type}s/{found.id}/{commit.id}/{quote(path)}"
    return _redirect(307, where, headers)


def _cached(world: World, request: Request) -> Answer:
    found, commit, entry = _file(world, request)
    headers = {**_about(found, commit, request.values["path"]), "Content-Type": _type(request.values["path"])}
    return file_answer(request, repositories(world).content.path(entry), entry.size, entry.etag, headers)


def _raw(world: World, request: Request) -> Answer:
    found, commit, entry = _file(world, request)
    content, type_ = repositories(world).content, _type(request.values["path"])
    if entry.sha256:
        entry, type_ = content.keep(pointer(entry.sha256, entry.size)), "text/plain"
    headers = {**_about(found, commit, request.values["path"]), "Content-Type": type_}
    return file_answer(request, content.path(entry), entry.size, entry.oid, headers)


def _stored(world: World, request: Request) -> Answer:
    check_signed(world, request)
    sha256 = request.values["oid"]
    path = repositories(world).content.large_path(sha256)
    if not path.exists():
        raise Refused(404, "NoSuchKey: The specified key does not exist.")
    return file_answer(request, path, path.stat().st_size, sha256, {"Content-Type": "application/octet-stream"})


def _file(world: World, request: Request) -> tuple[Repository, Commit, Entry]:
    found = readable(world, request)
    commit = repositories(world).revision(found, request.values["revision"])
    entry = commit.files.get(request.values["path"])
    if entry is None:
        refused = entry_not_found("")
        refused.headers["X-Repo-Commit"] = commit.id
        raise refused
    return found, commit, entry


def _about(repository: Repository, commit: Commit, path: str) -> Mapping[str, str]:
    name = quote(path.rpartition("/")[2])
    return {"X-Repo-Commit": commit.id, "Content-Disposition": f"inline; filename*=UTF-8''{name}; filename=\"{name}\";"}


def _redirect(status: int, where: str, headers: Mapping[str, str]) -> Answer:
    words = f"Found. Redirecting to {where}".encode()
    return Answer(status=status, headers={**headers, "Location": where, "Content-Type": "text/plain"}, body=words)


def _type(path: str) -> str:
    guessed = mimetypes.guess_type(path)[0] or "text/plain"
    return f"{guessed}; charset=utf-8" if guessed.startswith("text/") else guessed


ROUTES = (
    Route("GET", "/{repo}/resolve/{revision}/{path}", _resolve),
    Route("GET", "/{kind}/{repo}/resolve/{revision}/{path}", _resolve),
    Route("GET", "/{repo}/raw/{revision}/{path}", _raw),
    Route("GET", "/{kind}/{repo}/raw/{revision}/{path}", _raw),
    Route("GET", "/api/resolve-cache/{kind}/{repo}/{revision}/{path}", _cached),
    Route("GET", "/_storage/{oid}/{name}", _stored),
)
