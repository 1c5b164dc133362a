"""Spaces: what they run on, their secrets and variables, paused or awake, and what their logs say. None is really built."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .fields import Fields
from .gates import readable, writable
from .job_launch import NO_CREDIT
from .job_records import moment, now
from .job_runs import Jobs
from .refusals import Refused
from .repositories import MAIN, Repository, repositories
from .request import Answer, Request, json_answer
from .routes import Route
from .store import Table

if TYPE_CHECKING:
    from .world import World

_BASIC = "cpu-basic"
_ZERO = "zero-a10g"
_NEEDED = {"docker": "Dockerfile", "static": "index.html"}


@dataclass(slots=True)
class _Settings:
    build_seconds: float = 0.0


class Spaces:
    """What is known of the spaces of one server beyond their repositories."""

    def __init__(self, world: World) -> None:
        self.settings = _Settings()
        self.table: Table = world.store.table("spaces")

    def of(self, found: Repository) -> Fields:
        """Return what is known of a space: at first, what it was made with."""
        kept = self.table.get(found.uid)
        if kept is not None:
            return kept
        made = Fields(found.space)
        return Fields(
            {
                "hardware": made.text("hardware", _BASIC),
                "sleep": made.values.get("sleepTimeSeconds"),
                "storage": made.values.get("storageTier"),
                "volumes": made.values.get("volumes"),
                "secrets": _told_at_first(made, "secrets", hide=True),
                "variables": _told_at_first(made, "variables", hide=False),
                "since": found.created,
            }
        )

    def change(self, found: Repository, changes: Mapping[str, object]) -> Fields:
        """Keep a space with changes."""
        with self.table.lock:
            document = {**self.of(found).values, **changes}
            self.table.put(found.uid, document)
        return Fields(document)

    def close(self) -> None:
        """Nothing of this runs."""


def _told_at_first(made: Fields, name: str, *, hide: bool) -> dict[str, object]:
    return {one.text("key"): _kept(one, hide=hide) for one in made.each(name)}


def _kept(one: Fields, *, hide: bool) -> dict[str, object]:
    about = {"description": one.values.get("description"), "updatedAt": now()}
    return about if hide else {"key": one.text("key"), "value": one.text("value"), **about}


def _runtime(world: World, found: Repository) -> dict[str, object]:
    kept = world.part(Spaces).of(found)
    stage = _stage(world, found, kept)
    wanted = kept.text("hardware")
    return {
        "stage": stage,
        "hardware": {"current": wanted if stage == "RUNNING" else None, "requested": wanted},
        "storage": kept.values.get("storage"),
        "gcTimeout": kept.values.get("sleep") or (172800 if wanted == _BASIC else None),
        "replicas": {"current": 1 if stage == "RUNNING" else 0, "requested": 1},
        "devMode": kept.flag("dev"),
        **({"volumes": kept.values["volumes"]} if "volumes" in kept else {}),
    }


def _stage(world: World, found: Repository, kept: Fields) -> str:
    """Say where a space stands: it is built for a while after each commit and each restart, if it has what its kind needs."""
    if kept.flag("paused"):
        return "PAUSED"
    head = repositories(world).revision(found, MAIN)
    if _NEEDED.get(str(found.space.get("sdk")), "app.py") not in head.files:
        return "NO_APP_FILE"
    since = max(one for one in (moment(head.date), moment(kept.text("since"))) if one is not None)
    ready = since + timedelta(seconds=world.part(Spaces).settings.build_seconds)
    return "RUNNING" if datetime.now(UTC) >= ready else "BUILDING"


def _of_request(world: World, request: Request, *, write: bool) -> Repository:
    request.values = {**request.values, "kind": "spaces"}
    return writable(world, request) if write else readable(world, request)


def _change(world: World, request: Request, changes: Mapping[str, object]) -> Answer:
    found = _of_request(world, request, write=True)
    world.part(Spaces).change(found, changes)
    return json_answer(_runtime(world, found))


def _see_runtime(world: World, request: Request) -> Answer:
    return json_answer(_runtime(world, _of_request(world, request, write=False)))


def _hardware(world: World, request: Request) -> Answer:
    asked, found = request.json, _of_request(world, request, write=True)
    flavor = asked.text("flavor")
    jobs = world.part(Jobs)
    if flavor != _ZERO and jobs.prices.find(flavor) is None:
        raise Refused(400, f"Invalid hardware: {flavor}")
    if flavor != _BASIC and found.owner in jobs.settings.without_credit:
        raise Refused(402, NO_CREDIT)
    return _change(world, request, {"hardware": flavor, "sleep": asked.values.get("sleepTimeSeconds"), "since": now()})


def _sleep(world: World, request: Request) -> Answer:
    return _change(world, request, {"sleep": request.json.number("seconds")})


def _pause(world: World, request: Request) -> Answer:
    return _change(world, request, {"paused": True})


def _restart(world: World, request: Request) -> Answer:
    return _change(world, request, {"paused": False, "since": now()})


def _dev_mode(world: World, request: Request) -> Answer:
    return _change(world, request, {"dev": request.json.flag("enabled"), "since": now()})


def _store_more(world: World, request: Request) -> Answer:
    return _change(world, request, {"storage": request.json.text("tier")})


def _store_less(world: World, request: Request) -> Answer:
    return _change(world, request, {"storage": None})


def _mount(world: World, request: Request) -> Answer:
    return _change(world, request, {"volumes": [dict(one.values) for one in request.json.each("volumes")]})


def _unmount(world: World, request: Request) -> Answer:
    return _change(world, request, {"volumes": None})


def _see_all(world: World, request: Request) -> Answer:
    name = request.path.rpartition("/")[2]
    found = _of_request(world, request, write=True)
    return json_answer(world.part(Spaces).of(found).fields(name).values)


def _set_one(world: World, request: Request) -> Answer:
    name, asked = request.path.rpartition("/")[2], request.json
    found = _of_request(world, request, write=True)
    one = _kept(Fields({**asked.values, "value": asked.text("value")}), hide=name == "secrets")
    spaces = world.part(Spaces)
    with spaces.table.lock:
        everything = {**spaces.of(found).fields(name).values, asked.text("key"): one}
        return json_answer(spaces.change(found, {name: everything, "since": now()}).fields(name).values)


def _remove_one(world: World, request: Request) -> Answer:
    name, key = request.path.rpartition("/")[2], request.json.text("key")
    found = _of_request(world, request, write=True)
    spaces = world.part(Spaces)
    with spaces.table.lock:
        left = {one: value for one, value in spaces.of(found).fields(name).values.items() if one != key}
        return json_answer(spaces.change(found, {name: left, "since": now()}).fields(name).values)


def _logs(world: World, request: Request) -> Answer:
    found = _of_request(world, request, write=True)
    lines = _build_lines(found) if request.values["log"] == "build" else _run_lines(world, found)
    return Answer(headers={"Content-Type": "text/event-stream"}, body=_events(lines))


def _build_lines(found: Repository) -> list[str]:
    return [f"===== Build Queued at {found.created} / Commit SHA: {found.branches[MAIN][:7]} =====", "--> DONE 0.0s"]


def _run_lines(world: World, found: Repository) -> list[str]:
    kept = world.part(Spaces).of(found)
    if _stage(world, found, kept) != "RUNNING":
        return []
    return [f"===== Application Startup at {kept.text('since')} =====", "* Running on local URL:  http://0.0.0.0:7860"]


def _events(lines: list[str]) -> Iterator[bytes]:
    yield b"data:\n\n"
    for line in lines:
        yield b"data: " + json.dumps({"data": f"{line}\n", "timestamp": now()}).encode() + b"\n\n"


def _see_hardware(world: World, request: Request) -> Answer:
    return json_answer(world.part(Jobs).prices.shown())


ROUTES = (
    Route("GET", "/api/spaces/hardware", _see_hardware),
    Route("GET", "/api/spaces/{repo}/runtime", _see_runtime),
    Route("POST", "/api/spaces/{repo}/hardware", _hardware),
    Route("POST", "/api/spaces/{repo}/sleeptime", _sleep),
    Route("POST", "/api/spaces/{repo}/pause", _pause),
    Route("POST", "/api/spaces/{repo}/restart", _restart),
    Route("POST", "/api/spaces/{repo}/dev-mode", _dev_mode),
    Route("POST", "/api/spaces/{repo}/storage", _store_more),
    Route("DELETE", "/api/spaces/{repo}/storage", _store_less),
    Route("PUT", "/api/spaces/{repo}/volumes", _mount),
    Route("DELETE", "/api/spaces/{repo}/volumes", _unmount),
    *(Route("GET", f"/api/spaces/{{repo}}/{name}", _see_all) for name in ("secrets", "variables")),
    *(Route("POST", f"/api/spaces/{{repo}}/{name}", _set_one) for name in ("secrets", "variables")),
    *(Route("DELETE", f"/api/spaces/{{repo}}/{name}", _remove_one) for name in ("secrets", "variables")),
    Route("GET", "/api/spaces/{repo}/logs/{log}", _logs),
)
