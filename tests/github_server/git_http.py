"""git over HTTP as GitHub gives it: the real `git http-backend` behind tokens."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.github_server.accounts import LEVELS, Accounts, Token
from tests.github_server.engines import Reply
from tests.github_server.listener import Asked

PLAIN = {"content-type": "text/plain"}  # git shows such an answer to its user


class GitHttp:
    """One repository over HTTP.

    Args:
        bare: the bare repository.
        name: `OWNER/NAME`.
        private: whether a stranger may not even read it.
    """

    def __init__(self, bare: Path, name: str, accounts: Accounts, *, private: bool) -> None:
        self.bare = bare
        self.name = name
        self.accounts = accounts
        self.private = private

    def answer(self, asked: Asked) -> Reply:
        """Answer one request of git's."""
        path, _, query = asked.path.partition("?")
        inside = path.removeprefix(f"/{self.name}.git")
        writes = "git-receive-pack" in inside + query
        authorization = asked.headers.get("authorization", "")
        token = self.accounts.bearer(authorization)
        if token is None and (authorization or writes or self.private):
            # git retries with credentials after this; GitHub asks for them the same way
            return Reply(401, {**PLAIN, "www-authenticate": 'Basic realm="GitHub"'}, b"Bad credentials\n")
        refusal = self._refusal(token, writes=writes)
        return refusal or self._run(asked, inside, query, token.login if token else "")

    def _refusal(self, token: Token | None, *, writes: bool) -> Reply | None:
        if token is None:
            return None
        role = "write" if token.is_app else self.accounts.role(token.login)
        if self.private and role == "none":
            return Reply(404, PLAIN, b"Repository not found.\n")
        if writes and (LEVELS[role] < LEVELS["write"] or not token.allows("contents", "write")):
            return Reply(403, PLAIN, f"Permission to {self.name}.git denied to {token.login}.\n".encode())
        return None

    def _run(self, asked: Asked, inside: str, query: str, login: str) -> Reply:
        environment = {
            "PATH": os.environ["PATH"],  # noqa: TID251 -- git has to be found
            "GIT_PROJECT_ROOT": str(self.bare),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": "http.receivepack",
            "GIT_CONFIG_VALUE_0": "true",
            "GIT_CONFIG_KEY_1": "safe.directory",
            "GIT_CONFIG_VALUE_1": "*",
            "REQUEST_METHOD": asked.method,
            "PATH_INFO": inside,
            "QUERY_STRING": query,
            "CONTENT_TYPE": asked.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(asked.body)),
            "HTTP_CONTENT_ENCODING": asked.headers.get("content-encoding", ""),
            "HTTP_GIT_PROTOCOL": asked.headers.get("git-protocol", ""),
            "GIT_PROTOCOL": asked.headers.get("git-protocol", ""),
            "REMOTE_ADDR": "127.0.0.1",
            "REMOTE_USER": login,
        }
        done = subprocess.run(
            ["git", "http-backend"], input=asked.body, env=environment, capture_output=True, check=False
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        pairs = (line.partition(": ") for line in head.decode().split("\r\n"))
        headers = {name.lower(): value for name, _, value in pairs}
        return Reply(int(headers.pop("status", "200").split()[0]), headers, body)
