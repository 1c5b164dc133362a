"""Area: discussions and pull requests: open, talk, rename, close, merge, list."""

from __future__ import annotations

import html
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from .accounts import Caller, identity, known
from .fields import Fields
from .gates import check_proposing, check_writing, visible
from .moment import now
from .objects import Commit, Entry
from .refusals import Refused
from .repositories import MAIN, Repositories, Repository, repositories
from .request import Answer, Request, json_answer
from .routes import Route
from .store import Table
from .world import Happened

if TYPE_CHECKING:
    from .world import World

_PAGE = 50
_SHORTEST_TITLE = 3


def open_pull(
    world: World, repository: Repository, caller: Caller, *, title: str, words: str, base: str, commit: Commit
) -> int:
    """Open a pull request with its first commit; return its number."""
    said = words or "This pull request was opened by a client of the API."
    events = [_comment(caller.user, said), _event(caller.user, "commit", {"subject": title, "oid": commit.id})]
    return _open(world, repository, caller, title, events, pull=True, base=base)


def check_pushing(world: World, repository: Repository, caller: Caller, number: str) -> None:
    """Let those push to a pull request who may: its own author, and who may write."""
    kept = _table(world, repository).get(number)
    if kept is not None and kept.text("author") == caller.user:
        check_proposing(repository, caller)
    else:
        check_writing(repository, caller)


def push_to_pull(world: World, repository: Repository, caller: Caller, number: str, commit: Commit) -> None:
    """Tell a pull request that it has one more commit."""
    event = _event(caller.user, "commit", {"subject": commit.title, "oid": commit.id})
    _change(world, repository, int(number), {}, event)


def _open(
    world: World,
    repository: Repository,
    caller: Caller,
    title: str,
    events: Sequence[Mapping[str, object]],
    *,
    pull: bool,
    base: str = MAIN,
) -> int:
    table = _table(world, repository)
    with table.lock:
        number = len(table.items()) + 1
        kept = {"num": number, "title": title, "author": caller.user, "createdAt": now(), "isPullRequest": pull}
        table.put(str(number), {**kept, "status": "open", "base": f"refs/heads/{base}", "events": list(events)})
    _tell(world, repository, number, "create", "discussion")
    return number


def _create(world: World, request: Request) -> Answer:
    caller, asked = known(request), request.json
    house = repositories(world)
    with house.lock:
        found = visible(world, request)
        check_proposing(found, caller)
        title, pull = asked.text("title").strip(), asked.flag("pullRequest")
        if len(title) < _SHORTEST_TITLE:
            raise Refused(400, '"title" length must be at least 3 characters long')
        events = [_comment(caller.user, asked.text("description", ""))]
        number = _open(world, found, caller, title, events, pull=pull)
        if pull:
            house.put(replace(found, pulls={**found.pulls, str(number): found.branches[MAIN]}))
            _change(world, found, number, {"status": "draft"})
    return json_answer({"num": number, "url": f"{world.url}/{found.address}/discussions/{number}", "pullRequest": pull})


def _list(world: World, request: Request) -> Answer:
    found = visible(world, request)
    every = [kept for _, kept in _table(world, found).items() if _fits(kept, request)]
    every.sort(key=lambda kept: -kept.number("num"))
    start = int(request.asked("p", "0")) * _PAGE
    page = [_brief(found, kept) for kept in every[start : start + _PAGE]]
    return json_answer({"discussions": page, "count": len(every), "start": start, "numClosedDiscussions": 0})


def _fits(kept: Fields, request: Request) -> bool:
    kind, status, author = request.asked("type"), request.asked("status"), request.asked("author")
    is_open = kept.text("status") in {"open", "draft"}
    return (
        kind in {"", "all", "pull_request" if kept.flag("isPullRequest") else "discussion"}
        and status in {"", "all", "open" if is_open else "closed"}
        and author in {"", kept.text("author")}
    )


def _details(world: World, request: Request) -> Answer:
    found, kept = _discussion(world, request)
    told = {**_brief(found, kept), "events": kept.values["events"]}
    if kept.flag("isPullRequest"):
        told |= _changes(repositories(world), found, kept)
    return json_answer(told)


