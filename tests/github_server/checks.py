"""Check runs, where emulate is not like GitHub."""

from __future__ import annotations

import re
from typing import cast
from urllib.parse import parse_qs, urlsplit

from tests.github_server.accounts import Token
from tests.github_server.engines import Reply, json_reply
from tests.github_server.inside import Inside, Json, Route, body_of, refuse
from tests.github_server.listener import Asked


def write(inside: Inside, asked: Asked, token: Token, _found: re.Match[str]) -> Reply:
    """Only apps write checks: docs.github.com/rest/checks/runs#create-a-check-run."""
    if not token.is_app:
        return refuse(403, "You must authenticate via a GitHub App.")
    reply = inside.plain(asked, token)
    if reply.status == 201:
        inside.checks.setdefault(str(body_of(asked)["head_sha"]), []).append(str(cast("Json", reply.json)["id"]))
    return reply


def of_commit(inside: Inside, asked: Asked, _token: Token, found: re.Match[str]) -> Reply:
    """Commits that emulate did not make have none there: docs.github.com/rest/checks/runs."""
    wanted = parse_qs(urlsplit(asked.path).query).get("check_name", [""])[0]
    every = [cast("Json", inside.ask("GET", f"/check-runs/{one}").json) for one in inside.checks.get(found[1], ())]
    shown = [one for one in every if wanted in {"", one["name"]}]
    return json_reply({"total_count": len(shown), "check_runs": inside.right(shown)})


ROUTES: tuple[Route, ...] = (
    ("POST", r"/check-runs", write),
    ("PATCH", r"/check-runs/(\d+)", write),
    ("GET", r"/commits/([0-9a-f]+)/check-runs", of_commit),
)
