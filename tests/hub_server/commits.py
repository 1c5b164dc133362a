"""Area: a commit, as a stream of JSON lines: on a branch, or as a new pull request."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .accounts import Caller, known
from .discussions import check_pushing, open_pull, push_to_pull
from .fields import Fields
from .gates import check_proposing, check_writing, visible
from .objects import Entry, large
from .refusals import Refused, entry_not_found
from .repositories import Repositories, Repository, repositories
from .request import Answer, Request, json_answer
from .routes import Route
from .uploads import LARGE_ANYWAY
from .world import Happened

if TYPE_CHECKING:
    from .world import World


@dataclass(frozen=True, kw_only=True, slots=True)
class _Work:
    """A commit as it was sent."""

    branch: str
    header: Fields
    lines: Sequence[Fields]


_FORBIDDEN = (".git", "..", ".")


def _commit(world: World, request: Request) -> Answer:
    caller, branch = known(request), request.values["revision"]
    lines = _lines(request.body)
    header = next((line.fields("value") for line in lines if line.text("key") == "header"), None)
    if header is None:
        raise Refused(400, '"header" is required')
    work, act = _Work(branch=branch, header=header, lines=lines), _propose if request.wishes("create_pr") else _push
    with repositories(world).lock:
        return json_answer(act(world, visible(world, request), caller, work))


def _push(world: World, found: Repository, caller: Caller, work: _Work) -> Mapping[str, object]:
    if pull := _pull(work.branch):
        check_pushing(world, found, caller, pull)
    else:
        check_writing(found, caller)
    house = repositories(world)
    head = house.revision(found, work.branch)
    if work.branch not in found.branches and pull not in found.pulls:
        raise Refused(400, f"{work.branch} is not a branch")
    if work.header.text("parentCommit", head.id) != head.id:
        raise Refused(412, "A commit has happened since. Please refresh and try again.")
    files = _applied(house, found, head.files, work.lines)
    newer = house.commit(
        found,
        work.branch,
        files,
        author=caller.user,
        title=work.header.text("summary"),
        message=work.header.text("description", ""),
    )
    made = house.revision(newer, work.branch)
    if pull:
        push_to_pull(world, found, caller, pull, made)
    change = {
        "ref": work.branch if "/" in work.branch else f"refs/heads/{work.branch}",
        "oldSha": head.id,
        "newSha": made.id,
    }
    world.tell(
        Happened(action="update", scope="repo.content", type=found.type, id=found.id, about={"updatedRefs": [change]})
    )
    return _told(world, found, made.id)


def _propose(world: World, found: Repository, caller: Caller, work: _Work) -> Mapping[str, object]:
    check_proposing(found, caller)
    house, title = repositories(world), work.header.text("summary")
    start = house.revision(found, work.header.text("parentCommit", work.branch))
    files = _applied(house, found, start.files, work.lines)
    words = work.header.text("description", "")
    made = house.add_commit(found, files, [start.id], author=caller.user, title=title, message=words)
    number = open_pull(world, found, caller, title=title, words=words, base=work.branch, commit=made)
    house.put(replace(found, pulls={**found.pulls, str(number): made.id}))
    return {
        **_told(world, found, made.id),
        "pullRequestUrl": f"{world.url}/{found.address}/discussions/{number}",
    }


def _pull(branch: str) -> str:
    return branch.removeprefix("refs/pr/") if branch.startswith("refs/pr/") else ""


def _told(world: World, repository: Repository, id: str) -> Mapping[str, object]:  # noqa: A002 -- the Hub's own word
    url = f"{world.url}/{repository.address}/commit/{id}"
    return {"success": True, "commitOid": id, "commitUrl": url, "hookOutput": ""}


def _lines(body: bytes) -> Sequence[Fields]:
    return [Fields.parse(line) for line in body.split(b"\n") if line.strip()]


def _applied(
    house: Repositories, repository: Repository, before: Mapping[str, Entry], lines: Sequence[Fields]
) -> Mapping[str, Entry]:
    """Return the files after the operations of a commit."""
    files = dict(before)
    for line in lines:
        value = line.fields("value")
        match line.text("key"):
            case "header":
                continue
            case "file":
                files[_path(value)] = _small(house, value)
            case "lfsFile":
                files[_path(value)] = _large(house, value)
            case "deletedFile" | "deletedEntry":
                _remove(files, _path(value))
            case "deletedFolder":
                _remove_folder(files, _path(value))
            case "copyFile":
                files[_path(value)] = _copied(house, repository, before, value)
            case other:
                raise Refused(400, f'"key" is none that a commit knows: {other}')
    _check_folders(files)
    return files


def _path(value: Fields) -> str:
    path = value.text("path").strip("/")
    if not path or any(part in _FORBIDDEN or not part for part in path.split("/")):
        raise Refused(400, f"Invalid path: {path!r}")
    return path


def _small(house: Repositories, value: Fields) -> Entry:
    content = value.text("content")
    try:
        data = (
            base64.b64decode(content, validate=True)
            if value.text("encoding", "utf-8") == "base64"
            else content.encode()
        )
    except binascii.Error as error:
        raise Refused(400, f"{value.text('path')}: {error}") from None
    if len(data) > LARGE_ANYWAY:
        raise Refused(
            400,
            "Your push was rejected because it contains files larger than 10 MiB. Please use https://git-lfs.github.com/"
            f" to store large files. Offending files: - {value.text('path')}",
        )
    return house.content.keep(data)


def _large(house: Repositories, value: Fields) -> Entry:
    oid = value.text("oid")
    if value.text("algo", "sha256") != "sha256" or not house.content.has_large(oid):
        raise Refused(
            400,
            "Your push was rejected because an LFS pointer pointed to a file that does not exist. Offending file:"
            f" - {value.text('path')}",
        )
    return large(oid, house.content.large_path(oid).stat().st_size)


def _copied(house: Repositories, repository: Repository, before: Mapping[str, Entry], value: Fields) -> Entry:
    source, revision = value.text("srcPath"), value.text("srcRevision", "")
    files = house.revision(repository, revision).files if revision else before
    if source not in files:
        raise entry_not_found(source)
    return files[source]


def _remove(files: dict[str, Entry], path: str) -> None:
    if files.pop(path, None) is None:
        raise entry_not_found(path)


def _remove_folder(files: dict[str, Entry], path: str) -> None:
    inside = [one for one in files if one.startswith(f"{path}/")]
    if not inside:
        raise entry_not_found(path)
    for one in inside:
        del files[one]


def _check_folders(files: Mapping[str, Entry]) -> None:
    """A name cannot be a file and a folder at once."""
    for path in files:
        parts = path.split("/")
        for depth in range(1, len(parts)):
            if "/".join(parts[:depth]) in files:
                raise Refused(400, f"{'/'.join(parts[:depth])} is a file and cannot hold {path}")


ROUTES = (Route("POST", "/api/{kind}/{repo}/commit/{revision}", _commit),)
