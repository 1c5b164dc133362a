"""`intern-action relay`: the Hub's webhooks, passed on to GitHub as a doorbell: it says that something happened, nothing else.

Hub: huggingface.co/docs/hub/webhooks (the header `X-Webhook-Secret`).
GitHub: docs.github.com/rest/repos/repos#create-a-repository-dispatch-event.
"""

from __future__ import annotations

import hmac
import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

import click

from intern_action.core.errors import InternError, Interrupted, Misconfigured
from intern_action.forge._connection import API_URL
from intern_action.forge.github import GitHubForge
from intern_action.launches.claim import PREFIX
from intern_action.settings.clock import SystemClock

VARIABLE = "INTERN_WEBHOOK_SECRET"

EVENT = "intern"
"""What the workflows listen to (`repository_dispatch: types`)."""
MOST_BYTES = 1 << 20
QUIET_SECONDS = 10.0
"""A job commits several times in a row; it rings once, when there has been nothing new for so long."""
MOST_SECONDS = 60.0
"""What never falls quiet rings all the same, so often."""


def relay(environment: Mapping[str, str], *, host: str, port: int, repository: str) -> int:
    """Listen until Ctrl-C.

    Args:
        environment: `GITHUB_TOKEN` (`contents: write` of that one repository) and `INTERN_WEBHOOK_SECRET`.
        host: the address it listens on.
        port: its port; 0 is a free one.
        repository: `OWNER/NAME` on GitHub.

    Returns:
        0, when it was told to end.

    Raises:
        Misconfigured: no secret, no token, or a name that is none.
    """
    secret = environment.get(VARIABLE, "")
    if not secret:
        raise Misconfigured(f"{VARIABLE} is not set; without the secret of the Hub's webhook anybody could ring")
    api_url = environment.get("GITHUB_API_URL") or API_URL
    forge = GitHubForge(repository, environment.get("GITHUB_TOKEN", ""), clock=SystemClock(), api_url=api_url)
    bell = Bell(lambda: forge.dispatch(EVENT))
    server = ThreadingHTTPServer((host, port), handler(secret, bell))
    click.echo(f"listening on {host}:{server.server_port} for webhooks about {PREFIX}* repositories", err=True)
    threading.Thread(target=bell.work, daemon=True).start()
    with server, suppress(Interrupted):
        server.serve_forever()
    return 0


class Bell:
    """Rings once for what comes close together. A ring that fails is said; the timer of the workflow makes up for it."""

    def __init__(
        self, ring: Callable[[], object], *, quiet_seconds: float = QUIET_SECONDS, most_seconds: float = MOST_SECONDS
    ) -> None:
        self._ring = ring
        self._quiet = quiet_seconds
        self._most = most_seconds
        self._came = threading.Event()

    def touch(self) -> None:
        """Note that something happened."""
        self._came.set()

    def work(self) -> None:
        """Ring for ever."""
        while self._came.wait():
            until = time.monotonic() + self._most
            while self._came.is_set() and time.monotonic() < until:
                self._came.clear()
                self._came.wait(self._quiet)
            self._came.clear()
            try:
                self._ring()
                click.echo("rang", err=True)
            except InternError as error:
                click.echo(f"could not ring: {error}", err=True)


def concerns_us(payload: bytes) -> bool:
    """Whether a webhook is about a staging repository of ours. It is evidence of nothing: whoever is woken reads all again."""
    try:
        found: object = json.loads(payload)
    except ValueError:
        return False
    repo = cast("dict[str, object]", found).get("repo") if isinstance(found, dict) else None
    name = cast("dict[str, object]", repo).get("name") if isinstance(repo, dict) else None
    return isinstance(name, str) and name.rpartition("/")[2].startswith(PREFIX)


def handler(secret: str, bell: Bell) -> type[BaseHTTPRequestHandler]:
    """Return what answers requests: only those with the secret ring."""

    class Webhook(BaseHTTPRequestHandler):
        timeout = 30

        def do_POST(self) -> None:
            given = self.headers.get("X-Webhook-Secret", "")
            length = self.headers.get("Content-Length", "")
            if not hmac.compare_digest(given.encode(), secret.encode()):
                return self._end(HTTPStatus.UNAUTHORIZED)
            if not length.isdecimal() or int(length) > MOST_BYTES:
                return self._end(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            if concerns_us(self.rfile.read(int(length))):
                bell.touch()
            return self._end(HTTPStatus.NO_CONTENT)

        def _end(self, status: HTTPStatus) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class names it so
            del format, args  # who rings is nobody's business

    return Webhook
