"""The whole of it: people and tokens, a bare repository, and from outside to inside: front, judge, corrections, emulate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.github_server.accounts import APP, Accounts
from tests.github_server.corrections import Corrections
from tests.github_server.engines import Engine, ask, start_emulate
from tests.github_server.faults import Fault, Kind
from tests.github_server.front import Front, Recorded
from tests.github_server.git_http import GitHttp
from tests.github_server.inside import Inside
from tests.github_server.judge import judge
from tests.github_server.listener import Listener
from tests.github_server.setup import Setup

EVERYTHING = {
    "actions": "write",
    "checks": "write",
    "contents": "write",
    "issues": "write",
    "pull_requests": "write",
}


class GitHubServer:
    """One repository on a GitHub, from `start` (or `with`) until `stop`.

    Args:
        folder: for seeds and logs.
        bare: the bare repository that is served; its log must be kept (`BareRepository`).
        roles: what each person may do: `read`, `triage`, `write`, `maintain`, `admin`, or `none` for a stranger.
        name: `OWNER/NAME`.
        private: whether strangers see it.
        prefix: `/api/v3` for a GitHub Enterprise Server.
    """

    def __init__(
        self,
        folder: Path,
        bare: Path,
        *,
        roles: Mapping[str, str],
        name: str = "team/mails",
        private: bool = False,
        prefix: str = "",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.name, self._prefix = folder, name, prefix
        owner = name.partition("/")[0]
        self.accounts = Accounts(roles={owner: "admin", **roles})
        self.git = GitHttp(bare, name, self.accounts, private=private)
        self.corrections = Corrections(Inside(self.accounts, bare, name, private))
        self.front = Front(self.git, self.corrections, prefix=prefix)
        self._engines: list[Engine] = []
        self._listeners: list[Listener] = []

    @property
    def setup(self) -> Setup:
        """How the repository is set up; a test clicks here."""
        return self.corrections.inside.setup

    def classic_token(self, login: str, *scopes: str) -> str:
        """Make a classic token of a person's."""
        return self.accounts.token(login, {}, frozenset(scopes))

    @property
    def server_url(self) -> str:
        """What `GITHUB_SERVER_URL` has to be."""
        return f"http://127.0.0.1:{self._listeners[0].port}"

    @property
    def api_url(self) -> str:
        """What `GITHUB_API_URL` has to be."""
        return f"{self.server_url}{self._prefix}"

    @property
    def requests(self) -> list[Recorded]:
        """Everything that was asked, in the order in which it was answered."""
        return self.front.recorded

    @property
    def violations(self) -> list[str]:
        """Everything that broke GitHub's description, unfiltered: what we asked, what was answered, what cannot be judged."""
        broken = [f"{one.method} {one.path}: {found}" for one in self.requests for found in one.violations]
        return [*broken, *judge().unjudged]

    @property
    def runs(self) -> dict[str, str]:
        """Workflow runs by id, each with its status; whoever plays the runner keeps them."""
        return self.corrections.inside.runs

    def token(self, login: str = APP, granted: Mapping[str, str] = EVERYTHING) -> str:
        """Make a token: a workflow's own, or a person's."""
        return self.accounts.token(login, granted)

    def act(self, login: str, method: str, path: str, body: object = None) -> object:
        """Let somebody do something with the API; `path` goes on behind the repository. Returns what was answered."""
        authorization = f"Bearer {self.token(login)}"
        headers = {"authorization": authorization, "content-type": "application/json", "accept": "application/json"}
        raw = b"" if body is None else json.dumps(body).encode()
        reply = ask(
            self._listeners[0].port, method, f"{self._prefix}/repos/{self.name}{path}", headers=headers, body=raw
        )
        if reply.status >= 400:
            raise ValueError(f"{login} may not {method} {path}: {reply.status} {reply.body.decode()}")
        return reply.json

    def fault(self, method: str, words: str, kind: Kind, *, times: int = 1) -> None:
        """Let the next requests go wrong whose path holds these words."""
        self.front.faults.add(Fault(method, words, kind, times))

    def count(self, method: str, words: str) -> int:
        """Return how many requests of a method had these words in their path."""
        return sum(1 for one in self.requests if one.method == method and words in one.path)

    def start(self) -> Self:
        """Start everything, the innermost first."""
        try:
            front = Listener(self.front.answer)
            self._listeners.append(front)
            emulate = start_emulate(self.folder, self.corrections.seed(), base_url=self.api_url)
            self._engines.append(emulate)
            self.front.begin(judge(), self.corrections.answer)
        except BaseException:
            self.stop()
            raise
        self.corrections.begin(emulate.port, self.api_url)
        return self

    def stop(self) -> None:
        """End everything that was started here."""
        for one in (*self._listeners, *self._engines):
            one.stop()
        self.front.end()
        self._listeners, self._engines = [], []

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
