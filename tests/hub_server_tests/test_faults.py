"""Everything that goes wrong on the real Hub can be made to go wrong on this one, once, the n-th time, or for ever."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from http.client import IncompleteRead, RemoteDisconnected
from socket import SHUT_WR, create_connection
from urllib.parse import urlsplit

import pytest

from tests.hub_server import Broken, Cut, HubServer, Lost, Refuse, Slow
from tests.hub_server_tests.conftest import Hand

ME = "/api/whoami-v2"


@pytest.mark.parametrize("status", [401, 402, 403, 404, 409, 412, 429, 500])
def test_a_status_is_answered_once_and_in_the_hubs_words(hub: HubServer, ada: Hand, status: int) -> None:
    hub.fault("GET", ME, Refuse(status=status))
    told = ada.ask("GET", ME)
    assert told.status == status
    assert told.json["error"] == told.headers["x-error-message"]
    assert ada.ask("GET", ME).status == 200


def test_too_many_requests_says_when_to_come_again(hub: HubServer, ada: Hand) -> None:
    hub.fault("*", "/api/*", Refuse(status=429, retry_after=7))
    told = ada.ask("GET", ME)
    assert told.headers["retry-after"] == "7"
    assert "t=7" in told.headers["ratelimit"]


def test_a_fault_can_wait_and_can_stay(hub: HubServer, ada: Hand) -> None:
    hub.fault("GET", ME, Refuse(status=500), after=1, times=None)
    assert [ada.ask("GET", ME).status for _ in range(4)] == [200, 500, 500, 500]


def test_a_fault_of_another_method_or_address_does_not_strike(hub: HubServer, ada: Hand) -> None:
    hub.fault("POST", ME, Refuse(status=500))
    hub.fault("GET", "/api/models/*", Refuse(status=500))
    assert ada.ask("GET", ME).status == 200


def test_an_answer_is_lost_after_the_work_was_done(hub: HubServer, ada: Hand, hands: Callable[[str], Hand]) -> None:
    hub.fault("POST", "/api/repos/create", Lost())
    with pytest.raises(RemoteDisconnected):
        ada.ask("POST", "/api/repos/create", {"name": "there"})
    assert hub.requests[-1].status == 0
    assert hands(hub.token).ask("GET", "/api/models/ada/there").status == 200


def test_a_slow_answer_comes_late(hub: HubServer, ada: Hand) -> None:
    hub.fault("GET", ME, Slow(seconds=0.2))
    began = time.monotonic()
    assert ada.ask("GET", ME).status == 200
    assert time.monotonic() - began >= 0.2


def test_an_answer_is_cut(hub: HubServer, ada: Hand) -> None:
    hub.fault("GET", ME, Cut(after_bytes=10))
    with pytest.raises(IncompleteRead) as cut:
        ada.ask("GET", ME)
    assert len(cut.value.partial) == 10


def test_a_request_is_broken_off_before_anything_is_done(hub: HubServer, ada: Hand, nobody: Hand) -> None:
    hub.fault("POST", "/api/repos/create", Broken(after_bytes=5))
    with pytest.raises((RemoteDisconnected, ConnectionError)):
        ada.ask("POST", "/api/repos/create", {"name": "not-there"})
    assert nobody.ask("GET", "/api/models/ada/not-there").status == 401


def test_an_upload_that_ends_early_leaves_nothing(hub: HubServer, ada: Hand) -> None:
    hub.add("model", "ada/m", {})
    oid = "0" * 64
    asked = {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": oid, "size": 9_000_000}]}
    where = re.findall(
        rb"http://localhost:\d+(/_storage/[^\"]+)", ada.ask("POST", "/ada/m.git/info/lfs/objects/batch", asked).body
    )
    with create_connection(("127.0.0.1", urlsplit(hub.url).port)) as plug:
        plug.sendall(b"PUT %s HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n" % where[0] + bytes(100_000))
        plug.shutdown(SHUT_WR)
        assert b"IncompleteBody" in b"".join(iter(lambda: plug.recv(65536), b""))
    assert [path for path in (hub.world.root / "content" / "lfs").rglob("*") if path.is_file()] == []


def test_faults_are_switched_on_over_http_too(hub: HubServer, nobody: Hand, ada: Hand) -> None:
    asked = {"method": "GET", "path": ME, "kind": "refuse", "status": 402, "times": None}
    assert nobody.ask("POST", "/_faults", asked).status == 201
    assert ada.ask("GET", ME).status == 402
    assert nobody.ask("DELETE", "/_faults").status == 200
    assert ada.ask("GET", ME).status == 200
    assert b'"status": 402' in nobody.ask("GET", "/_requests").body


def test_an_unknown_fault_is_refused(nobody: Hand) -> None:
    assert nobody.ask("POST", "/_faults", {"kind": "flood"}).status == 400
