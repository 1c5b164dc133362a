"""Scheduled jobs: kept, suspended, run now, and run when they are due."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event, Thread
from typing import TYPE_CHECKING

from .accounts import allowed
from .cron import Cron, NotCron
from .fields import Fields
from .job_launch import by, checked, labels_of, launch, owner_of
from .job_records import TERMINAL, JobFolder, moment, now
from .job_runs import Jobs
from .jobs import allow_reading, shown
from .refusals import Refused
from .request import Answer, Request, json_answer
from .routes import Route

if TYPE_CHECKING:
    from .world import World

_TICK = 0.5


class Schedules:
    """The schedules of one server; a thread starts what is due. Orders are kept whole, secrets too: they run after a restart."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.table = world.store.table("schedules")
        self._over = Event()
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()

    def tick(self, at: datetime) -> None:
        """Run what is due at a moment; a test may name one that has not come."""
        for kept in [one for _, one in self.table.items()]:
            due = moment(kept.fields("status").values.get("nextJobRunAt"))
            if due is not None and due <= at and not kept.flag("suspend"):
                self._put({**kept.values, "status": _status(kept, at, kept.fields("status").values.get("lastJob"))})
                if kept.flag("concurrency") or not self.is_running(kept):
                    with suppress(Refused):  # nobody is there to be told that the namespace cannot pay
                        self.run(kept)

    def run(self, kept: Fields) -> JobFolder:
        """Run a schedule's job now."""
        initiator = {"type": "scheduled-job", "id": kept.text("id")}
        folder = launch(self._world, kept.fields("order"), namespace=kept.text("namespace"), initiator=initiator)
        newest = self.table.get(kept.text("id")) or kept
        status = {**newest.fields("status").values, "lastJob": {"id": folder.id, "at": now()}}
        self._put({**newest.values, "status": status})
        return folder

    def is_running(self, kept: Fields) -> bool:
        """Return whether the last job of a schedule has not ended."""
        last = kept.fields("status").fields("lastJob").text("id", "")
        folder = self._world.part(Jobs).folders.find(kept.text("namespace"), last) if last else None
        return folder is not None and folder.status().stage not in TERMINAL

    def change(self, kept: Fields, changes: Mapping[str, object]) -> Fields:
        """Keep a schedule with changes."""
        return self._put({**kept.values, **changes, "updatedAt": now()})

    def _put(self, document: Mapping[str, object]) -> Fields:
        self.table.put(str(document["id"]), document)
        return Fields(document)

    def _watch(self) -> None:
        while not self._over.wait(_TICK):
            self.tick(datetime.now(UTC))

    def close(self) -> None:
        """Run nothing any more."""
        self._over.set()
        self._thread.join()


def _status(kept: Fields, since: datetime, last: object) -> dict[str, object]:
    due = Cron.read(kept.text("schedule")).after(since)
    return {"lastJob": last, "nextJobRunAt": due.isoformat().replace("+00:00", ".000Z") if due else None}


def _shown(kept: Fields) -> dict[str, object]:
    hidden = {"order", "namespace"}
    about = {name: value for name, value in kept.values.items() if name not in hidden}
    return {
        **about,
        "status": {**kept.fields("status").values, **({"nextJobRunAt": None} if kept.flag("suspend") else {})},
    }


def _find(world: World, request: Request) -> Fields:
    kept = world.part(Schedules).table.get(request.values["schedule"])
    if kept is None or kept.text("namespace") != request.values["namespace"]:
        raise Refused(404, "Scheduled job not found")
    return kept


def _changeable(world: World, request: Request) -> Fields:
    allowed(request, "job.write", request.values["namespace"])
    return _find(world, request)


def _create(world: World, request: Request) -> Answer:
    namespace, asked = request.values["namespace"], request.json
    caller = allowed(request, "job.write", namespace)
    order = asked.fields("jobSpec")
    document: dict[str, object] = {
        "id": secrets.token_hex(12),
        "createdAt": now(),
        "updatedAt": now(),
        "schedule": asked.text("schedule"),
        "suspend": asked.flag("suspend"),
        "concurrency": asked.flag("concurrency"),
        "jobSpec": checked(world.part(Jobs), order),
        "owner": owner_of(world, namespace),
        "initiator": by(caller),
        "namespace": namespace,
        "order": dict(order.values),
    }
    try:
        document["status"] = _status(Fields(document), datetime.now(UTC), None)
    except NotCron:
        raise Refused(400, f"Invalid schedule: {document['schedule']}") from None
    return json_answer(_shown(world.part(Schedules).change(Fields(document), {})))


def _list(world: World, request: Request) -> Answer:
    allow_reading(request)
    kept = [one for _, one in world.part(Schedules).table.items()]
    ours = [one for one in kept if one.text("namespace") == request.values["namespace"]]
    key, equals, value = request.asked("label").partition("=")
    fitting = [one for one in ours if not equals or one.fields("jobSpec").pairs("labels").get(key) == value]
    return json_answer([_shown(one) for one in fitting])


def _inspect(world: World, request: Request) -> Answer:
    allow_reading(request)
    return json_answer(_shown(_find(world, request)))


def _suspend(world: World, request: Request) -> Answer:
    return json_answer(_shown(world.part(Schedules).change(_changeable(world, request), {"suspend": True})))


def _resume(world: World, request: Request) -> Answer:
    kept = _changeable(world, request)
    status = _status(kept, datetime.now(UTC), kept.fields("status").values.get("lastJob"))
    return json_answer(_shown(world.part(Schedules).change(kept, {"suspend": False, "status": status})))


def _run(world: World, request: Request) -> Answer:
    kept, schedules = _changeable(world, request), world.part(Schedules)
    if not kept.flag("concurrency") and schedules.is_running(kept):
        raise Refused(409, "Another instance of this scheduled job is already running")
    return json_answer(shown(world, schedules.run(kept)))


def _label(world: World, request: Request) -> Answer:
    kept = _changeable(world, request)
    labels = labels_of(request.json)
    changes = {name: {**kept.fields(name).values, "labels": labels} for name in ("jobSpec", "order")}
    return json_answer(_shown(world.part(Schedules).change(kept, changes)))


def _delete(world: World, request: Request) -> Answer:
    world.part(Schedules).table.delete(_changeable(world, request).text("id"))
    return json_answer({"success": True})


def _start(world: World) -> None:
    world.part(Schedules)


ROUTES = (
    Route("POST", "/api/scheduled-jobs/{namespace}", _create),
    Route("GET", "/api/scheduled-jobs/{namespace}", _list),
    Route("GET", "/api/scheduled-jobs/{namespace}/{schedule}", _inspect),
    Route("DELETE", "/api/scheduled-jobs/{namespace}/{schedule}", _delete),
    Route("POST", "/api/scheduled-jobs/{namespace}/{schedule}/suspend", _suspend),
    Route("POST", "/api/scheduled-jobs/{namespace}/{schedule}/resume", _resume),
    Route("POST", "/api/scheduled-jobs/{namespace}/{schedule}/run", _run),
    Route("PUT", "/api/scheduled-jobs/{namespace}/{schedule}/labels", _label),
)
START = _start
