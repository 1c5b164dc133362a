"""What a client meets: every request is recorded, may go wrong on demand, and is passed to the judge."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from tests.github_server.corrections import Corrections
from tests.github_server.engines import Reply, json_reply
from tests.github_server.faults import Cut, Faults, Lost, Never, Refuse
from tests.github_server.git_http import GitHttp
from tests.github_server.judge import Judge
from tests.github_server.listener import HANG_UP, Asked

VIOLATIONS = "sl-violations"
"""The header in which prism tells what breaks the description."""

PASSED_ON = frozenset({"accept", "authorization", "content-type", "user-agent", "x-github-api-version"})


class Onlooker(Protocol):
    """Sees each request before it is heard, and once more when it was done and nobody has the answer yet."""

    def asked(self, method: str, path: str) -> None: ...

    def done(self, method: str, path: str) -> None: ...


@dataclass(frozen=True)
class Recorded:
    """One request and how it was answered; 0 when it was not."""

    method: str
    path: str
    body: bytes
    authorization: str
    status: int
    violations: tuple[str, ...]


class Front:
    """The port that is GitHub."""

    def __init__(self, git: GitHttp, corrections: Corrections, *, prefix: str) -> None:
        self.recorded: list[Recorded] = []
        self.faults = Faults()
        self.onlooker: Onlooker | None = None
        self._judge: Judge | None = None
        self._name = ""
        self._git = git
        self._corrections = corrections
        self._prefix = prefix
        self._lock = threading.Lock()

    def begin(self, judge: Judge, answer: Callable[[Asked], Reply]) -> None:
        """Have requests judged before they are answered by what is behind."""
        self._judge, self._name = judge, judge.stand_before(answer)

    def end(self) -> None:
        """Have nothing behind any more."""
        if self._judge is not None:
            self._judge.leave(self._name)
            self._judge = None

    def answer(self, asked: Asked) -> Reply:
        """Answer one request."""
        if self.onlooker is None:
            return self._answered(asked)
        self.onlooker.asked(asked.method, asked.path)
        reply = self._answered(asked)
        self.onlooker.done(asked.method, asked.path)
        return reply

    def _answered(self, asked: Asked) -> Reply:
        kind = self.faults.strike(asked.method, asked.path)
        match kind:
            case Refuse(status, message, headers):
                reply = json_reply({"message": message}, status)
                reply.headers.update(headers)
            case Never():
                reply = HANG_UP
            case _:
                reply = self._pass_on(asked)
        self._record(asked, reply)
        match kind:
            case Lost():
                return HANG_UP
            case Cut(after, honest):
                length = {} if honest else {"content-length": str(len(reply.body))}
                return Reply(reply.status, {**reply.headers, **length}, reply.body[:after])
            case _:
                return reply

    def _pass_on(self, asked: Asked) -> Reply:
        if ".git/" in asked.path:
            return self._git.answer(asked)
        if asked.path.endswith("/graphql"):
            return self._corrections.graphql(asked)
        path = asked.path.removeprefix(self._prefix)
        if not asked.path.startswith(self._prefix):
            return json_reply({"message": "Not Found"}, 404)
        if self._judge is None:  # it ends while somebody asks
            return HANG_UP
        return self._judge.ask(self._name, asked, path, passed_on=PASSED_ON)

    def _record(self, asked: Asked, reply: Reply) -> None:
        found = cast("list[object]", json.loads(reply.headers.pop(VIOLATIONS, "[]")))
        with self._lock:
            self.recorded.append(
                Recorded(
                    method=asked.method,
                    path=asked.path,
                    body=asked.body,
                    authorization=asked.headers.get("authorization", ""),
                    status=reply.status,
                    violations=tuple(json.dumps(one) for one in found),
                )
            )
