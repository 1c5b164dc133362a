"""A Hub that listens, and a plain hand to ask it with."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.hub_server import HubServer


@dataclass(frozen=True, kw_only=True)
class Told:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        return json.loads(self.body)


class Hand:
    """Asks over one connection, as a client does; the standard library and nothing else."""

    def __init__(self, url: str, token: str = "") -> None:
        self._line = HTTPConnection(urlsplit(url).netloc, timeout=10)
        self._token = token

    def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None, **more: str
    ) -> Told:
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        bearer = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        self._line.request(method, path, data, {**bearer, **(headers or {}), **more})
        answer = self._line.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Told(status=answer.status, headers=told, body=answer.read())

    def close(self) -> None:
        self._line.close()


@pytest.fixture
def hub(tmp_path: Path) -> Generator[HubServer]:
    with HubServer(tmp_path / "hub") as server:
        yield server


@pytest.fixture
def hands(hub: HubServer) -> Generator[Callable[[str], Hand]]:
    """Make hands: each with its own token and its own connection."""
    made: list[Hand] = []

    def hand(token: str) -> Hand:
        made.append(Hand(hub.url, token))
        return made[-1]

    yield hand
    for one in made:
        one.close()


@pytest.fixture
def ada(hub: HubServer, hands: Callable[[str], Hand]) -> Hand:
    """Somebody whose token may write."""
    return hands(hub.token)


@pytest.fixture
def nobody(hands: Callable[[str], Hand]) -> Hand:
    """Somebody without a token."""
    return hands("")
