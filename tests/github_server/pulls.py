"""Pull requests and reviews, where emulate is not like GitHub."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import cast

from tests.github_server.accounts import Token
from tests.github_server.engines import Reply, json_reply
from tests.github_server.inside import DOCS, Inside, Json, Route, body_of, invalid, login_of, refuse
from tests.github_server.listener import Asked


def open_one(inside: Inside, asked: Asked, token: Token, _found: re.Match[str]) -> Reply:
    """Whose write access it takes, a head that is there and is ahead, one open pull request of it to a base.

    docs.github.com/rest/pulls/pulls#create-a-pull-request.
    """
    body = body_of(asked)
    head, base = str(body["head"]), str(body["base"])
    if not inside.accounts.may(token, "write"):
        return refuse(403, "Resource not accessible by personal access token")
    for field, branch in (("head", head), ("base", base)):
        if inside.bare.head(branch) is None:
            return invalid("PullRequest", "invalid", field=field)
    if not inside.git("rev-list", f"{base}..{head}"):
        return invalid("PullRequest", "custom", message=f"No commits between {base} and {head}")
    every = cast("list[Json]", inside.ask("GET", "/pulls?state=open&per_page=100").json)
    ends = [(cast("Json", one["head"])["ref"], cast("Json", one["base"])["ref"]) for one in every]
    if (head, base) in ends:
        message = f"A pull request already exists for {inside.owner}:{head}."
        return invalid("PullRequest", "custom", message=message)
    return inside.plain(asked, token)


def edit(inside: Inside, asked: Asked, token: Token, found: re.Match[str]) -> Reply:
    """One's own, or with write access: docs.github.com/rest/pulls/pulls#update-a-pull-request."""
    pull = inside.pull(found[1])
    if pull is None:
        return refuse(404, "Not Found")
    if login_of(pull) != token.login and not inside.accounts.may(token, "write"):
        return refuse(403, "Must have admin rights to Repository.")
    return inside.plain(asked, token)


def review(inside: Inside, asked: Asked, token: Token, found: re.Match[str]) -> Reply:
    """Nobody judges the own pull request; a review without a commit is of the newest one; 200, not 201.

    docs.github.com/rest/pulls/reviews#create-a-review-for-a-pull-request ("Defaults to the most recent commit in the pull request
    when you do not specify a value").
    """
    pull = inside.pull(found[1])
    if pull is None:
        return refuse(404, "Not Found")
    body = body_of(asked)
    what = {"APPROVE": "approve", "REQUEST_CHANGES": "request changes on"}.get(str(body.get("event")))
    if what and login_of(pull).casefold() == token.login.casefold():
        errors = [f"Can not {what} your own pull request"]
        return json_reply({"message": "Unprocessable Entity", "errors": errors, "documentation_url": DOCS}, 422)
    reply = inside.plain(asked, token, {"commit_id": cast("Json", pull["head"])["sha"], **body})
    return Reply(200 if reply.status == 201 else reply.status, reply.headers, reply.body)


def dismiss(inside: Inside, asked: Asked, token: Token, _found: re.Match[str]) -> Reply:
    """It takes write access.

    docs.github.com/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests: "Dismissing a pull request
    review".
    """
    if not inside.accounts.may(token, "write"):
        return refuse(403, "Resource not accessible by personal access token")
    return inside.plain(asked, token)


def ask_for_review(inside: Inside, asked: Asked, token: Token, found: re.Match[str]) -> Reply:
    """201; 422 for the author, and for one who is no collaborator: docs.github.com/rest/pulls/review-requests."""
    pull = inside.pull(found[1])
    if pull is None:
        return refuse(404, "Not Found")
    if not inside.accounts.may(token, "write"):
        return refuse(403, "Resource not accessible by personal access token")
    people = cast("list[str]", body_of(asked).get("reviewers") or [])
    if login_of(pull).casefold() in {one.casefold() for one in people}:
        return refuse(422, "Review cannot be requested from pull request author.")
    if any(inside.accounts.role(one) == "none" for one in people):
        words = (
            "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not"
        )
        return refuse(422, f"{words} a collaborator of the {inside.name} repository.")
    reply = inside.plain(asked, token)
    return Reply(201 if reply.status == 200 else reply.status, reply.headers, reply.body)


def graphql(inside: Inside, asked: Asked, token: Token) -> Reply:
    """`markPullRequestReadyForReview`, the one mutation we need: docs.github.com/graphql/reference/mutations."""
    body = body_of(asked)
    if "markPullRequestReadyForReview(input: $input)" not in str(body["query"]):
        return _errors("", "this server knows markPullRequestReadyForReview alone")
    if not token.allows("pull_requests", "write") or not inside.accounts.may(token, "write"):
        return _errors("FORBIDDEN", "Resource not accessible by integration")
    wanted = cast("Json", cast("Json", body["variables"])["input"])["pullRequestId"]
    every = cast("list[Json]", inside.ask("GET", "/pulls?state=all&per_page=100").json)
    number = next((cast("int", one["number"]) for one in every if one["node_id"] == wanted), None)
    if number is None:
        return _errors("NOT_FOUND", f"Could not resolve to a node with the global id of '{wanted}'.")
    inside.ready.add(number)
    return json_reply({"data": {"markPullRequestReadyForReview": {"pullRequest": {"isDraft": False}}}})


def _errors(kind: str, message: str) -> Reply:
    """GraphQL says no with 200: docs.github.com/graphql/guides."""
    return json_reply({"data": None, "errors": [{"type": kind, "message": message}]})


def merge(inside: Inside, asked: Asked, token: Token, found: re.Match[str]) -> Reply:
    """It takes write access, and is refused for a draft (emulate does not know which are ready) and for what is closed.

    docs.github.com/rest/pulls/pulls#merge-a-pull-request: 403, and 405 "if merge cannot be performed".
    """
    pull = inside.pull(found[1])
    if pull is None:
        return refuse(404, "Not Found")
    if not inside.accounts.may(token, "write"):
        return refuse(403, "Resource not accessible by personal access token")
    if pull["draft"] or pull["state"] != "open":
        return refuse(405, "Pull Request is not mergeable")
    head, base = (cast("Json", pull[side]) for side in ("head", "base"))
    tree = inside.git("merge-tree", "--write-tree", str(base["sha"]), str(head["sha"])).strip()
    who = ("-c", f"user.name={token.login}", "-c", f"user.email={token.login}@users.noreply.github.com")
    parents = ("-p", str(base["sha"]), "-p", str(head["sha"]))
    sha = inside.git(*who, "commit-tree", tree, *parents, "-m", f"Merge pull request #{found[1]}").strip()
    inside.ask("PATCH", f"/pulls/{found[1]}", {"state": "closed"})
    inside.merged[int(found[1])] = (sha, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    inside.git("update-ref", f"refs/heads/{base['ref']}", sha, str(base["sha"]))
    return json_reply({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


ROUTES: tuple[Route, ...] = (
    ("POST", r"/pulls", open_one),
    ("PATCH", r"/pulls/(\d+)", edit),
    ("POST", r"/pulls/(\d+)/reviews", review),
    ("PUT", r"/pulls/(\d+)/reviews/\d+/dismissals", dismiss),
    ("PUT", r"/pulls/(\d+)/merge", merge),
    ("POST", r"/pulls/(\d+)/requested_reviewers", ask_for_review),
)
