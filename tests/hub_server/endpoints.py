"""Inference endpoints: made, changed, paused, scaled to nothing, deleted, and an address of each that answers a smoke request.

The Hub has them under an address of their own, which its client knows as a constant and not from the environment: set
`huggingface_hub.constants.INFERENCE_ENDPOINTS_ENDPOINT` to this server's `/v2`. No model is really loaded: the answer has the
shape of the task's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .accounts import allowed, known
from .endpoint_hardware import COMPUTE, shown_machine
from .fields import Fields
from .job_launch import NO_CREDIT, by
from .job_records import moment, now
from .job_runs import Jobs
from .refusals import Refused
from .repositories import may_see, repositories
from .request import Answer, Request, json_answer
from .routes import Route
from .store import Table

if TYPE_CHECKING:
    from .world import World

_TYPES = {"public", "protected", "authenticated", "private"}
_SCORES = [{"label": "LABEL_0", "score": 0.75}, {"label": "LABEL_1", "score": 0.25}]
_ANSWERS: dict[str, object] = {
    "text-classification": [_SCORES],
    "feature-extraction": [[0.1, 0.2, 0.3]],
    "text-generation": [{"generated_text": "Hello."}],
}


@dataclass(slots=True)
class _Settings:
    pending_seconds: float = 0.0
    initializing_seconds: float = 0.0
    fails: bool = False


class Endpoints:
    """The inference endpoints of one server."""

    def __init__(self, world: World) -> None:
        self.settings = _Settings()
        self.table: Table = world.store.table("endpoints")

    def state(self, kept: Fields) -> str:
        """Say where an endpoint stands: what was ordered, or how far it has come since."""
        ordered = kept.text("ordered")
        since = moment(kept.text("since"))
        assert since is not None
        pending = timedelta(seconds=self.settings.pending_seconds)
        ready = pending + timedelta(seconds=self.settings.initializing_seconds)
        gone = datetime.now(UTC) - since
        if ordered != "running":
            return ordered
        if gone < ready:
            return "pending" if gone < pending else "initializing"
        return "failed" if self.settings.fails else "running"

    def keep(self, document: Mapping[str, object]) -> Fields:
        """Keep an endpoint."""
        self.table.put(_key(str(document["namespace"]), str(document["name"])), document)
        return Fields(document)

    def close(self) -> None:
        """Nothing of this runs."""


def _key(namespace: str, name: str) -> str:
    return f"{namespace}/{name}"


def _shown(world: World, kept: Fields) -> dict[str, object]:
    state = world.part(Endpoints).state(kept)
    serving = int(state == "running")
    url = {"url": _url(world, kept)} if state in {"running", "scaledToZero"} else {}
    status = {
        "state": state,
        "message": "Endpoint failed to start" if state == "failed" else f"Endpoint is {state}",
        "createdAt": kept.text("created"),
        "createdBy": kept.values["by"],
        "updatedAt": kept.text("since"),
        "updatedBy": kept.values["by"],
        "readyReplica": serving,
        "targetReplica": serving,
        **url,
    }
    about = {
        name: kept.values[name] for name in ("name", "type", "provider", "compute", "model", "tags") if name in kept
    }
    return {**about, "accountId": None, "healthRoute": "/health", "status": status}


def _url(world: World, kept: Fields) -> str:
    return f"{world.url}/_endpoint/{kept.text('namespace')}/{kept.text('name')}"


def _find(world: World, request: Request) -> Fields:
    kept = world.part(Endpoints).table.get(_key(request.values["namespace"], request.values["name"]))
    if kept is None:
        raise Refused(404, "Endpoint not found")
    return kept


def _create(world: World, request: Request) -> Answer:
    namespace, asked = request.values["namespace"], request.json
    caller = allowed(request, "inference.endpoints.write", namespace)
    name, kind = asked.text("name"), asked.text("type", "protected")
    if world.part(Endpoints).table.get(_key(namespace, name)) is not None:
        raise Refused(409, f"Endpoint {name} already exists")
    if kind not in _TYPES or not 0 < len(name) <= 32:
        raise Refused(400, f"Invalid endpoint: name {name!r}, type {kind!r}")
    if namespace in world.part(Jobs).settings.without_credit:
        raise Refused(402, NO_CREDIT)
    compute = _compute(asked.fields("compute"))
    document = {
        "name": name,
        "namespace": namespace,
        "type": kind,
        "provider": dict(asked.fields("provider").values),
        "compute": compute,
        "model": _model(world, request, Fields(_hidden(asked.fields("model")))),
        "tags": asked.texts("tags"),
        "by": {key: value for key, value in by(caller).items() if key != "type"},
        "ordered": "running",
        "created": now(),
        "since": now(),
    }
    return json_answer(_shown(world, world.part(Endpoints).keep(document)))


def _compute(asked: Fields) -> dict[str, object]:
    machine = asked.text("instanceType"), asked.text("instanceSize")
    if machine not in COMPUTE or COMPUTE[machine][0] != asked.text("accelerator"):
        raise Refused(400, f"Compute {machine[0]} {machine[1]} ({asked.text('accelerator')}) is not available")
    scaling = asked.fields("scaling")
    if not 0 <= scaling.number("minReplica", 0) <= scaling.number("maxReplica", 1):
        raise Refused(400, "minReplica must not be above maxReplica")
    return dict(asked.values)


def _model(world: World, request: Request, asked: Fields) -> dict[str, object]:
    """Return what is to be served; the model has to be there, at the revision that is named."""
    found = repositories(world).find("model", asked.text("repository"))
    if found is None or not may_see(found, request.caller):
        raise Refused(400, f"Repository {asked.text('repository')} not found")
    commit = repositories(world).revision(found, asked.text("revision", "main"))
    return {"task": None, "env": {}, **asked.values, "revision": commit.id}


def _hidden(asked: Fields) -> dict[str, object]:
    """Return what is asked of a model, with the names of secrets in the place of their values."""
    return {**asked.values, **({"secrets": sorted(asked.fields("secrets"))} if "secrets" in asked else {})}


def _list(world: World, request: Request) -> Answer:
    namespace = request.values["namespace"]
    allowed(request, "inference.endpoints.read", namespace)
    kept = [one for _, one in world.part(Endpoints).table.items()]
    return json_answer({"items": [_shown(world, one) for one in kept if one.text("namespace") == namespace]})


def _inspect(world: World, request: Request) -> Answer:
    allowed(request, "inference.endpoints.read", request.values["namespace"])
    return json_answer(_shown(world, _find(world, request)))


def _update(world: World, request: Request) -> Answer:
    allowed(request, "inference.endpoints.write", request.values["namespace"])
    kept, asked = _find(world, request), request.json
    old, wanted = kept.fields("compute"), asked.fields("compute")
    scaling = {**old.fields("scaling").values, **wanted.fields("scaling").values}
    compute = _compute(Fields({**old.values, **wanted.values, "scaling": scaling}))
    model = {**kept.fields("model").values, **_hidden(asked.fields("model"))}
    changed = {"compute": compute, "model": _model(world, request, Fields(model)), "since": now()}
    return json_answer(_shown(world, world.part(Endpoints).keep({**kept.values, **changed})))


def _order(world: World, request: Request) -> Answer:
    """Pause, resume, or scale to nothing."""
    allowed(request, "inference.endpoints.write", request.values["namespace"])
    kept = _find(world, request)
    verb = request.path.rpartition("/")[2]
    if verb == "resume" and kept.text("ordered") == "running":
        raise Refused(400, "Bad Request: Endpoint is already running")
    ordered = {"pause": "paused", "resume": "running", "scale-to-zero": "scaledToZero"}[verb]
    changed = {**kept.values, "ordered": ordered, "since": now()}
    return json_answer(_shown(world, world.part(Endpoints).keep(changed)))


def _delete(world: World, request: Request) -> Answer:
    allowed(request, "inference.endpoints.write", request.values["namespace"])
    world.part(Endpoints).table.delete(_key(request.values["namespace"], _find(world, request).text("name")))
    return json_answer({})


def _hardware(world: World, request: Request) -> Answer:
    allowed(request, "inference.endpoints.read", request.values["namespace"])
    computes = [shown_machine(*machine) for machine in COMPUTE]
    region = {"name": "us-east-1", "label": "N. Virginia", "computes": computes}
    return json_answer({"vendors": [{"name": "aws", "status": "available", "regions": [region]}]})


def _serve(world: World, request: Request) -> Answer:
    """Answer as a served model does; one that was scaled to nothing wakes up first, and says so."""
    kept, endpoints = _find(world, request), world.part(Endpoints)
    if kept.text("type") != "public":
        caller = known(request)
        if not caller.belongs(kept.text("namespace")):
            raise Refused(401, "Unauthorized")
    if kept.text("ordered") == "scaledToZero":
        kept = endpoints.keep({**kept.values, "ordered": "running", "since": now()})
    if endpoints.state(kept) != "running":
        raise Refused(503, "503 Service Unavailable: the endpoint is not running")
    if request.method == "GET":
        return json_answer({"status": "ok"})
    task = str(kept.fields("model").values.get("task"))
    return json_answer(_ANSWERS.get(task, [{"inputs": request.json.values.get("inputs")}]))


ROUTES = (
    Route("GET", "/v2/provider/{namespace}", _hardware),
    Route("POST", "/v2/endpoint/{namespace}", _create),
    Route("GET", "/v2/endpoint/{namespace}", _list),
    Route("GET", "/v2/endpoint/{namespace}/{name}", _inspect),
    Route("PUT", "/v2/endpoint/{namespace}/{name}", _update),
    Route("DELETE", "/v2/endpoint/{namespace}/{name}", _delete),
    *(
        Route("POST", f"/v2/endpoint/{{namespace}}/{{name}}/{verb}", _order)
        for verb in ("pause", "resume", "scale-to-zero")
    ),
    Route("POST", "/_endpoint/{namespace}/{name}", _serve),
    Route("GET", "/_endpoint/{namespace}/{name}/health", _serve),
)