def _changes(house: Repositories, repository: Repository, kept: Fields) -> Mapping[str, object]:
    merged = {"mergeCommitId": kept.text("merge")} if "merge" in kept else {}
    head = house.get_commit(repository, repository.pulls[str(kept.number("num"))])
    base = house.revision(repository, kept.text("base"))
    conflicts: Sequence[str] = () if merged else _conflicts(house, repository, head, base)
    fork = _fork(house, repository, head, base)
    diff = "".join(_diff(path, fork.files.get(path), head.files.get(path)) for path in _changed(fork, head))
    return {"changes": {"base": kept.text("base"), **merged}, "filesWithConflicts": list(conflicts), "diff": diff}


def _say(world: World, request: Request) -> Answer:
    caller = known(request)
    found, kept = _discussion(world, request)
    event = _comment(caller.user, request.json.text("comment"))
    _change(world, found, kept.number("num"), {}, event)
    _tell(world, found, kept.number("num"), "create", "discussion.comment", comment=request.json.text("comment"))
    return json_answer({"newMessage": event})


def _edit(world: World, request: Request) -> Answer:
    caller = known(request)
    return _rewrite(world, request, request.json.text("content"), caller.user, hidden=False)


def _hide(world: World, request: Request) -> Answer:
    return _rewrite(world, request, "This comment has been hidden", known(request).user, hidden=True)


def _rewrite(world: World, request: Request, words: str, user: str, *, hidden: bool) -> Answer:
    found, kept = _discussion(world, request)
    events = kept.each("events")
    old = next((one for one in events if one.text("id") == request.values["comment"]), None)
    if old is None or old.text("type") != "comment":
        raise Refused(404, "Comment not found")
    if old.fields("author").text("name") != user:
        check_writing(found, known(request))
    made = {**old.values, "data": {**_said(user, words), "edited": not hidden, "hidden": hidden}}
    changed = [made if one is old else one.values for one in events]
    _change(world, found, kept.number("num"), {"events": changed})
    return json_answer({"updatedComment": made})


def _rename(world: World, request: Request) -> Answer:
    caller, title = known(request), request.json.text("title")
    found, kept = _discussion(world, request)
    check_pushing(world, found, caller, request.values["number"])
    event = _event(caller.user, "title-change", {"from": kept.text("title"), "to": title})
    _change(world, found, kept.number("num"), {"title": title}, event)
    return json_answer({"newTitle": event})


def _set_status(world: World, request: Request) -> Answer:
    caller, status = known(request), request.json.text("status")
    found, kept = _discussion(world, request)
    check_pushing(world, found, caller, request.values["number"])
    if status not in {"open", "closed"} or kept.text("status") == "merged":
        raise Refused(400, f"Cannot change status from {kept.text('status')} to {status}")
    event = _event(caller.user, "status-change", {"status": status})
    comment = request.json.text("comment", "")
    _change(
        world,
        found,
        kept.number("num"),
        {"status": status},
        *([_comment(caller.user, comment)] if comment else []),
        event,
    )
    _tell(world, found, kept.number("num"), "update", "discussion")
    return json_answer({"newStatus": event})


def _merge(world: World, request: Request) -> Answer:
    caller, house = known(request), repositories(world)
    with house.lock:
        found, kept = _discussion(world, request)
        check_writing(found, caller)
        number = kept.number("num")
        if not kept.flag("isPullRequest") or kept.text("status") not in {"open", "draft"}:
            raise Refused(400, "This pull request cannot be merged: it is not open")
        merged = _merged(house, found, kept, caller)
        event = _event(caller.user, "status-change", {"status": "merged"})
        _change(world, found, number, {"status": "merged", "merge": merged}, event)
    about = {"updatedRefs": [{"ref": kept.text("base"), "newSha": merged}]}
    world.tell(Happened(action="update", scope="repo.content", type=found.type, id=found.id, about=about))
    return json_answer({"success": True})


def _merged(house: Repositories, found: Repository, kept: Fields, caller: Caller) -> str:
    number, branch = kept.number("num"), kept.text("base").removeprefix("refs/heads/")
    head, base = house.get_commit(found, found.pulls[str(number)]), house.revision(found, branch)
    if conflicts := _conflicts(house, found, head, base):
        raise Refused(409, f"This pull request has conflicts in: {', '.join(conflicts)}")
    fork = _fork(house, found, head, base)
    files = dict(base.files)
    for path in _changed(fork, head):
        if path in head.files:
            files[path] = head.files[path]
        else:
            files.pop(path, None)
    title = f"{kept.text('title')} (#{number})"
    made = house.add_commit(found, files, [base.id, head.id], author=caller.user, title=title)
    house.put(replace(found, branches={**found.branches, branch: made.id}))
    return made.id


