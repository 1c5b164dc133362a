"""Whose webhooks ring, and how often."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Generator
from http.client import HTTPConnection
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from intern_action.commands.relay import EVENT, MOST_BYTES, Bell, concerns_us, handler, relay
from intern_action.core.errors import ForgeError, Misconfigured

EXAMPLES = Path(__file__).parents[2] / "configs" / "examples"
OURS = {
    "event": {"action": "update", "scope": "repo.content"},
    "repo": {"type": "dataset", "name": "lab/intern-staging-0a1b"},
}


@pytest.fixture
def rings() -> list[float]:
    return []


@pytest.fixture
def port(rings: list[float]) -> Generator[int]:
    bell = Bell(lambda: rings.append(time.monotonic()), quiet_seconds=0.2)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler("the secret", bell)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        threading.Thread(target=bell.work, daemon=True).start()
        yield server.server_port
        server.shutdown()


def post(port: int, body: bytes, secret: str | None = "the secret") -> int:
    line = HTTPConnection("127.0.0.1", port, timeout=10)
    line.request("POST", "/", body, {"X-Webhook-Secret": secret} if secret is not None else {})
    status = line.getresponse().status
    line.close()
    return status


def test_what_comes_close_together_rings_once(port: int, rings: list[float]) -> None:
    assert [post(port, json.dumps(OURS).encode()) for _ in range(5)] == [204] * 5
    time.sleep(0.7)
    assert len(rings) == 1


@pytest.mark.parametrize("secret", [None, "", "another", "the secret!"])
def test_without_the_secret_nothing_rings(port: int, rings: list[float], secret: str | None) -> None:
    assert post(port, json.dumps(OURS).encode(), secret) == 401
    time.sleep(0.5)
    assert rings == []


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"no", b'{"repo": 5}', b'{"repo": {"name": "lab/model"}}', b'{"repo": {"name": ["intern-staging-"]}}'],
)
def test_what_is_not_about_a_staging_repository_rings_nobody(port: int, rings: list[float], body: bytes) -> None:
    assert post(port, body) == 204
    time.sleep(0.4)
    assert rings == []
    assert not concerns_us(body)


def test_an_endless_body_is_not_read(port: int) -> None:
    line = HTTPConnection("127.0.0.1", port, timeout=10)
    line.putrequest("POST", "/")
    line.putheader("X-Webhook-Secret", "the secret")
    line.putheader("Content-Length", str(MOST_BYTES + 1))
    line.endheaders()
    assert line.getresponse().status == 413
    line.close()


def test_what_never_falls_quiet_rings_all_the_same(rings: list[float]) -> None:
    bell = Bell(lambda: rings.append(time.monotonic()), quiet_seconds=0.3, most_seconds=0.6)
    threading.Thread(target=bell.work, daemon=True).start()
    for _ in range(40):
        bell.touch()
        time.sleep(0.05)
    assert len(rings) >= 2


def test_the_workflows_listen_to_what_it_sends() -> None:
    for workflow in EXAMPLES.glob("*/intern.yml"):
        heard = yaml.safe_load(workflow.read_text())[True]["repository_dispatch"]["types"]
        assert EVENT in heard, workflow


def test_a_ring_that_fails_is_said_and_the_next_one_rings(capsys: pytest.CaptureFixture[str]) -> None:
    tries: list[int] = []

    def ring() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise ForgeError("GitHub is away")

    bell = Bell(ring, quiet_seconds=0.05)
    threading.Thread(target=bell.work, daemon=True).start()
    for _ in range(2):
        bell.touch()
        time.sleep(0.4)
    assert len(tries) == 2
    assert "could not ring: GitHub is away" in capsys.readouterr().err


def test_it_does_not_begin_without_a_secret_or_a_token() -> None:
    with pytest.raises(Misconfigured, match="INTERN_WEBHOOK_SECRET is not set"):
        relay({}, host="127.0.0.1", port=0, repository="team/mails")
    with pytest.raises(Misconfigured, match="GITHUB_TOKEN"):
        relay({"INTERN_WEBHOOK_SECRET": "s"}, host="127.0.0.1", port=0, repository="team/mails")
