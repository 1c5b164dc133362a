"""Issues, comments and reactions, where emulate is not like GitHub."""

from __future__ import annotations

import re
from typing import cast
from urllib.parse import parse_qs, urlsplit

from tests.github_server.accounts import Token
from tests.github_server.engines import Reply, json_reply
from tests.github_server.inside import Inside, Json, Route, body_of, login_of, refuse
from tests.github_server.listener import Asked

AS_AN_ISSUE = (
    "id",
    "node_id",
    "number",
    "title",
    "body",
    "user",
    "state",
    "locked",
    "labels",
    "milestone",
    "assignee",
    "assignees",
    "created_at",
    "updated_at",
    "closed_at",
    "comments_url",
    "html_url",
    "author_association",
)


def issue(inside: Inside, asked: Asked, token: Token, found: re.Match[str]) -> Reply:
    """Every pull request is an issue, too (docs.github.com/rest/issues/issues); emulate has none of that number."""
    there = inside.plain(asked, token)
    pull = inside.pull(found[1]) if there.status == 404 else None
    if pull is None:
        return there
    url = f"{inside.url}{inside.path}"
    addresses = {
        "url": f"{url}/issues/{found[1]}",
        "repository_url": url,
        "labels_url": f"{url}/issues/{found[1]}/labels{{/name}}",
        "events_url": f"{url}/issues/{found[1]}/events",
    }
    links = {key: pull[key] for key in ("url", "html_url", "diff_url", "patch_url")}
    return json_reply({**{key: pull[key] for key in AS_AN_ISSUE}, **addresses, "comments": 0, "pull_request": links})


def react(inside: Inside, asked: Asked, token: Token, found: re.Match[str]) -> Reply:
    """201 for a new one, 200 for one that is there: docs.github.com/rest/reactions/reactions. emulate has none."""
    there = inside.ask("GET", f"/{found[1]}/{found[2]}").status == 200
    if not there and (found[1] != "issues" or inside.pull(found[2]) is None):
        return refuse(404, "Not Found")
    content = str(body_of(asked)["content"])
    key = (f"{found[1]}/{found[2]}", token.login, content)
    if key in inside.reactions:
        return json_reply(inside.reactions[key])
    number = len(inside.reactions) + 1
    inside.reactions[key] = {
        "id": number,
        "node_id": f"REA_{number}",
        "user": inside.user(token.login),
        "content": content,
        "created_at": "2026-01-01T00:00:00Z",
    }
    return json_reply(inside.reactions[key], 201)


def comments(inside: Inside, asked: Asked, _token: Token, _found: re.Match[str]) -> Reply:
    """Of the whole repository: docs.github.com/rest/issues/comments. emulate takes the word for an issue's number."""
    since = parse_qs(urlsplit(asked.path).query).get("since", [""])[0]
    threads = [
        one["number"]
        for kind in ("issues", "pulls")
        for one in cast("list[Json]", inside.ask("GET", f"/{kind}?state=all&per_page=100").json)
    ]
    every = [
        one
        for number in threads
        for one in cast("list[Json]", inside.ask("GET", f"/issues/{number}/comments?per_page=100").json)
    ]
    new = [one for one in every if str(one["updated_at"]) >= since]
    return json_reply(inside.right(sorted(new, key=lambda one: str(one["updated_at"]))))


def events(inside: Inside, _asked: Asked, _token: Token, _found: re.Match[str]) -> Reply:
    """Of the whole repository, newest first: docs.github.com/rest/issues/events. emulate lists those of one issue."""
    issues = cast("list[Json]", inside.ask("GET", "/issues?state=all&per_page=100").json)
    found = [
        one
        for issue in issues
        for one in cast("list[Json]", inside.ask("GET", f"/issues/{issue['number']}/events").json)
    ]
    newest = sorted(found, key=lambda one: (str(one["created_at"]), cast("int", one["id"])), reverse=True)
    told = cast("list[Json]", inside.right(newest))
    return json_reply(
        [{key: value for key, value in one.items() if value is not None or key in NULLABLE} for one in told]
    )


NULLABLE = frozenset({"actor", "commit_id", "commit_url"})


def change_comment(inside: Inside, asked: Asked, token: Token, found: re.Match[str]) -> Reply:
    """One's own, or with write access; emulate lets anybody.

    docs.github.com/organizations/managing-user-access-to-your-organizations-repositories, "Repository roles for an organization".
    """
    there = inside.ask("GET", f"/issues/comments/{found[1]}")
    if there.status != 200:
        return refuse(404, "Not Found")
    if login_of(cast("Json", there.json)) != token.login and not inside.accounts.may(token, "write"):
        return refuse(403, "Must have admin rights to Repository.")
    return inside.plain(asked, token)


ROUTES: tuple[Route, ...] = (
    ("GET", r"/issues/comments", comments),
    ("GET", r"/issues/events", events),
    ("GET", r"/issues/(\d+)", issue),
    ("POST", r"/(issues(?:/comments)?)/(\d+)/reactions", react),
    ("DELETE", r"/issues/comments/(\d+)", change_comment),
    ("PATCH", r"/issues/comments/(\d+)", change_comment),
)