def _fork(house: Repositories, repository: Repository, head: Commit, base: Commit) -> Commit:
    """Return the commit where a pull request left its branch."""
    trunk = {one.id for one in house.history(repository, base)}
    return next((one for one in house.history(repository, head) if one.id in trunk), base)


def _changed(one: Commit, other: Commit) -> Sequence[str]:
    paths = {*one.files, *other.files}
    return sorted(path for path in paths if one.files.get(path) != other.files.get(path))


def _conflicts(house: Repositories, repository: Repository, head: Commit, base: Commit) -> Sequence[str]:
    fork = _fork(house, repository, head, base)
    both = set(_changed(fork, head)) & set(_changed(fork, base))
    return sorted(path for path in both if head.files.get(path) != base.files.get(path))


def _diff(path: str, before: Entry | None, after: Entry | None) -> str:
    """Tell that a file changed, without its lines."""
    old, new = before.oid if before else "0" * 40, after.oid if after else "0" * 40
    return f"diff --git a/{path} b/{path}\nindex {old}..{new}\n"


def _discussion(world: World, request: Request) -> tuple[Repository, Fields]:
    found = visible(world, request)
    kept = _table(world, found).get(request.values["number"])
    if kept is None:
        raise Refused(404, "Discussion not found")
    return found, kept


def _change(
    world: World,
    repository: Repository,
    number: int,
    values: Mapping[str, object],
    *events: Mapping[str, object],
) -> None:
    table = _table(world, repository)
    with table.lock:
        kept = table.get(str(number))
        assert kept is not None
        every = [one.values for one in kept.each("events")]
        table.put(str(number), {**kept.values, "events": [*every, *events], **values})


def _table(world: World, repository: Repository) -> Table:
    return world.store.table(f"discussions/{repository.uid}")


def _brief(repository: Repository, kept: Fields) -> dict[str, object]:
    names = ("num", "title", "status", "createdAt", "isPullRequest")
    told = {name: kept.values[name] for name in names}
    where = {"name": repository.id, "type": repository.type}
    return {**told, "author": _author(kept.text("author")), "repo": where, "pinned": False}


def _author(user: str) -> Mapping[str, object]:
    return {"_id": identity(user), "name": user, "fullname": user.title(), "type": "user", "isHf": False}


def _event(user: str, type: str, data: Mapping[str, object]) -> Mapping[str, object]:  # noqa: A002
    return {"id": secrets.token_hex(12), "author": _author(user), "createdAt": now(), "type": type, "data": data}


def _comment(user: str, words: str) -> Mapping[str, object]:
    return _event(user, "comment", {**_said(user, words), "edited": False, "hidden": False})


def _said(user: str, words: str) -> Mapping[str, object]:
    latest = {"raw": words, "html": f"<p>{html.escape(words)}</p>", "updatedAt": now(), "author": _author(user)}
    return {"history": [], "latest": latest, "numEdits": 0}


def _tell(world: World, repository: Repository, number: int, action: str, scope: str, **about: object) -> None:
    told = {"discussion": {"num": number}, **about}
    world.tell(Happened(action=action, scope=scope, type=repository.type, id=repository.id, about=told))


_ONE = "/api/{kind}/{repo}/discussions/{number}"
ROUTES = (
    Route("GET", "/api/{kind}/{repo}/discussions", _list),
    Route("POST", "/api/{kind}/{repo}/discussions", _create),
    Route("GET", _ONE, _details),
    Route("POST", f"{_ONE}/comment", _say),
    Route("POST", f"{_ONE}/comment/{{comment}}/edit", _edit),
    Route("POST", f"{_ONE}/comment/{{comment}}/hide", _hide),
    Route("POST", f"{_ONE}/title", _rename),
    Route("POST", f"{_ONE}/status", _set_status),
    Route("POST", f"{_ONE}/merge", _merge),
)
