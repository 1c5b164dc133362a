"""Area: making, deleting, moving and setting up repositories, and asking for access to gated ones."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from .accounts import Caller, identity, known
from .attributes import default_attributes
from .fields import Fields
from .gates import check_writing, readable, visible, writable
from .moment import now
from .objects import Entry
from .refusals import Refused
from .repositories import Repository, new_id, not_found, repositories
from .request import Answer, Request, json_answer
from .routes import Route
from .world import Happened

if TYPE_CHECKING:
    from .world import World

_NAME = re.compile(r"(?!.*(\.\.|--))[A-Za-z0-9_][A-Za-z0-9._-]{0,95}(?<!\.git)(?<![.-])")
_OF_SPACES = ("sdk", "hardware", "storageTier", "sleepTimeSeconds", "secrets", "variables", "volumes", "template")
_TYPES = ("model", "dataset", "space")


def _create(world: World, request: Request) -> Answer:
    asked, caller = request.json, known(request)
    kind = _type(asked)
    owner, name = asked.text("organization", caller.user), asked.text("name")
    if _NAME.fullmatch(name) is None:
        raise Refused(400, f"Invalid repo name: {name} - repo name includes an url-invalid character")
    if not caller.may("repo.write", owner, f"{owner}/{name}"):
        raise Refused(403, f'You don\'t have the rights to create a {kind} under the namespace "{owner}"')
    house = repositories(world)
    with house.lock:
        there = house.find(kind, f"{owner}/{name}")
        if there is not None:
            more = {"url": f"{world.url}/{there.address}", "name": there.id, "id": there.uid}
            raise Refused(409, f"You already created this {kind} repo", more=more)
        made = house.make(_made(asked, kind, f"{owner}/{name}"), caller.user, _first_files(world, asked, kind))
    world.tell(Happened(action="create", scope="repo", type=kind, id=made.id))
    return json_answer({"url": f"{world.url}/{made.address}", "name": made.id, "id": made.uid})


def _made(asked: Fields, kind: str, name: str) -> Repository:
    private = asked.text("visibility", "public") == "private" or asked.flag("private")
    space = {one: asked.values[one] for one in _OF_SPACES if one in asked} if kind == "space" else {}
    return Repository(uid=new_id(), type=kind, id=name, created=now(), private=private, space=space)


def _first_files(world: World, asked: Fields, kind: str) -> Mapping[str, Entry]:
    content = repositories(world).content
    files = {".gitattributes": content.keep(default_attributes(kind).encode())}
    if license_ := asked.text("license", ""):
        files["README.md"] = content.keep(f"---\nlicense: {license_}\n---\n".encode())
    for file in asked.each("files"):
        files[file.text("path")] = content.keep(base64.b64decode(file.text("content")))
    return files


def _delete(world: World, request: Request) -> Answer:
    asked, caller = request.json, known(request)
    house = repositories(world)
    with house.lock:
        found = _owned(world, caller, _type(asked), f"{asked.text('organization', caller.user)}/{asked.text('name')}")
        house.delete(found)
    world.tell(Happened(action="delete", scope="repo", type=found.type, id=found.id))
    return Answer(headers={"Content-Type": "text/plain; charset=utf-8"}, body=b"OK")


def _move(world: World, request: Request) -> Answer:
    asked, caller = request.json, known(request)
    kind, goal = _type(asked), asked.text("toRepo")
    owner, _, name = goal.partition("/")
    house = repositories(world)
    with house.lock:
        found = _owned(world, caller, kind, asked.text("fromRepo"))
        if not caller.may("repo.write", owner, goal):
            raise Refused(403, f"Unauthorized to move repo to {owner}")
        if _NAME.fullmatch(name) is None:
            raise Refused(400, f"Invalid repo name: {name}")
        if house.find(kind, goal) is not None:
            raise Refused(409, f"A {kind} named {goal} already exists")
        house.move(found, goal)
    world.tell(Happened(action="move", scope="repo", type=kind, id=goal, about={"movedFrom": found.id}))
    return json_answer({"url": f"{world.url}/{goal}"})


def _settings(world: World, request: Request) -> Answer:
    asked, house = request.json, repositories(world)
    with house.lock:
        found = writable(world, request)
        if "visibility" in asked or "private" in asked:
            private = asked.flag("private") or asked.text("visibility", "public") == "private"
            found = replace(found, private=private)
        if asked.values.get("gated") is False:
            found = replace(found, gated="")
        elif "gated" in asked:
            found = replace(found, gated=asked.text("gated"))
        house.put(found)
    world.tell(Happened(action="update", scope="repo.config", type=found.type, id=found.id))
    return json_answer({"private": found.private, "gated": found.gated or False})


def _may_read(world: World, request: Request) -> Answer:
    readable(world, request)
    return json_answer({"ok": True})


def _may_write(world: World, request: Request) -> Answer:
    writable(world, request)
    return json_answer({"ok": True})


def _ask_access(world: World, request: Request) -> Answer:
    caller, house = known(request), repositories(world)
    with house.lock:
        found = visible(world, request)
        if not found.gated:
            raise Refused(400, "This repository is not gated")
        if found.gated == "auto":
            house.put(replace(found, accepted=_with(found.accepted, caller.user)))
        else:
            house.put(replace(found, waiting=_with(found.waiting, caller.user)))
    return json_answer({"status": "accepted" if found.gated == "auto" else "pending"})


def _grant(world: World, request: Request) -> Answer:
    return _decide(world, request, "accepted")


def _handle(world: World, request: Request) -> Answer:
    return _decide(world, request, request.json.text("status"))


def _decide(world: World, request: Request, status: str) -> Answer:
    user, house = request.json.text("user"), repositories(world)
    with house.lock:
        found = writable(world, request)
        if not world.accounts.exists(user):
            raise Refused(404, f"User {user} not found")
        accepted, waiting = _without(found.accepted, user), _without(found.waiting, user)
        if status == "accepted":
            accepted = _with(accepted, user)
        elif status == "pending":
            waiting = _with(waiting, user)
        house.put(replace(found, accepted=accepted, waiting=waiting))
    return json_answer({"status": status})


def _requests(world: World, request: Request) -> Answer:
    found = writable(world, request)
    users = {"accepted": found.accepted, "pending": found.waiting}.get(request.values["status"], ())
    status = {"status": request.values["status"]}
    shown = [
        {"user": _user(name), "requestId": identity(f"{found.uid}/{name}"), "timestamp": now(), **status}
        for name in users
    ]
    return json_answer(shown)


def _user(name: str) -> Mapping[str, str]:
    about = {"_id": identity(name), "user": name, "fullname": name.title(), "email": f"{name}@example.com"}
    return {**about, "type": "user", "avatarUrl": f"/avatars/{identity(name)}.svg"}


def _owned(world: World, caller: Caller, kind: str, name: str) -> Repository:
    found = repositories(world).find(kind, name)
    if found is None or (found.private and not caller.may("repo.content.read", found.owner, found.id)):
        raise not_found(caller)
    check_writing(found, caller)
    return found


def _type(asked: Fields) -> str:
    kind = asked.text("type", "model")
    if kind not in _TYPES:
        raise Refused(400, f'"type" must be one of [{", ".join(_TYPES)}]')
    return kind


def _with(names: Sequence[str], name: str) -> Sequence[str]:
    return [*_without(names, name), name]


def _without(names: Sequence[str], name: str) -> Sequence[str]:
    return [one for one in names if one != name]


ROUTES = (
    Route("POST", "/api/repos/create", _create),
    Route("DELETE", "/api/repos/delete", _delete),
    Route("POST", "/api/repos/delete", _delete),
    Route("POST", "/api/repos/move", _move),
    Route("PUT", "/api/{kind}/{repo}/settings", _settings),
    Route("GET", "/api/{kind}/{repo}/auth-check", _may_read),
    Route("GET", "/api/{kind}/{repo}/auth-check/write", _may_write),
    Route("POST", "/{repo}/ask-access", _ask_access),
    Route("POST", "/{kind}/{repo}/ask-access", _ask_access),
    Route("POST", "/api/{kind}/{repo}/user-access-request/grant", _grant),
    Route("POST", "/api/{kind}/{repo}/user-access-request/handle", _handle),
    Route("GET", "/api/{kind}/{repo}/user-access-request/{status}", _requests),
)
