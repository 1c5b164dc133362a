"""Runs that are asked for by the API, which emulate does not have; who plays the runner takes them from `Inside.dispatched`."""

from __future__ import annotations

import re
from typing import cast

import yaml

from tests.github_server.accounts import Token
from tests.github_server.engines import Reply
from tests.github_server.inside import Inside, Json, Route, body_of, invalid, refuse
from tests.github_server.listener import Asked

WORKFLOWS = ".github/workflows"
DONE = 204


def dispatch(inside: Inside, asked: Asked, token: Token, _found: re.Match[str]) -> Reply:
    """docs.github.com/rest/repos/repos#create-a-repository-dispatch-event."""
    body = body_of(asked)
    told: Json = {"action": body["event_type"], "branch": "main", "client_payload": body.get("client_payload") or {}}
    inside.dispatched.append(("repository_dispatch", told | about(inside, token.login)))
    return Reply(DONE, {}, b"")


def dispatch_workflow(inside: Inside, asked: Asked, token: Token, found: re.Match[str]) -> Reply:
    """docs.github.com/rest/actions/workflows#create-a-workflow-dispatch-event: by file name; it must have the trigger."""
    body = body_of(asked)
    path, ref = f"{WORKFLOWS}/{found[1]}", str(body["ref"]).removeprefix("refs/heads/")
    if not inside.git("ls-tree", "main", path).strip():
        return refuse(404, "Not Found")
    if inside.bare.head(ref) is None:
        return invalid("Workflow", "custom", message=f"No ref found for: {ref}")
    if "workflow_dispatch" not in triggers(inside.git("show", f"{ref}:{path}")):
        return invalid("Workflow", "custom", message="Workflow does not have 'workflow_dispatch' trigger")
    told: Json = {"inputs": body.get("inputs") or None, "ref": f"refs/heads/{ref}", "workflow": path}
    inside.dispatched.append(("workflow_dispatch", told | about(inside, token.login)))
    return Reply(DONE, {}, b"")


def switch(inside: Inside, _asked: Asked, _token: Token, found: re.Match[str]) -> Reply:
    """docs.github.com/rest/actions/workflows#disable-a-workflow: by file name; nothing begins a run of it then."""
    path = f"{WORKFLOWS}/{found[1]}"
    if not inside.git("ls-tree", "main", path).strip():
        return refuse(404, "Not Found")
    if found[2] == "enable":
        inside.setup.disabled.pop(path, None)
    else:
        inside.setup.disabled[path] = "disabled_manually"
    return Reply(DONE, {}, b"")


def about(inside: Inside, login: str) -> Json:
    """Return what every event says: the repository, and whose event it is."""
    repository = inside.right(inside.ask("GET", "").json)
    return {"repository": repository, "sender": inside.user(login)}


def triggers(workflow: str) -> Json:
    """Return the events of a workflow with their filters. YAML takes the key `on` for a yes."""
    told = cast("dict[object, object]", yaml.safe_load(workflow))
    on = told.get("on", told.get(True))
    match on:
        case str():
            return {on: {}}
        case list():
            return {name: {} for name in cast("list[str]", on)}
        case _:
            return {str(name): how or {} for name, how in cast("Json", on or {}).items()}


ROUTES: tuple[Route, ...] = (
    ("POST", r"/dispatches", dispatch),
    ("POST", r"/actions/workflows/([^/]+)/dispatches", dispatch_workflow),
    ("PUT", r"/actions/workflows/([^/]+)/(enable|disable)", switch),
)
