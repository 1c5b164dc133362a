"""Workflow runs, which emulate does not have: docs.github.com/rest/actions/workflow-runs#get-a-workflow-run."""

from __future__ import annotations

import re
from typing import cast

from tests.github_server.accounts import Token
from tests.github_server.engines import Reply, json_reply
from tests.github_server.inside import Inside, Json, Route, refuse
from tests.github_server.listener import Asked

AT = "2026-11-26T02:00:00Z"
ADDRESSES = ("jobs", "logs", "check_suite", "cancel", "rerun", "artifacts", "workflow")


def run(inside: Inside, _asked: Asked, _token: Token, found: re.Match[str]) -> Reply:
    """Those that the tests have begun; one is `in_progress` until it is `completed`."""
    status = inside.runs.get(found[1])
    if status is None:
        return refuse(404, "Not Found")
    url = f"{inside.url}{inside.path}/actions/runs/{found[1]}"
    repository = cast("Json", inside.right(inside.ask("GET", "").json))
    told: Json = {
        "id": int(found[1]),
        "node_id": f"WFR_{found[1]}",
        "name": "intern",
        "head_branch": "main",
        "head_sha": inside.bare.head("main"),
        "path": ".github/workflows/intern.yml",
        "display_title": "intern",
        "run_number": int(found[1]),
        "event": "issue_comment",
        "status": status,
        "conclusion": "success" if status == "completed" else None,
        "workflow_id": 1,
        "url": url,
        "html_url": url,
        "pull_requests": [],
        "created_at": AT,
        "updated_at": AT,
        "head_commit": None,
        "repository": repository,
        "head_repository": repository,
        **{f"{name}_url": f"{url}/{name}" for name in ADDRESSES},
    }
    return json_reply(told)


def listed(inside: Inside, asked: Asked, token: Token, _found: re.Match[str]) -> Reply:
    """docs.github.com/rest/actions/workflow-runs#list-workflow-runs-for-a-repository; of one event, which all of ours are."""
    every = [re.fullmatch(r"(\d+)", one) for one in inside.runs]
    told = [run(inside, asked, token, found).json for found in every if found]
    return json_reply({"total_count": len(told), "workflow_runs": told})


ROUTES: tuple[Route, ...] = (
    ("GET", r"/actions/runs", listed),
    ("GET", r"/actions/runs/(\d+)", run),
)
