"""Area: what lies in a repository at a revision, by folder or by path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from .gates import visible
from .info import next_page
from .objects import Commit, Entry, folders, pointer
from .refusals import entry_not_found
from .repositories import Repositories, Repository, repositories
from .request import Answer, Request, json_answer
from .routes import Route

if TYPE_CHECKING:
    from .world import World

_PAGE, _PAGE_EXPANDED = 1000, 100
_UNASKED: Mapping[str, Commit] = {}


def _tree(world: World, request: Request) -> Answer:
    found, house = visible(world, request), repositories(world)
    commit = house.revision(found, request.values["revision"])
    below = request.values.get("path", "").strip("/")
    trees = folders(commit.files)
    if below not in trees:
        raise entry_not_found(below)
    paths = _inside(commit, trees, below, deep=request.wishes("recursive"))
    most = _PAGE_EXPANDED if request.wishes("expand") else _PAGE
    size, start = min(int(request.asked("limit", str(most))), most), int(request.asked("cursor", "0"))
    page = paths[start : start + size]
    last = _last_commits(house, found, commit, page) if request.wishes("expand") else _UNASKED
    shown = [_shown(path, commit, trees, last) for path in page]
    return json_answer(shown, headers=next_page(request, start + size) if start + size < len(paths) else {})


def _paths(world: World, request: Request) -> Answer:
    found, house = visible(world, request), repositories(world)
    commit = house.revision(found, request.values["revision"])
    paths, expand = _asked(request)
    trees = folders(commit.files)
    there = [path for path in paths if path in commit.files or path in trees]
    last = _last_commits(house, found, commit, there) if expand else _UNASKED
    return json_answer([_shown(path, commit, trees, last) for path in there])


def _asked(request: Request) -> tuple[Sequence[str], bool]:
    """Read the paths; Python sends them as a form, JavaScript as JSON."""
    if "json" in request.headers.get("content-type", ""):
        return request.json.texts("paths"), request.json.flag("expand")
    form = parse_qs(request.body.decode(), keep_blank_values=True)
    return form.get("paths", []), form.get("expand", [""])[0].lower() in {"1", "true"}


def _inside(commit: Commit, trees: Mapping[str, str], below: str, *, deep: bool) -> Sequence[str]:
    prefix = f"{below}/" if below else ""
    every = [path for path in (*commit.files, *trees) if path and path.startswith(prefix)]
    return sorted(path for path in every if deep or "/" not in path.removeprefix(prefix))


def _shown(path: str, commit: Commit, trees: Mapping[str, str], last: Mapping[str, Commit]) -> Mapping[str, object]:
    entry = commit.files.get(path)
    about: dict[str, object] = {}
    if last:
        about["lastCommit"] = {"id": (one := last[path]).id, "title": one.title, "date": one.date}
    if entry is None:
        return {"type": "directory", "oid": trees[path], "size": 0, "path": path, **about}
    if last:
        safe = {"status": "safe", "avScan": {"virusFound": False, "virusNames": None}, "pickleImportScan": None}
        about["securityFileStatus"] = safe
    return {"type": "file", "oid": entry.oid, "size": entry.size, **_large(entry), "path": path, **about}


def _large(entry: Entry) -> Mapping[str, object]:
    if not entry.sha256:
        return {}
    size = len(pointer(entry.sha256, entry.size))
    return {"lfs": {"oid": entry.sha256, "size": entry.size, "pointerSize": size}}


def _last_commits(
    house: Repositories, repository: Repository, commit: Commit, paths: Sequence[str]
) -> Mapping[str, Commit]:
    """Return for each path the commit that changed it last."""
    history = house.history(repository, commit)
    trees = [folders(one.files) for one in history]
    found: dict[str, Commit] = {}
    for path in paths:
        ids = [_id(one, tree, path) for one, tree in zip(history, trees, strict=True)]
        changed = next((place for place, id_ in enumerate(ids) if id_ != ids[0]), len(ids))
        found[path] = history[changed - 1]
    return found


def _id(commit: Commit, trees: Mapping[str, str], path: str) -> str:
    entry = commit.files.get(path)
    return entry.oid if entry else trees.get(path, "")


ROUTES = (
    Route("GET", "/api/{kind}/{repo}/tree/{revision}", _tree),
    Route("GET", "/api/{kind}/{repo}/tree/{revision}/{path}", _tree),
    Route("POST", "/api/{kind}/{repo}/paths-info/{revision}", _paths),
)
