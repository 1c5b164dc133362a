"""The Hub speaks HTTP as a real one does: kept connections, both sorts of bodies, and nothing lost when it starts again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from socket import create_connection
from urllib.parse import urlsplit

from tests.hub_server import HubServer
from tests.hub_server_tests.conftest import Hand

CHUNKED = (
    b"POST /api/repos/create HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'9\r\n{"name":"\r\n4;ext=1\r\nin"}\r\n0\r\nTrailer: x\r\n\r\nGET /api/models/ada/in HTTP/1.1\r\nHost: x\r\n'
    b"Authorization: Bearer %s\r\nConnection: close\r\n\r\n"
)


def test_one_connection_answers_one_request_after_the_other(ada: Hand) -> None:
    for name in ("one", "two"):
        assert ada.ask("POST", "/api/repos/create", {"name": name}).status == 200
    assert ada.ask("GET", "/api/models/ada/two").json["id"] == "ada/two"


def test_a_body_in_chunks_is_read_to_its_end_and_not_beyond(hub: HubServer) -> None:
    token = hub.token.encode()
    with create_connection(("127.0.0.1", urlsplit(hub.url).port)) as plug:
        plug.sendall(CHUNKED % (token, token))
        told = b"".join(iter(lambda: plug.recv(65536), b""))
    assert told.count(b"HTTP/1.1 200 OK") == 2
    assert b'"id": "ada/in"' in told


def test_a_refused_body_does_not_spoil_the_next_request(ada: Hand) -> None:
    assert ada.ask("POST", "/nothing/here", b"x" * 3_000_000).status == 404
    assert ada.ask("GET", "/api/whoami-v2").status == 200


def test_every_answer_has_a_request_id(nobody: Hand) -> None:
    ids = {nobody.ask("GET", "/api/whoami-v2").headers["x-request-id"] for _ in range(2)}
    assert len(ids) == 2


def test_an_unknown_address_is_not_a_missing_repository(ada: Hand) -> None:
    told = ada.ask("GET", "/api/nothing")
    assert (told.status, "x-error-code" in told.headers) == (404, False)


def test_a_number_that_is_none_is_a_bad_request_and_not_a_crash(ada: Hand) -> None:
    assert ada.ask("GET", "/api/models?limit=many").status == 400
    assert ada.ask("GET", "/api/models?limit=1").status == 200


def test_a_second_server_goes_on_where_the_first_ended(tmp_path: Path) -> None:
    with HubServer(tmp_path) as first:
        sha, token = first.add("model", "ada/kept", {"config.json": b"{}", "w.bin": b"weights"}), first.token
    with HubServer(tmp_path) as second:
        assert second.token == token
        assert second.read("model", "ada/kept", "w.bin", sha) == b"weights"


def test_every_request_is_on_record(hub: HubServer, ada: Hand) -> None:
    ada.ask("GET", "/api/models/ada/none?blobs=true")
    [one] = hub.requests
    assert (one.method, one.path, one.token, one.status) == ("GET", "/api/models/ada/none?blobs=true", hub.token, 404)
    assert hub.count("GET", "/api/models") == 1


def test_it_runs_alone_and_says_what_to_set(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text('{"users": [{"name": "eve"}], "tokens": [{"user": "eve", "role": "write", "token": "hf_eve"}]}')
    words = ["-m", "hub_server", "--port", "0", "--root", str(tmp_path / "hub"), "--seed", str(seed)]
    environment = {"PATH": os.defpath, "PYTHONPATH": str(Path(__file__).parent.parent)}
    with subprocess.Popen([sys.executable, *words], env=environment, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        endpoint = program.stdout.readline().strip().removeprefix("export HF_ENDPOINT=")
        assert program.stdout.readline() == "export HF_TOKEN=hf_eve\n"
        hand = Hand(endpoint, "hf_eve")
        assert hand.ask("GET", "/api/whoami-v2").json["name"] == "eve"
        hand.close()
        program.send_signal(signal.SIGINT)
        assert program.wait(timeout=20) == 0
