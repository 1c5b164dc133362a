"""Comments on lines of pull requests, which emulate does not have: docs.github.com/rest/pulls/comments."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from tests.github_server.accounts import Token
from tests.github_server.engines import Reply, json_reply
from tests.github_server.inside import Inside, Json, Route, body_of, refuse
from tests.github_server.listener import Asked


def told(inside: Inside, _asked: Asked, _token: Token, found: re.Match[str]) -> Reply:
    """All of a pull request, oldest first."""
    if inside.pull(found[1]) is None:
        return refuse(404, "Not Found")
    return json_reply(list(inside.lines.get(found[1], {}).values()))


def every(inside: Inside, asked: Asked, _token: Token, _found: re.Match[str]) -> Reply:
    """Those of all pull requests, oldest first: docs.github.com/rest/pulls/comments."""
    since = parse_qs(urlsplit(asked.path).query).get("since", [""])[0]
    found = [one for there in inside.lines.values() for one in there.values() if str(one["updated_at"]) >= since]
    return json_reply(sorted(found, key=lambda one: str(one["created_at"])))


def say(inside: Inside, asked: Asked, token: Token, found: re.Match[str]) -> Reply:
    """Begin a conversation."""
    said = body_of(asked)
    place = {"path": said["path"], "line": said.get("line", 1), "commit_id": said["commit_id"]}
    return _add(inside, token, found[1], str(said["body"]), place)


def reply(inside: Inside, asked: Asked, token: Token, found: re.Match[str]) -> Reply:
    """Go on with one: its first comment is named, and stays `in_reply_to_id` of all."""
    root = inside.lines.get(found[1], {}).get(found[2])
    if root is None or "in_reply_to_id" in root:
        return refuse(404, "Not Found")
    place = {key: root[key] for key in ("path", "line", "commit_id")} | {"in_reply_to_id": int(found[2])}
    return _add(inside, token, found[1], str(body_of(asked)["body"]), place)


def _add(inside: Inside, token: Token, number: str, body: str, place: Json) -> Reply:
    pull = inside.pull(number)
    if pull is None:
        return refuse(404, "Not Found")
    there = inside.lines.setdefault(number, {})
    one, now = 1000 + sum(map(len, inside.lines.values())), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    url, page = f"{inside.url}{inside.path}/pulls/comments/{one}", str(pull["html_url"])
    links = {"self": url, "html": page, "pull_request": str(pull["url"])}
    there[str(one)] = {
        "url": url,
        "id": one,
        "node_id": f"PRRC_{one}",
        "pull_request_review_id": None,
        "diff_hunk": "@@ -0,0 +1 @@",
        "original_commit_id": place["commit_id"],
        "original_line": place["line"],
        "user": inside.user(token.login),
        "body": body,
        "created_at": now,
        "updated_at": now,
        "html_url": page,
        "pull_request_url": pull["url"],
        "author_association": "NONE",
        "_links": {name: {"href": address} for name, address in links.items()},
        **place,
    }
    return json_reply(there[str(one)], 201)


ROUTES: tuple[Route, ...] = (
    ("GET", r"/pulls/comments", every),
    ("GET", r"/pulls/(\d+)/comments", told),
    ("POST", r"/pulls/(\d+)/comments", say),
    ("POST", r"/pulls/(\d+)/comments/(\d+)/replies", reply),
)
