"""Area: branches, tags, the list of commits, and squashing one branch into one commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from .accounts import identity, known
from .gates import visible, writable
from .info import next_page
from .objects import Commit
from .refusals import Refused, revision_not_found
from .repositories import MAIN, repositories
from .request import Answer, Request, json_answer
from .routes import Route

if TYPE_CHECKING:
    from .world import World

_PAGE = 50


def _refs(world: World, request: Request) -> Answer:
    found = visible(world, request)
    told: dict[str, object] = {
        "branches": [_ref(name, f"refs/heads/{name}", id_) for name, id_ in found.branches.items()],
        "tags": [_ref(name, f"refs/tags/{name}", id_) for name, id_ in found.tags.items()],
        "converts": [],
    }
    if request.wishes("include_prs"):
        told["pullRequests"] = [_ref(f"refs/pr/{n}", f"refs/pr/{n}", id_) for n, id_ in found.pulls.items()]
    return json_answer(told)


def _ref(name: str, ref: str, target: str) -> Mapping[str, str]:
    return {"name": name, "ref": ref, "targetCommit": target}


def _add_branch(world: World, request: Request) -> Answer:
    house, name = repositories(world), request.values["name"]
    with house.lock:
        found = writable(world, request)
        if name in found.branches:
            raise Refused(409, f"Reference already exists: refs/heads/{name}")
        start = house.revision(found, request.json.text("startingPoint", MAIN)).id
        house.put(replace(found, branches={**found.branches, name: start}))
    return json_answer({"success": True}, 201)


def _drop_branch(world: World, request: Request) -> Answer:
    house, name = repositories(world), request.values["name"]
    with house.lock:
        found = writable(world, request)
        if name == MAIN:
            raise Refused(403, "Cannot delete refs/heads/main")
        if name not in found.branches:
            raise revision_not_found(name)
        house.put(replace(found, branches={one: id_ for one, id_ in found.branches.items() if one != name}))
    return json_answer({"success": True})


def _add_tag(world: World, request: Request) -> Answer:
    house, name = repositories(world), request.json.text("tag")
    with house.lock:
        found = writable(world, request)
        if name in found.tags:
            raise Refused(409, f"Tag reference exists already: {name}")
        start = house.revision(found, request.values["revision"]).id
        house.put(replace(found, tags={**found.tags, name: start}))
    return json_answer({"success": True}, 201)


def _drop_tag(world: World, request: Request) -> Answer:
    house, name = repositories(world), request.values["name"]
    with house.lock:
        found = writable(world, request)
        if name not in found.tags:
            raise revision_not_found(name)
        house.put(replace(found, tags={one: id_ for one, id_ in found.tags.items() if one != name}))
    return json_answer({"success": True})


def _commits(world: World, request: Request) -> Answer:
    found, house = visible(world, request), repositories(world)
    history = house.history(found, house.revision(found, request.values["revision"]))
    size, page = min(int(request.asked("limit", str(_PAGE))), 1000), int(request.asked("p", "0"))
    start = int(request.asked("cursor", str(page * size)))
    shown = [_shown(one, formatted=bool(request.query.get("expand[]"))) for one in history[start : start + size]]
    headers = {"X-Total-Count": str(len(history))}
    more = next_page(request, start + size) if start + size < len(history) else {}
    return json_answer(shown, headers={**headers, **more})


def _shown(commit: Commit, *, formatted: bool) -> Mapping[str, object]:
    author = {
        "user": commit.author,
        "_id": identity(commit.author),
        "avatar": f"/avatars/{identity(commit.author)}.svg",
    }
    told: dict[str, object] = {
        "id": commit.id,
        "title": commit.title,
        "message": commit.message,
        "authors": [author],
        "date": commit.date,
    }
    if formatted:
        told["formatted"] = {"title": commit.title, "message": f"<p>{commit.message}</p>" if commit.message else ""}
    return told


def _squash(world: World, request: Request) -> Answer:
    house, branch = repositories(world), request.values["name"]
    with house.lock:
        found = writable(world, request)
        if branch not in found.branches:
            raise revision_not_found(branch)
        head = house.revision(found, branch)
        title = request.json.text("message", f"Super-squash branch '{branch}'")
        made = house.add_commit(found, head.files, [], author=known(request).user, title=title)
        house.put(replace(found, branches={**found.branches, branch: made.id}))
    return json_answer({"success": True})


ROUTES = (
    Route("GET", "/api/{kind}/{repo}/refs", _refs),
    Route("POST", "/api/{kind}/{repo}/branch/{name}", _add_branch),
    Route("DELETE", "/api/{kind}/{repo}/branch/{name}", _drop_branch),
    Route("POST", "/api/{kind}/{repo}/tag/{revision}", _add_tag),
    Route("DELETE", "/api/{kind}/{repo}/tag/{name}", _drop_tag),
    Route("GET", "/api/{kind}/{repo}/commits/{revision}", _commits),
    Route("POST", "/api/{kind}/{repo}/super-squash/{name}", _squash),
)
