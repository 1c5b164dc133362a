"""Where emulate is not like GitHub, GitHub's documentation is right: who may do what, and what it does not have at all.

It stands behind the judge, so what is answered here is judged like everything else. emulate is asked with the rights of an
administrator in everybody's name; what anybody may do is decided here alone.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, quote, unquote, urlsplit

from intern_action.git.repository import BareRepository
from intern_action.git.run import Git
from tests.github_server.accounts import APP, LEVELS, Accounts, Token
from tests.github_server.commits import pull_commit
from tests.github_server.engines import Reply, ask, json_reply
from tests.github_server.listener import Asked
from tests.github_server.permissions import needed

BODY_MOST, TITLE_MOST = 65_536, 256
Json = dict[str, object]


class Corrections:
    """One repository, corrected."""

    def __init__(self, accounts: Accounts, bare: Path, name: str, *, private: bool) -> None:
        self.accounts = accounts
        self.name = name
        self.private = private
        self.bare = BareRepository(path=str(bare))
        self._bare_folder = bare
        self._emulate_port = 0
        self._url = ""
        self._reactions: dict[tuple[str, str, str], Json] = {}
        self._ready: set[int] = set()
        self._ends: dict[tuple[int, str], str] = {}
        self._checks: dict[str, list[str]] = {}
        self._lock = threading.RLock()
        repo = f"/repos/{re.escape(name)}"
        self._routes: list[tuple[str, re.Pattern[str], Callable[[Asked, Token, re.Match[str]], Reply]]] = [
            ("GET", re.compile(rf"{repo}/collaborators/([^/]+)/permission"), self._permission),
            ("GET", re.compile(rf"{repo}/activity"), self._activity),
            ("GET", re.compile(rf"{repo}/issues/(\d+)"), self._issue),
            ("POST", re.compile(rf"{repo}/(issues(?:/comments)?)/(\d+)/reactions"), self._react),
            ("POST", re.compile(rf"{repo}/pulls"), self._open),
            ("GET", re.compile(rf"{repo}/pulls/(\d+)/commits"), self._commits),
            ("POST", re.compile(rf"{repo}/pulls/(\d+)/reviews"), self._review),
            ("POST", re.compile(rf"{repo}/pulls/(\d+)/requested_reviewers"), self._ask_for_review),
            ("POST", re.compile(rf"{repo}/check-runs"), self._check),
            ("PATCH", re.compile(rf"{repo}/check-runs/(\d+)"), self._check),
            ("GET", re.compile(rf"{repo}/commits/([0-9a-f]+)/check-runs"), self._list_checks),
            ("DELETE", re.compile(rf"{repo}/issues/comments/(\d+)"), self._delete_comment),
        ]

    def seed(self) -> Json:
        """Return what emulate begins with: everybody, each with a token of the inside, and the repository."""
        owner, _, repo = self.name.partition("/")
        logins = [*self.accounts.roles, APP]
        return {
            "tokens": {_inner(login): {"login": login, "scopes": ["repo", "user"]} for login in logins},
            "github": {
                "users": [{"login": login, "name": login, "site_admin": login == owner} for login in logins],
                "repos": [{"owner": owner, "name": repo, "auto_init": True, "private": self.private}],
            },
        }

    def begin(self, emulate_port: int, url: str) -> None:
        """Take up work: everybody may write inside, so that emulate refuses nobody."""
        self._emulate_port, self._url = emulate_port, url
        owner = self.name.partition("/")[0]
        for login in [*self.accounts.roles, APP]:
            if login != owner:
                self._inside("PUT", f"/repos/{self.name}/collaborators/{login}", {"permission": "admin"}, owner)

    # --- one request ----------------------------------------------------------------------------------------------

    def answer(self, asked: Asked) -> Reply:
        """Answer what the judge passed on."""
        token = self.accounts.bearer(asked.headers.get("authorization", ""))
        if token is None:
            return _refuse(401, "Bad credentials")
        path = urlsplit(asked.path).path
        refusal = self._refusal(asked, token, path) or _too_long(asked)
        if refusal is not None:
            return refusal
        with self._lock:
            for method, pattern, handler in self._routes:
                found = pattern.fullmatch(path)
                if method == asked.method and found:
                    return handler(asked, token, found)
            return self._plain(asked, token)

    def _refusal(self, asked: Asked, token: Token, path: str) -> Reply | None:
        """What a token was not given is 403; what a person may not see is 404.

        docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api ("Resource not accessible", "404 Not Found for an
        existing resource", the header X-Accepted-GitHub-Permissions).
        """
        if not path.casefold().startswith(f"/repos/{self.name}".casefold()):
            return _refuse(404, "Not Found")
        if self.private and not token.is_app and self.accounts.role(token.login) == "none":
            return _refuse(404, "Not Found")
        permission, level = needed(asked.method, path.removeprefix(f"/repos/{self.name}"))
        if not token.allows(permission, level):
            kind = "integration" if token.is_app else "personal access token"
            told = {"X_Accepted_GitHub_Permissions": f"{permission}={level}"}
            return _refuse(403, f"Resource not accessible by {kind}", **told)
        return None

    def _plain(self, asked: Asked, token: Token, body: Json | None = None) -> Reply:
        """Pass on to emulate, and put right what it says of pull requests and people."""
        headers = {"authorization": f"Bearer {_inner(token.login)}", "content-type": "application/json"}
        raw = asked.body if body is None else json.dumps(body).encode()
        reply = ask(self._emulate_port, asked.method, asked.path, headers=headers, body=raw)
        if not reply.body:
            return reply
        link = re.sub(r"<[^>]*?(/repos/[^>]*)>", rf"<{self._url}\1>", reply.headers.get("link", ""))
        return json_reply(self._right(reply.json), reply.status, link=link)

    def _inside(self, method: str, path: str, body: object = None, login: str = "") -> Reply:
        headers = {"authorization": f"Bearer {_inner(login or APP)}", "content-type": "application/json"}
        return ask(
            self._emulate_port, method, path, headers=headers, body=b"" if body is None else json.dumps(body).encode()
        )

    # --- what emulate says, put right -----------------------------------------------------------------------------

    def _right(self, said: object) -> object:
        if isinstance(said, list):
            return [self._right(one) for one in cast("list[object]", said)]
        if not isinstance(said, dict):
            return said
        told = {key: self._right(one) for key, one in cast("Json", said).items()}
        if str(told.get("login", "")).endswith("[bot]"):
            told |= {"type": "Bot"} | {key: _escaped(one) for key, one in told.items() if key.endswith("url")}
        if "annotations_count" in told:
            told["annotations_url"] = f"{self._url}/repos/{self.name}/check-runs"
        if "forks_count" in told:
            told |= {"network_count": told["forks_count"], "subscribers_count": 0}
        if "diff_url" in told and isinstance(told.get("head"), dict):
            self._right_pull(told)
        return told

    def _right_pull(self, pull: Json) -> None:
        """The bare repository knows where branches are; emulate has commits of its own making."""
        number = cast("int", pull["number"])
        for side in ("head", "base"):
            end = cast("Json", pull[side])
            live = self.bare.head(str(end["ref"])) if pull["state"] == "open" else None
            end["sha"] = self._ends[number, side] = live or self._ends.get((number, side), str(end["sha"]))
        pull["draft"] = bool(pull.get("draft")) and number not in self._ready
        if "commits" in pull:
            pull["commits"] = len(self._between(pull))

    def _between(self, pull: Json) -> list[str]:
        base, head = str(cast("Json", pull["base"])["sha"]), str(cast("Json", pull["head"])["sha"])
        return Git(git_dir=self.bare.path).run("rev-list", "--reverse", f"{base}..{head}").text.split()

    def _pull(self, number: str) -> Json | None:
        reply = self._inside("GET", f"/repos/{self.name}/pulls/{number}")
        return cast("Json", self._right(reply.json)) if reply.status == 200 else None

    # --- people ---------------------------------------------------------------------------------------------------

    def _permission(self, _asked: Asked, token: Token, found: re.Match[str]) -> Reply:
        """`maintain` is told as `write`, `triage` as `read`; a stranger to a public repository may `read`.

        docs.github.com/rest/collaborators/collaborators#get-repository-permissions-for-a-user.
        """
        login = self.accounts.spelled(unquote(found[1]))
        path = quote(login)
        reply = self._inside("GET", f"/users/{path}")
        if reply.status != 200:
            return _refuse(404, "Not Found")
        role = self.accounts.role(login)
        if role == "none" and not self.private:
            role = "read"
        word = {"maintain": "write", "triage": "read"}.get(role, role)
        brief = ask(
            self._emulate_port,
            "GET",
            f"/repos/{self.name}/collaborators/{path}/permission",
            headers={"authorization": f"Bearer {_inner(token.login)}"},
        )
        user = cast("Json", cast("Json", self._right(brief.json)).get("user") or reply.json)
        return json_reply({"permission": word, "role_name": role, "user": {**user, "role_name": role}})

    # --- activity and commits -------------------------------------------------------------------------------------

    def _activity(self, asked: Asked, _token: Token, _found: re.Match[str]) -> Reply:
        """docs.github.com/rest/repos/repos#list-repository-activities; newest first, `ref` with or without `refs/heads/`."""
        query = parse_qs(urlsplit(asked.path).query)
        branch = query.get("ref", [""])[0].removeprefix("refs/heads/")
        moves = self.bare.pushes(branch) if branch else ()
        user = self._inside("GET", f"/users/{self.name.partition('/')[0]}").json
        before = "0" * 40
        listed: list[Json] = []
        for number, move in enumerate(moves, 1):
            listed.append(
                {
                    "id": number,
                    "node_id": f"MOVE_{number}",
                    "before": before,
                    "after": move.sha,
                    "ref": f"refs/heads/{branch}",
                    "timestamp": f"{move.at:%Y-%m-%dT%H:%M:%SZ}",
                    "activity_type": "push" if number > 1 else "branch_creation",
                    "actor": self._right(user),
                }
            )
            before = move.sha
        return json_reply(listed[::-1][: int(query.get("per_page", ["30"])[0])])

    def _commits(self, asked: Asked, _token: Token, found: re.Match[str]) -> Reply:
        """docs.github.com/rest/pulls/pulls#list-commits-on-a-pull-request; emulate has no commits that were pushed."""
        pull = self._pull(found[1])
        if pull is None:
            return _refuse(404, "Not Found")
        query = parse_qs(urlsplit(asked.path).query)
        size, page = int(query.get("per_page", ["30"])[0]), int(query.get("page", ["1"])[0])
        every = self._between(pull)[:250]
        shown = every[(page - 1) * size : page * size]
        path = f"{self._url}{urlsplit(asked.path).path}?per_page={size}&page={page + 1}"
        more = f'<{path}>; rel="next"' if page * size < len(every) else ""
        url = f"{self._url}/repos/{self.name}"
        return json_reply([pull_commit(self._bare_folder, sha, url) for sha in shown], link=more)

    def _issue(self, asked: Asked, token: Token, found: re.Match[str]) -> Reply:
        """Every pull request is an issue, too: docs.github.com/rest/issues/issues; emulate has none of that number."""
        there = self._plain(asked, token)
        pull = self._pull(found[1]) if there.status == 404 else None
        if pull is None:
            return there
        url = f"{self._url}/repos/{self.name}"
        same = {key: pull[key] for key in AS_AN_ISSUE}
        addresses = {
            "url": f"{url}/issues/{found[1]}",
            "repository_url": url,
            "labels_url": f"{url}/issues/{found[1]}/labels{{/name}}",
            "events_url": f"{url}/issues/{found[1]}/events",
        }
        links = {key: pull[key] for key in ("url", "html_url", "diff_url", "patch_url")}
        return json_reply({**same, **addresses, "comments": 0, "pull_request": links})

    # --- reactions ------------------------------------------------------------------------------------------------

    def _react(self, asked: Asked, token: Token, found: re.Match[str]) -> Reply:
        """201 for a new one, 200 for one that is there: docs.github.com/rest/reactions/reactions. emulate has none."""
        there = self._inside("GET", f"/repos/{self.name}/{found[1]}/{found[2]}")
        if there.status != 200:
            return _refuse(404, "Not Found")
        content = str(_body(asked)["content"])
        key = (f"{found[1]}/{found[2]}", token.login, content)
        if key in self._reactions:
            return json_reply(self._reactions[key])
        number = len(self._reactions) + 1
        self._reactions[key] = {
            "id": number,
            "node_id": f"REA_{number}",
            "user": self._right(self._inside("GET", f"/users/{token.login}").json),
            "content": content,
            "created_at": "2026-01-01T00:00:00Z",
        }
        return json_reply(self._reactions[key], 201)

    @property
    def reactions(self) -> list[tuple[str, str, str]]:
        """What was reacted to, by whom and how: (`issues/1`, login, content)."""
        return list(self._reactions)

    # --- pull requests --------------------------------------------------------------------------------------------

    def _open(self, asked: Asked, token: Token, _found: re.Match[str]) -> Reply:
        """A head must be there and be ahead, and has one open pull request to a base: docs.github.com/rest/pulls/pulls."""
        body = _body(asked)
        head, base = str(body["head"]), str(body["base"])
        for field, branch in (("head", head), ("base", base)):
            if self.bare.head(branch) is None:
                return _invalid("PullRequest", field, "invalid")
        if not Git(git_dir=self.bare.path).run("rev-list", f"{base}..{head}").text:
            return _invalid("PullRequest", "", "custom", f"No commits between {base} and {head}")
        every = cast("list[Json]", self._inside("GET", f"/repos/{self.name}/pulls?state=open&per_page=100").json)
        ends = [(cast("Json", one["head"])["ref"], cast("Json", one["base"])["ref"]) for one in every]
        if (head, base) in ends:
            owner = self.name.partition("/")[0]
            return _invalid("PullRequest", "", "custom", f"A pull request already exists for {owner}:{head}.")
        return self._plain(asked, token)

    def _review(self, asked: Asked, token: Token, found: re.Match[str]) -> Reply:
        """Nobody judges the own pull request; a review without a commit is of the newest one.

        docs.github.com/rest/pulls/reviews#create-a-review-for-a-pull-request ("Defaults to the most recent commit in the pull
        request when you do not specify a value").
        """
        pull = self._pull(found[1])
        if pull is None:
            return _refuse(404, "Not Found")
        body = _body(asked)
        mine = str(cast("Json", pull["user"])["login"]).casefold() == token.login.casefold()
        if mine and body.get("event") in {"APPROVE", "REQUEST_CHANGES"}:
            what = "approve" if body["event"] == "APPROVE" else "request changes on"
            return json_reply(
                {
                    "message": "Unprocessable Entity",
                    "errors": [f"Can not {what} your own pull request"],
                    "documentation_url": DOCS,
                },
                422,
            )
        reply = self._plain(asked, token, {"commit_id": cast("Json", pull["head"])["sha"], **body})
        return Reply(200 if reply.status == 201 else reply.status, reply.headers, reply.body)

    def _ask_for_review(self, asked: Asked, token: Token, found: re.Match[str]) -> Reply:
        """201; 422 for the author, and for one who is no collaborator: docs.github.com/rest/pulls/review-requests."""
        pull = self._pull(found[1])
        if pull is None:
            return _refuse(404, "Not Found")
        people = cast("list[str]", _body(asked).get("reviewers") or [])
        opener = str(cast("Json", pull["user"])["login"])
        if opener.casefold() in {one.casefold() for one in people}:
            return _refuse(422, "Review cannot be requested from pull request author.")
        if any(self.accounts.role(one) == "none" for one in people):
            words = "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not"
            return _refuse(422, f"{words} a collaborator of the {self.name} repository.")
        reply = self._plain(asked, token)
        return Reply(201 if reply.status == 200 else reply.status, reply.headers, reply.body)

    def graphql(self, asked: Asked) -> Reply:
        """`markPullRequestReadyForReview`, the one mutation we need: docs.github.com/graphql/reference/mutations."""
        token = self.accounts.bearer(asked.headers.get("authorization", ""))
        if token is None:
            return _refuse(401, "Bad credentials")
        body = _body(asked)
        if "markPullRequestReadyForReview(input: $input)" not in str(body["query"]):
            return json_reply({"errors": [{"message": "this server knows markPullRequestReadyForReview alone"}]})
        if not token.allows("pull_requests", "write"):
            return json_reply(
                {"data": None, "errors": [{"type": "FORBIDDEN", "message": "Resource not accessible by integration"}]}
            )
        wanted = cast("Json", cast("Json", body["variables"])["input"])["pullRequestId"]
        every = cast("list[Json]", self._inside("GET", f"/repos/{self.name}/pulls?state=all&per_page=100").json)
        number = next((cast("int", one["number"]) for one in every if one["node_id"] == wanted), None)
        if number is None:
            message = f"Could not resolve to a node with the global id of '{wanted}'."
            return json_reply({"data": None, "errors": [{"type": "NOT_FOUND", "message": message}]})
        self._ready.add(number)
        return json_reply({"data": {"markPullRequestReadyForReview": {"pullRequest": {"isDraft": False}}}})

    # --- checks and comments --------------------------------------------------------------------------------------

    def _check(self, asked: Asked, token: Token, _found: re.Match[str]) -> Reply:
        """Only apps write checks: docs.github.com/rest/checks/runs#create-a-check-run."""
        if not token.is_app:
            return _refuse(403, "You must authenticate via a GitHub App.")
        reply = self._plain(asked, token)
        if reply.status == 201:
            self._checks.setdefault(str(_body(asked)["head_sha"]), []).append(str(cast("Json", reply.json)["id"]))
        return reply

    def _list_checks(self, asked: Asked, _token: Token, found: re.Match[str]) -> Reply:
        """Commits that emulate did not make have none there: docs.github.com/rest/checks/runs."""
        wanted = parse_qs(urlsplit(asked.path).query).get("check_name", [""])[0]
        asked_for = [f"/repos/{self.name}/check-runs/{one}" for one in self._checks.get(found[1], ())]
        every = [cast("Json", self._inside("GET", path).json) for path in asked_for]
        shown = [one for one in every if wanted in {"", one["name"]}]
        return json_reply({"total_count": len(shown), "check_runs": self._right(shown)})

    def _delete_comment(self, asked: Asked, token: Token, found: re.Match[str]) -> Reply:
        """One's own, or with write access; emulate lets anybody."""
        there = self._inside("GET", f"/repos/{self.name}/issues/comments/{found[1]}")
        if there.status != 200:
            return _refuse(404, "Not Found")
        mine = cast("Json", cast("Json", there.json)["user"])["login"] == token.login
        if not mine and not token.is_app and LEVELS[self.accounts.role(token.login)] < LEVELS["write"]:
            return _refuse(403, "Must have admin rights to Repository.")
        return self._plain(asked, token)


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
DOCS = "https://docs.github.com/rest"


def _inner(login: str) -> str:
    return f"inside-{login.removesuffix('[bot]')}"


def _escaped(url: object) -> object:
    return url.replace("[bot]", "%5Bbot%5D") if isinstance(url, str) else url


def _body(asked: Asked) -> Json:
    return cast("Json", json.loads(asked.body or b"{}"))


def _refuse(status: int, message: str, **headers: str) -> Reply:
    return json_reply({"message": message, "documentation_url": DOCS, "status": str(status)}, status, **headers)


def _invalid(resource: str, field: str, code: str, message: str = "") -> Reply:
    error = (
        {"resource": resource, "code": code}
        | ({"field": field} if field else {})
        | ({"message": message} if message else {})
    )
    return json_reply({"message": "Validation Failed", "errors": [error], "documentation_url": DOCS}, 422)


def _too_long(asked: Asked) -> Reply | None:
    """GitHub takes 65,536 characters in a body and 256 in a title; emulate takes anything."""
    if asked.method not in {"POST", "PATCH"}:
        return None
    body = _body(asked)
    if len(str(body.get("body") or "")) > BODY_MOST:
        return _invalid("IssueComment", "body", "custom", f"body is too long (maximum is {BODY_MOST} characters)")
    if len(str(body.get("title") or "")) > TITLE_MOST:
        return _invalid("Issue", "title", "custom", f"title is too long (maximum is {TITLE_MOST} characters)")
    return None
