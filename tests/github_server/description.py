"""The part of GitHub's OpenAPI description that our code may touch. Whole it is 13 MB and takes the judge most of a minute.

A route that is not listed here is unknown to the judge, so a call to it is a violation.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

from tests.github_server.engines import DESCRIPTION

REPO = "/repos/{owner}/{repo}"
ROUTES: tuple[tuple[str, str], ...] = (
    ("get", REPO),
    ("get", f"{REPO}/activity"),
    ("get", f"{REPO}/collaborators/{{username}}/permission"),
    ("get", f"{REPO}/issues"),
    ("post", f"{REPO}/issues"),
    ("get", f"{REPO}/issues/comments"),
    ("get", f"{REPO}/issues/events"),
    ("get", f"{REPO}/pulls/comments"),
    ("get", f"{REPO}/issues/{{issue_number}}"),
    ("get", f"{REPO}/issues/{{issue_number}}/comments"),
    ("post", f"{REPO}/issues/{{issue_number}}/comments"),
    ("patch", f"{REPO}/issues/comments/{{comment_id}}"),
    ("delete", f"{REPO}/issues/comments/{{comment_id}}"),
    ("post", f"{REPO}/dispatches"),
    ("post", f"{REPO}/actions/workflows/{{workflow_id}}/dispatches"),
    ("put", f"{REPO}/actions/workflows/{{workflow_id}}/enable"),
    ("put", f"{REPO}/actions/workflows/{{workflow_id}}/disable"),
    ("get", f"{REPO}/actions/runs"),
    ("get", f"{REPO}/actions/runs/{{run_id}}"),
    ("post", f"{REPO}/issues/{{issue_number}}/reactions"),
    ("post", f"{REPO}/issues/comments/{{comment_id}}/reactions"),
    ("get", f"{REPO}/pulls"),
    ("post", f"{REPO}/pulls"),
    ("get", f"{REPO}/pulls/{{pull_number}}"),
    ("patch", f"{REPO}/pulls/{{pull_number}}"),
    ("get", f"{REPO}/pulls/{{pull_number}}/commits"),
    ("get", f"{REPO}/pulls/{{pull_number}}/reviews"),
    ("get", f"{REPO}/pulls/{{pull_number}}/comments"),
    ("post", f"{REPO}/pulls/{{pull_number}}/comments/{{comment_id}}/replies"),
    ("post", f"{REPO}/pulls/{{pull_number}}/comments"),
    ("post", f"{REPO}/pulls/{{pull_number}}/requested_reviewers"),
    ("get", f"{REPO}/commits/{{ref}}/check-runs"),
    ("post", f"{REPO}/check-runs"),
    ("patch", f"{REPO}/check-runs/{{check_run_id}}"),
    # what people do in the tests
    ("patch", f"{REPO}/issues/{{issue_number}}"),
    ("post", f"{REPO}/issues/{{issue_number}}/labels"),
    ("post", f"{REPO}/pulls/{{pull_number}}/reviews"),
    ("put", f"{REPO}/pulls/{{pull_number}}/merge"),
    ("put", f"{REPO}/pulls/{{pull_number}}/reviews/{{review_id}}/dismissals"),
)
SETUP: tuple[tuple[str, str], ...] = (
    ("get", f"{REPO}/actions/permissions"),
    ("get", f"{REPO}/actions/permissions/workflow"),
    ("get", f"{REPO}/actions/workflows"),
    ("get", f"{REPO}/actions/secrets"),
    ("get", f"{REPO}/actions/organization-secrets"),
    ("get", f"{REPO}/environments/{{environment_name}}"),
    ("get", f"{REPO}/environments/{{environment_name}}/secrets"),
    ("get", f"{REPO}/contents/{{path}}"),
    ("get", f"{REPO}/rules/branches/{{branch}}"),
    ("get", f"{REPO}/branches/{{branch}}"),
    ("get", f"{REPO}/branches/{{branch}}/protection"),
    ("get", f"{REPO}/collaborators"),
)
"""How the repository is set up, which `doctor` alone asks."""

METHODS = frozenset({"get", "put", "post", "delete", "patch"})
NULL: dict[str, object] = {"type": "boolean", "nullable": True, "not": {"type": "boolean"}}


def write_description(target: Path) -> Path:
    """Write the listed routes, with every schema they lead to, as a description of its own."""
    whole = cast("dict[str, object]", json.loads(DESCRIPTION.read_text()))
    paths = cast("dict[str, dict[str, object]]", whole["paths"])
    every = (*ROUTES, *SETUP)
    wanted = {path: {method for method, one in every if one == path} for _, path in every}
    kept = {
        path: {key: value for key, value in paths[path].items() if key not in METHODS or key in methods}
        for path, methods in wanted.items()
    }
    components: dict[str, dict[str, object]] = {}
    _gather(kept, whole, components)
    part = {key: whole[key] for key in ("openapi", "info")} | {"paths": kept, "components": components}
    target.write_text(json.dumps(_judged(part)))
    return target


def _judged(node: object) -> object:
    """Return a description with `nullable` only beside a `type`: the judge passes over a whole schema that has it elsewhere."""
    if isinstance(node, list):
        return [_judged(one) for one in cast("list[object]", node)]
    if not isinstance(node, dict):
        return node
    told = {key: _judged(one) for key, one in cast("dict[str, object]", node).items()}
    if told.get("nullable") is not True or "type" in told:
        return told
    del told["nullable"]
    return {"anyOf": [told, NULL]}


def _gather(node: object, whole: dict[str, object], found: dict[str, dict[str, object]]) -> None:
    """Add everything that `node` refers to, and what that refers to."""
    if isinstance(node, list):
        for one in cast("list[object]", node):
            _gather(one, whole, found)
    if not isinstance(node, dict):
        return
    told = cast("dict[str, object]", node)
    ref = told.get("$ref")
    if isinstance(ref, str):
        _, _, group, name = ref.split("/")
        if name not in found.setdefault(group, {}):
            components = cast("dict[str, dict[str, object]]", whole["components"])
            found[group][name] = components[group][name]
            _gather(found[group][name], whole, found)
    for one in told.values():
        _gather(one, whole, found)
