"""Area: what comes before a commit: which files are large, and the large ones themselves (Git LFS, whole or in parts)."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .accounts import known
from .attributes import is_ignored, is_large
from .card import NotYaml, front_matter
from .fields import Fields
from .gates import check_proposing, readable, visible, writable
from .objects import Commit
from .refusals import Refused
from .repositories import Repositories, Repository, repositories
from .request import Answer, Request, json_answer
from .routes import Route
from .signing import check_signed, signed

if TYPE_CHECKING:
    from .world import World

LARGE_ANYWAY = 10 * 1024 * 1024
_JSON = {"Content-Type": "application/vnd.git-lfs+json"}
_SHA256 = re.compile("[0-9a-f]{64}")


def _preupload(world: World, request: Request) -> Answer:
    found = _target(world, request)
    house, asked = repositories(world), request.json
    head = house.revision(found, request.values["revision"])
    attributes = asked.text("gitAttributes", "") or _own(house, head, ".gitattributes")
    ignore = asked.text("gitIgnore", "") or _own(house, head, ".gitignore")
    files = [_mode(file, head, attributes, ignore) for file in asked.each("files")]
    return json_answer({"files": files, "commitOid": head.id})


def _target(world: World, request: Request) -> Repository:
    if not request.wishes("create_pr") and not request.values.get("revision", "").startswith("refs/pr/"):
        return writable(world, request)
    found = visible(world, request)
    check_proposing(found, known(request))
    return found


def _own(house: Repositories, head: Commit, path: str) -> str:
    entry = head.files.get(path)
    return house.content.read(entry).decode() if entry else ""


def _mode(file: Fields, head: Commit, attributes: str, ignore: str) -> Mapping[str, object]:
    path, sample = file.text("path"), base64.b64decode(file.text("sample", ""))
    big = file.number("size") > LARGE_ANYWAY or is_large(path, attributes) or b"\0" in sample
    told = {"path": path, "uploadMode": "lfs" if big else "regular", "shouldIgnore": is_ignored(path, ignore)}
    entry = head.files.get(path)
    return {**told, "oid": entry.etag} if entry else told


def _validate(world: World, request: Request) -> Answer:
    asked = request.json
    try:
        card = front_matter(asked.text("content"))
    except NotYaml as error:
        return json_answer({"errors": [{"message": f"Invalid YAML: {error}"}], "warnings": []}, 400)
    if errors := _card_errors(card, asked.text("repoType", "model")):
        return json_answer({"errors": errors, "warnings": []}, 400)
    hint = "empty or missing yaml metadata in repo card"
    warnings = (
        [] if card else [{"message": f"{hint} (https://huggingface.co/docs/hub/model-cards#model-card-metadata)"}]
    )
    return json_answer({"errors": [], "warnings": warnings})


def _card_errors(card: Mapping[str, object], type: str) -> list[Mapping[str, str]]:  # noqa: A002
    """Check what the Hub is strict about: the kind of a few fields, and the shape of `model-index`."""
    errors = [
        {"message": f'"{name}" must be a string'}
        for name in ("pipeline_tag", "library_name")
        if name in card and not isinstance(card[name], str)
    ]
    errors += [
        {"message": f'"{name}" must be an array'} for name in ("tags",) if not isinstance(card.get(name, []), list)
    ]
    if not isinstance(card.get("license", ""), str | list):
        errors.append({"message": '"license" must be a string'})
    if type == "model" and not isinstance(card.get("model-index", []), list):
        errors.append({"message": '"model-index" must be an array'})
    return [*errors]


def _batch(world: World, request: Request) -> Answer:
    asked = request.json
    if asked.text("operation") == "download":
        readable(world, request)
        return json_answer(
            {"transfer": "basic", "objects": [_down(world, one) for one in asked.each("objects")]}, headers=_JSON
        )
    found = visible(world, request)
    check_proposing(found, known(request))
    several = "multipart" in asked.texts("transfers")
    objects = [_up(world, found, one, several=several) for one in asked.each("objects")]
    return json_answer(
        {"transfer": "multipart" if any(_in_parts(o) for o in objects) else "basic", "objects": objects}, headers=_JSON
    )


def _in_parts(told: Mapping[str, object]) -> bool:
    return "chunk_size" in str(told)


def _down(world: World, one: Fields) -> Mapping[str, object]:
    oid, size = one.text("oid"), one.number("size")
    if not repositories(world).content.has_large(oid):
        return {"oid": oid, "size": size, "error": {"code": 404, "message": "Object does not exist"}}
    return {"oid": oid, "size": size, "actions": {"download": {"href": signed(world, "GET", f"/_storage/{oid}/{oid}")}}}


def _up(world: World, repository: Repository, one: Fields, *, several: bool) -> Mapping[str, object]:
    oid, size = one.text("oid"), one.number("size")
    if _SHA256.fullmatch(oid) is None:
        return {"oid": oid, "size": size, "error": {"code": 422, "message": "Invalid oid"}}
    if repositories(world).content.has_large(oid):
        return {"oid": oid, "size": size}
    verify = {"href": f"{world.url}/{repository.address}.git/info/lfs/objects/verify"}
    if several and size > world.in_parts_above:
        return {"oid": oid, "size": size, "actions": {"upload": _parts(world, oid, size), "verify": verify}}
    upload = {"href": signed(world, "PUT", f"/_storage/{oid}")}
    return {"oid": oid, "size": size, "actions": {"upload": upload, "verify": verify}}


def _parts(world: World, oid: str, size: int) -> Mapping[str, object]:
    count = math.ceil(size / world.in_parts_above)
    parts = {f"{n:05d}": signed(world, "PUT", f"/_storage/{oid}/parts/{n}") for n in range(1, count + 1)}
    return {
        "href": signed(world, "POST", f"/_storage/{oid}/complete"),
        "header": {"chunk_size": str(world.in_parts_above), **parts},
    }


def _put(world: World, request: Request) -> Answer:
    check_signed(world, request)
    content, oid = repositories(world).content, request.values["oid"]
    content.settle(content.receive(request.stream, _size(request)), oid)
    return Answer(headers={"ETag": f'"{oid[:32]}"'})


def _put_part(world: World, request: Request) -> Answer:
    check_signed(world, request)
    content, oid = repositories(world).content, request.values["oid"]
    arrived = content.receive(request.stream, _size(request))
    return Answer(headers={"ETag": f'"{content.keep_part(arrived, oid, int(request.values["part"]))}"'})


def _complete(world: World, request: Request) -> Answer:
    check_signed(world, request)
    parts = [part.number("partNumber") for part in request.json.each("parts")]
    repositories(world).content.join(request.values["oid"], parts)
    return json_answer({"success": True})


def _verify(world: World, request: Request) -> Answer:
    known(request)
    content, oid = repositories(world).content, request.json.text("oid")
    if not content.has_large(oid) or content.large_path(oid).stat().st_size != request.json.number("size"):
        raise Refused(404, "Object not found, or of another size")
    return json_answer({"message": "ok"}, headers=_JSON)


def _size(request: Request) -> int | None:
    length = request.headers.get("content-length")
    return int(length) if length is not None else None


def _xet(world: World, request: Request) -> Answer:
    raise Refused(404, "This Hub has no Xet storage: set HF_HUB_DISABLE_XET=1, and clients use Git LFS")


ROUTES = (
    Route("POST", "/api/{kind}/{repo}/preupload/{revision}", _preupload),
    Route("POST", "/api/validate-yaml", _validate),
    Route("POST", "/{repo}.git/info/lfs/objects/batch", _batch),
    Route("POST", "/{kind}/{repo}.git/info/lfs/objects/batch", _batch),
    Route("POST", "/{repo}.git/info/lfs/objects/verify", _verify),
    Route("POST", "/{kind}/{repo}.git/info/lfs/objects/verify", _verify),
    Route("PUT", "/_storage/{oid}", _put),
    Route("PUT", "/_storage/{oid}/parts/{part}", _put_part),
    Route("POST", "/_storage/{oid}/complete", _complete),
    Route("GET", "/api/{kind}/{repo}/xet-write-token/{revision}", _xet),
    Route("GET", "/api/{kind}/{repo}/xet-read-token/{revision}", _xet),
)
