"""What the bare repository knows, as the API tells it: who moved a branch when, and the commits of a pull request."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from tests.github_server.accounts import Token
from tests.github_server.commits import pull_commit
from tests.github_server.engines import Reply, json_reply
from tests.github_server.inside import Inside, Json, Route, refuse
from tests.github_server.listener import Asked

COMMITS_MOST = 250


def activity(inside: Inside, asked: Asked, _token: Token, _found: re.Match[str]) -> Reply:
    """Newest first; `ref` with or without `refs/heads/`: docs.github.com/rest/repos/repos#list-repository-activities."""
    query = parse_qs(urlsplit(asked.path).query)
    branch = query.get("ref", [""])[0].removeprefix("refs/heads/")
    moves = inside.bare.pushes(branch) if branch else ()
    actor = inside.user(inside.owner)
    befores = ["0" * 40, *(move.sha for move in moves)]
    listed: list[Json] = [
        {
            "id": number,
            "node_id": f"MOVE_{number}",
            "before": before,
            "after": move.sha,
            "ref": f"refs/heads/{branch}",
            "timestamp": f"{move.at:%Y-%m-%dT%H:%M:%SZ}",
            "activity_type": "push" if number else "branch_creation",
            "actor": actor,
        }
        for number, (before, move) in enumerate(zip(befores, moves, strict=False))
    ]
    return json_reply(listed[::-1][: int(query.get("per_page", ["30"])[0])])


def commits(inside: Inside, asked: Asked, _token: Token, found: re.Match[str]) -> Reply:
    """At most 250, in pages: docs.github.com/rest/pulls/pulls#list-commits-on-a-pull-request."""
    pull = inside.pull(found[1])
    if pull is None:
        return refuse(404, "Not Found")
    query = parse_qs(urlsplit(asked.path).query)
    size, page = int(query.get("per_page", ["30"])[0]), int(query.get("page", ["1"])[0])
    every = inside.between(pull)[:COMMITS_MOST]
    following = f"{inside.url}{urlsplit(asked.path).path}?per_page={size}&page={page + 1}"
    link = f'<{following}>; rel="next"' if page * size < len(every) else ""
    url = f"{inside.url}{inside.path}"
    return json_reply(
        [pull_commit(inside.folder, sha, url) for sha in every[(page - 1) * size : page * size]], link=link
    )


ROUTES: tuple[Route, ...] = (
    ("GET", r"/activity", activity),
    ("GET", r"/pulls/(\d+)/commits", commits),
)
