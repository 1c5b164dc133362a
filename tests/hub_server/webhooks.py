"""Webhooks: kept for a user, and sent, with their secret, when something happens to what they watch."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING
from urllib.request import Request as Outgoing
from urllib.request import urlopen

from .accounts import Caller, identity, known
from .fields import Fields
from .job_launch import launch
from .job_runs import Jobs
from .refusals import Refused
from .repositories import MAIN, Repository, repositories
from .request import Answer, Request, json_answer
from .routes import Route
from .world import Happened

if TYPE_CHECKING:
    from .world import World

_VERSION = 3
_SECONDS = 10
_DOMAINS = {"repo": "repo", "discussion": "discussion", "discussions": "discussion"}
_OF_A_JOB = ("dockerImage", "spaceId", "command", "arguments", "environment", "flavor", "timeoutSeconds", "labels")


class Webhooks:
    """The webhooks of one server, and the thread that sends them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.table = world.store.table("webhooks")
        self.lost: list[str] = []
        """The addresses that did not take what was sent; the Hub tries each time once."""
        self._waiting: SimpleQueue[tuple[Fields, dict[str, object]] | None] = SimpleQueue()
        self._thread = Thread(target=self._send_all, daemon=True)
        self._thread.start()
        world.listeners.append(self._hear)

    def _hear(self, happened: Happened) -> None:
        for webhook in [one for _, one in self.table.items()]:
            if not webhook.flag("disabled") and _watches(webhook, happened):
                self._waiting.put((webhook, _payload(self._world, webhook, happened)))

    def _send_all(self) -> None:
        while (one := self._waiting.get()) is not None:
            webhook, payload = one
            if "url" in webhook:
                self._post(webhook, payload)
            else:
                self._run(webhook, payload)

    def _post(self, webhook: Fields, payload: Mapping[str, object]) -> None:
        headers = {"Content-Type": "application/json", "User-Agent": "Hugging Face Webhooks"}
        if "secret" in webhook:
            headers["X-Webhook-Secret"] = webhook.text("secret")
        address = webhook.text("url")
        try:
            with urlopen(Outgoing(address, json.dumps(payload).encode(), headers), timeout=_SECONDS) as answer:  # noqa: S310 -- checked when it was made
                answer.read()
        except OSError:
            self.lost.append(address)

    def _run(self, webhook: Fields, payload: Mapping[str, object]) -> None:
        repository = Fields(payload).fields("repo")
        told = {
            "WEBHOOK_PAYLOAD": json.dumps(payload),
            "WEBHOOK_REPO_ID": repository.text("name"),
            "WEBHOOK_REPO_TYPE": repository.text("type"),
            "WEBHOOK_SECRET": webhook.text("secret", ""),
        }
        job = webhook.fields("job")
        order = Fields({**job.values, "environment": {**job.pairs("environment"), **told}})
        with suppress(Refused):
            launch(
                self._world,
                order,
                namespace=webhook.text("namespace"),
                initiator={"type": "webhook", "id": webhook.text("id")},
            )

    def close(self) -> None:
        """Send what waits, and end."""
        self._world.listeners.remove(self._hear)
        self._waiting.put(None)
        self._thread.join()


def _watches(webhook: Fields, happened: Happened) -> bool:
    domain, owner = happened.scope.partition(".")[0], happened.id.partition("/")[0]
    names = {(happened.type, happened.id), ("user", owner), ("org", owner)}
    watched = {(one.text("type"), one.text("name")) for one in webhook.each("watched")}
    return domain in {_DOMAINS[one] for one in webhook.texts("domains")} and bool(names & watched)


def _payload(world: World, webhook: Fields, happened: Happened) -> dict[str, object]:
    about = {name: value for name, value in happened.about.items() if name != "movedFrom"}
    return {
        "event": {"action": happened.action, "scope": happened.scope},
        "repo": _repository(world, happened),
        "webhook": {"id": webhook.text("id"), "version": _VERSION},
        **about,
    }


def _repository(world: World, happened: Happened) -> dict[str, object]:
    found = repositories(world).find(happened.type, happened.id)
    kind = "" if happened.type == "model" else f"{happened.type}s/"
    url = {"web": f"{world.url}/{kind}{happened.id}", "api": f"{world.url}/api/{happened.type}s/{happened.id}"}
    about: dict[str, object] = {"type": happened.type, "name": happened.id, "url": url}
    about["owner"] = {"id": identity(happened.id.partition("/")[0])}
    return {**about, **(_state(found) if found else {"id": identity(happened.id), "private": False})}


