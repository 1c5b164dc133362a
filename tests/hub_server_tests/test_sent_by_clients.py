"""What official clients were seen to send, word for word and in its order, is answered as they need it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from tests.hub_server import HubServer
from tests.hub_server_tests.conftest import Hand

LARGE = bytes(2000)
SEEN = Path(__file__).parent / "sent_by_clients.jsonl"


def test_everything_that_clients_send_is_answered(hub: HubServer, hands: Callable[[str], Hand]) -> None:
    hub.accounts.add_user("alice")
    alice = hands(hub.accounts.add_token("alice"))
    for line in SEEN.read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        told = alice.ask(one["method"], one["path"], one["body"].encode(), {"Content-Type": one["type"] or ""})
        assert told.status == 200, (one, told)
        if one["path"].endswith("/batch"):
            store(hands(""), told.json)
    assert [one.status for one in hub.requests if one.status not in {200, 302}] == []


def store(hand: Hand, told: dict[str, object]) -> None:
    """Send the large file where the answer says, as the clients do: without a token."""
    match told["objects"]:
        case [{"actions": {"upload": {"href": str(where)}}}]:
            url = urlsplit(where)
            assert hand.ask("PUT", f"{url.path}?{url.query}", LARGE).status == 200
        case other:
            raise AssertionError(other)
