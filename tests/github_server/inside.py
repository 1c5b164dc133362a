"""What lies behind the corrections: emulate, which keeps the state, and the bare repository, which knows where branches are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, cast

from intern_action.git.repository import BareRepository
from intern_action.git.run import Git
from tests.github_server.accounts import APP, Accounts, Token
from tests.github_server.engines import Reply, ask, json_reply
from tests.github_server.listener import Asked
from tests.github_server.setup import Setup

Json: TypeAlias = "dict[str, object]"
DOCS = "https://docs.github.com/rest"
FORK, FORK_ID = "eve/mails", 99_001
"""Whose repository a pull request of `Inside.forked` comes from."""


@dataclass
class Inside:
    """One repository, and what emulate cannot remember of it.

    Args:
        accounts: who there is.
        folder: the bare repository.
        name: `OWNER/NAME`.
        private: whether strangers see it.
        url: the address of the API, as clients know it.
    """

    accounts: Accounts
    folder: Path
    name: str
    private: bool
    url: str = ""
    emulate_port: int = 0
    reactions: dict[tuple[str, str, str], Json] = field(default_factory=dict[tuple[str, str, str], Json])
    checks: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    ready: set[int] = field(default_factory=set[int])
    lines: dict[str, dict[str, Json]] = field(default_factory=dict[str, "dict[str, Json]"])
    runs: dict[str, str] = field(default_factory=dict[str, str])
    dispatched: list[tuple[str, Json]] = field(default_factory=list[tuple[str, Json]])
    merged: dict[int, tuple[str, str]] = field(default_factory=dict[int, tuple[str, str]])
    forked: set[int] = field(default_factory=set[int])
    """Pull requests whose head lies in a fork of the same name of branch; emulate lets nobody fork."""
    setup: Setup = field(default_factory=Setup)
    _ends: dict[tuple[int, str], str] = field(default_factory=dict[tuple[int, str], str])

    @property
    def path(self) -> str:
        """The repository's path in the API."""
        return f"/repos/{self.name}"

    @property
    def owner(self) -> str:
        """Whose it is."""
        return self.name.partition("/")[0]

    @property
    def bare(self) -> BareRepository:
        """The bare repository."""
        return BareRepository(path=str(self.folder))

    def git(self, *args: str) -> str:
        """Ask the bare repository."""
        return Git(git_dir=str(self.folder)).run(*args).text

    def blob(self, sha: str) -> bytes:
        """Return a file's bytes."""
        return Git(git_dir=str(self.folder)).run("cat-file", "blob", sha).out

    @property
    def default_branch(self) -> str:
        """The branch that HEAD of the bare repository names."""
        return self.git("symbolic-ref", "--short", "HEAD").strip()

    # --- emulate --------------------------------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: object = None, login: str = APP) -> Reply:
        """Ask emulate in somebody's name; `path` goes on behind the repository."""
        raw = b"" if body is None else json.dumps(body).encode()
        return ask(self.emulate_port, method, f"{self.path}{path}", headers=_headers(login), body=raw)

    def user(self, login: str) -> Json | None:
        """Return an account, None when there is none."""
        reply = ask(self.emulate_port, "GET", f"/users/{login}", headers=_headers(APP))
        return cast("Json", self.right(reply.json)) if reply.status == 200 else None

    def plain(self, asked: Asked, token: Token, body: Json | None = None) -> Reply:
        """Pass a request on, and put right what is said of pull requests and people."""
        raw = asked.body if body is None else json.dumps(body).encode()
        reply = ask(self.emulate_port, asked.method, asked.path, headers=_headers(token.login), body=raw)
        if not reply.body:
            return reply
        link = re.sub(r"<[^>]*?(/repos/[^>]*)>", rf"<{self.url}\1>", reply.headers.get("link", ""))
        return json_reply(self.right(reply.json), reply.status, link=link)

    def pull(self, number: str) -> Json | None:
        """Return a pull request, None when there is none."""
        reply = self.ask("GET", f"/pulls/{number}")
        return cast("Json", self.right(reply.json)) if reply.status == 200 else None

    # --- put right ------------------------------------------------------------------------------------------------

    def right(self, said: object) -> object:
        """Return what emulate says as GitHub says it."""
        if isinstance(said, list):
            return [self.right(one) for one in cast("list[object]", said)]
        if not isinstance(said, dict):
            return said
        told = {key: self.right(one) for key, one in cast("Json", said).items()}
        if str(told.get("login", "")).endswith("[bot]"):
            told |= {"type": "Bot"} | {key: _escaped(one) for key, one in told.items() if key.endswith("url")}
        if "annotations_count" in told:
            told["annotations_url"] = f"{self.url}{self.path}/check-runs"
        if "forks_count" in told:
            told |= {"network_count": told["forks_count"], "subscribers_count": 0}
        if "diff_url" in told and isinstance(told.get("head"), dict):
            self._right_pull(told)
        return told

    def _right_pull(self, pull: Json) -> None:
        """Branches are where the bare repository has them; a closed pull request stays where it was."""
        number = cast("int", pull["number"])
        for side in ("head", "base"):
            end = cast("Json", pull[side])
            live = self.bare.head(str(end["ref"])) if pull["state"] == "open" else None
            end["sha"] = self._ends[number, side] = live or self._ends.get((number, side), str(end["sha"]))
        if (
            number in self.forked
        ):  # docs.github.com/rest/pulls/pulls#get-a-pull-request: `head.repo` is where the branch lies
            head = cast("Json", pull["head"])
            head["repo"] = cast("Json", head["repo"]) | {"id": FORK_ID, "full_name": FORK, "fork": True}
        pull["draft"] = bool(pull.get("draft")) and number not in self.ready
        if number in self.merged:
            pull["merge_commit_sha"], pull["merged_at"] = self.merged[number]
            pull |= {"merged": True} if "merged" in pull else {}
        if "commits" in pull:
            pull["commits"] = len(self.between(pull))

    def between(self, pull: Json) -> list[str]:
        """Return the commits of a pull request, oldest first."""
        base, head = str(cast("Json", pull["base"])["sha"]), str(cast("Json", pull["head"])["sha"])
        return self.git("rev-list", "--reverse", f"{base}..{head}").split()


Handler: TypeAlias = Callable[[Inside, Asked, Token, re.Match[str]], Reply]
Route: TypeAlias = tuple[str, str, Handler]
"""Method, pattern of the path behind the repository, and what answers."""


def inner(login: str) -> str:
    """Return the token with which emulate knows somebody."""
    return f"inside-{login.removesuffix('[bot]')}"


def body_of(asked: Asked) -> Json:
    """Return what was sent."""
    return cast("Json", json.loads(asked.body or b"{}"))


def login_of(thing: Json) -> str:
    """Return whose something is."""
    return str(cast("Json", thing["user"])["login"])


def refuse(status: int, message: str, **headers: str) -> Reply:
    """Return a `basic-error`."""
    return json_reply({"message": message, "documentation_url": DOCS, "status": str(status)}, status, **headers)


def invalid(resource: str, code: str, *, field: str = "", message: str = "") -> Reply:
    """Return a `validation-error`."""
    more = {key: value for key, value in (("field", field), ("message", message)) if value}
    errors = [{"resource": resource, "code": code, **more}]
    return json_reply({"message": "Validation Failed", "errors": errors, "documentation_url": DOCS}, 422)


def _headers(login: str) -> dict[str, str]:
    return {"authorization": f"Bearer {inner(login)}", "content-type": "application/json"}


def _escaped(url: object) -> object:
    return url.replace("[bot]", "%5Bbot%5D") if isinstance(url, str) else url
