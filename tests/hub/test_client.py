"""Who is shown the Hub's token."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from huggingface_hub.utils import get_session

from intern_action.hub.client import hub_client, may_see_a_token

TOKEN = "hf_" + "read" * 8


class Stranger(BaseHTTPRequestHandler):
    """Writes down with which token it is asked, and sends people on who ask for `/onward`."""

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Listening)
        server.shown.append(self.headers.get("Authorization"))
        onward = self.path == "/onward"
        self.send_response(307 if onward else 200)
        if onward:
            self.send_header("Location", server.onward)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class names it so
        del format, args


class Listening(ThreadingHTTPServer):
    shown: list[str | None]
    onward = ""


@contextmanager
def listening() -> Generator[Listening]:
    with Listening(("127.0.0.1", 0), Stranger) as server:
        server.shown = []
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def hub() -> Generator[Listening]:
    with listening() as server:
        hub_client(f"http://127.0.0.1:{server.server_port}", TOKEN)
        yield server


def ask(url: str) -> int:
    return get_session().get(url, headers={"Authorization": f"Bearer {TOKEN}"}).status_code


def test_the_configured_hub_is_shown_the_token(hub: Listening) -> None:
    assert ask(f"http://127.0.0.1:{hub.server_port}/api/whoami-v2") == 200
    assert hub.shown == [f"Bearer {TOKEN}"]


def test_an_address_elsewhere_is_asked_without_the_token(hub: Listening) -> None:
    assert ask(f"http://localhost:{hub.server_port}/verify") == 200
    assert hub.shown == [None]


def test_a_redirect_elsewhere_goes_without_the_token(hub: Listening) -> None:
    hub.onward = f"http://localhost:{hub.server_port}/elsewhere"
    assert ask(f"http://127.0.0.1:{hub.server_port}/onward") == 200
    assert hub.shown == [f"Bearer {TOKEN}", None]


@pytest.mark.parametrize(
    "url",
    [
        "https://huggingface.co/api/models",
        "https://HUGGINGFACE.co/api/models",
        "https://router.huggingface.co/v1/chat/completions",
        "https://687fb701029421ae5549d998--49983.hf.jobs/v1/run",
        "https://api.endpoints.huggingface.cloud/v2/endpoint",
        "https://x1.us-east-1.aws.endpoints.huggingface.cloud",
    ],
)
def test_hosts_of_the_hub_may_see_it(url: str) -> None:
    assert may_see_a_token(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://huggingface.co/api/models",
        "https://huggingface.co.example.org/",
        "https://evilhuggingface.co/",
        "https://huggingface.co@example.org/",
        "https://example.org/huggingface.co",
        "https://example.org/#huggingface.co",
        "https://cdn-lfs.hf.co/x",
        "https://me-space.hf.space/",
        "//huggingface.co",
        "",
    ],
)
def test_nobody_else_may(url: str) -> None:
    assert not may_see_a_token(url)