def _state(found: Repository) -> dict[str, object]:
    head = found.branches.get(MAIN)
    return {
        "id": found.uid,
        "private": found.private,
        "tags": [],
        **({"headSha": head, "head_sha": head} if head else {}),
    }


def _permitted(request: Request, verb: str) -> Caller:
    caller = known(request)
    if not caller.may(f"user.webhooks.{verb}", caller.user):
        raise Refused(403, f"Authorization error: missing permission user.webhooks.{verb}")
    return caller


def _own(world: World, request: Request, verb: str = "write") -> Fields:
    caller = _permitted(request, verb)
    kept = world.part(Webhooks).table.get(request.values["webhook"])
    if kept is None or kept.text("user") != caller.user:
        raise Refused(404, "Webhook not found")
    return kept


def _keep(world: World, document: Mapping[str, object]) -> Answer:
    world.part(Webhooks).table.put(str(document["id"]), document)
    return json_answer({"webhook": _shown(Fields(document))})


def _shown(kept: Fields) -> dict[str, object]:
    return {name: value for name, value in kept.values.items() if name not in {"user", "namespace"}}


def _asked(request: Request, kept: Fields) -> dict[str, object]:
    """Return what a request says of a webhook, over what was there."""
    asked = request.json
    document = {name: asked.values.get(name, kept.values.get(name)) for name in ("watched", "url", "domains", "secret")}
    document = {name: value for name, value in document.items() if value is not None}
    merged = Fields(document)
    if not merged.each("watched") or any("type" not in one or "name" not in one for one in merged.each("watched")):
        raise Refused(400, '"watched" must name at least one item')
    if unknown := set(merged.texts("domains")) - set(_DOMAINS):
        raise Refused(400, f'"domains" must be repo or discussion, received {", ".join(sorted(unknown))}')
    if "url" in merged and not merged.text("url").startswith(("http://", "https://")):
        raise Refused(400, '"url" must be a valid uri')
    return {"domains": list(_DOMAINS)[:2], **document}


def _create(world: World, request: Request) -> Answer:
    caller = _permitted(request, "write")
    document = {"id": secrets.token_hex(12), "user": caller.user, "disabled": False, **_asked(request, Fields({}))}
    if "jobSourceId" in request.json:
        folder = world.part(Jobs).folders.find(caller.user, request.json.text("jobSourceId"))
        if folder is None:
            raise Refused(404, "Job not found")
        job = {name: value for name, value in folder.record().items() if name in _OF_A_JOB}
        document |= {"job": job, "namespace": caller.user}
    elif "url" not in document:
        raise Refused(400, "One of url and jobSourceId is required")
    return _keep(world, document)


def _list(world: World, request: Request) -> Answer:
    caller = _permitted(request, "read")
    kept = [one for _, one in world.part(Webhooks).table.items()]
    return json_answer([_shown(one) for one in kept if one.text("user") == caller.user])


def _inspect(world: World, request: Request) -> Answer:
    return json_answer({"webhook": _shown(_own(world, request, "read"))})


def _update(world: World, request: Request) -> Answer:
    kept = _own(world, request)
    return _keep(world, {**kept.values, **_asked(request, kept)})


def _enable(world: World, request: Request) -> Answer:
    return _keep(world, {**_own(world, request).values, "disabled": False})


def _disable(world: World, request: Request) -> Answer:
    return _keep(world, {**_own(world, request).values, "disabled": True})


def _delete(world: World, request: Request) -> Answer:
    world.part(Webhooks).table.delete(_own(world, request).text("id"))
    return json_answer({"success": True})


def _start(world: World) -> None:
    world.part(Webhooks)


ROUTES = (
    Route("GET", "/api/settings/webhooks", _list),
    Route("POST", "/api/settings/webhooks", _create),
    Route("GET", "/api/settings/webhooks/{webhook}", _inspect),
    Route("POST", "/api/settings/webhooks/{webhook}", _update),
    Route("DELETE", "/api/settings/webhooks/{webhook}", _delete),
    Route("POST", "/api/settings/webhooks/{webhook}/enable", _enable),
    Route("POST", "/api/settings/webhooks/{webhook}/disable", _disable),
)
START = _start
