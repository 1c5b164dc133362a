"""Files come with the headers clients keep, whole or in part, and only to those who may read them."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from tests.hub_server import HubServer
from tests.hub_server_tests.conftest import Hand, Told

FILES = {"config.json": b'{"model_type": "bert"}', "model.bin": b"0123456789"}


@pytest.fixture
def sha(hub: HubServer) -> str:
    return hub.add("model", "ada/m", FILES)


def follow(hands: Callable[[str], Hand], told: Told, **headers: str) -> Told:
    url = urlsplit(told.headers["location"])
    return hands("").ask("GET", f"{url.path}?{url.query}", headers=headers)


def test_a_large_file_leads_to_the_storage_with_its_digest_and_size(ada: Hand, sha: str) -> None:
    told = ada.ask("HEAD", "/ada/m/resolve/main/model.bin")
    assert (told.status, told.headers["x-repo-commit"], told.headers["x-linked-size"]) == (302, sha, "10")
    assert len(told.headers["x-linked-etag"].strip('"')) == 64
    assert urlsplit(told.headers["location"]).hostname == "localhost"


def test_the_storage_lets_nobody_in_with_a_token_or_another_signature(nobody: Hand, ada: Hand, sha: str) -> None:
    where = urlsplit(ada.ask("GET", "/ada/m/resolve/main/model.bin").headers["location"])
    assert ada.ask("GET", f"{where.path}?{where.query}").status == 400
    assert nobody.ask("GET", f"{where.path}?{where.query[:-3]}abc").status == 403


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        ("bytes=2-4", b"234"),
        ("bytes=8-", b"89"),
        ("bytes=-3", b"789"),
        ("bytes=5-99", b"56789"),
        ("lines=1-2", b"0123456789"),
        ("", b"0123456789"),
    ],
)
def test_a_part_of_a_file_can_be_asked_for(
    hands: Callable[[str], Hand], ada: Hand, sha: str, asked: str, got: bytes
) -> None:
    told = follow(hands, ada.ask("GET", "/ada/m/resolve/main/model.bin"), Range=asked)
    assert (told.status, told.body) == (206 if asked.startswith("bytes") else 200, got)


def test_a_part_beyond_the_end_is_refused_with_the_size(hands: Callable[[str], Hand], ada: Hand, sha: str) -> None:
    told = follow(hands, ada.ask("GET", "/ada/m/resolve/main/model.bin"), Range="bytes=10-")
    assert (told.status, told.headers["content-range"]) == (416, "bytes */10")


def test_a_small_file_leads_to_the_cache_and_is_not_sent_twice(ada: Hand, sha: str) -> None:
    where = ada.ask("GET", "/ada/m/resolve/main/config.json")
    assert (where.status, where.headers["location"]) == (307, f"/api/resolve-cache/models/ada/m/{sha}/config.json")
    told = ada.ask("GET", where.headers["location"])
    assert (told.body, told.headers["etag"]) == (FILES["config.json"], where.headers["etag"])
    again = ada.ask("GET", where.headers["location"], headers={"If-None-Match": told.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/ada/m/resolve/main/none", "EntryNotFound"),
        ("/ada/m/resolve/none/config.json", "RevisionNotFound"),
        ("/ada/none/resolve/main/config.json", "RepoNotFound"),
    ],
)
def test_what_is_missing_is_named(ada: Hand, sha: str, path: str, code: str) -> None:
    told = ada.ask("GET", path)
    assert (told.status, told.headers["x-error-code"]) == (404, code)


def test_an_older_commit_keeps_its_files(hub: HubServer, ada: Hand, sha: str) -> None:
    hub.add("model", "ada/m", {"config.json": b"{}"})
    old = ada.ask("GET", f"/ada/m/raw/{sha}/config.json")
    assert old.body == FILES["config.json"]
    assert ada.ask("GET", f"/ada/m/raw/{sha[:8]}/config.json").body == old.body
    assert ada.ask("GET", "/ada/m/raw/main/config.json").body == b"{}"


def test_a_gated_repository_shows_its_names_and_keeps_its_contents(
    hub: HubServer, hands: Callable[[str], Hand]
) -> None:
    hub.add("model", "ada/gated", FILES, gated="manual")
    hub.accounts.add_user("eve")
    eve = hands(hub.accounts.add_token("eve"))
    assert eve.ask("GET", "/api/models/ada/gated/tree/main").status == 200
    told = eve.ask("GET", "/ada/gated/resolve/main/model.bin")
    assert (told.status, told.headers["x-error-code"]) == (403, "GatedRepo")
    assert hands("").ask("GET", "/ada/gated/resolve/main/model.bin").status == 401


def test_a_long_tree_comes_in_pages(hub: HubServer, ada: Hand) -> None:
    hub.add("dataset", "ada/d", {f"{n:03d}.txt": b"" for n in range(5)})
    seen: list[str] = []
    where = "/api/datasets/ada/d/tree/main?limit=2"
    while where:
        told = ada.ask("GET", where)
        seen += [one["path"] for one in told.json]  # type: ignore[union-attr]
        link = told.headers.get("link", "").partition(">")[0].removeprefix("<")
        where = link.removeprefix(hub.url)
    assert seen == [f"{n:03d}.txt" for n in range(5)]


def test_the_hub_counts_the_parameters_of_weights(hub: HubServer, ada: Hand) -> None:
    header = b'{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"__metadata__":{"format":"pt"}}'
    hub.add("model", "ada/w", {"model.safetensors": len(header).to_bytes(8, "little") + header + bytes(24)})
    assert ada.ask("GET", "/api/models/ada/w").json["safetensors"] == {"parameters": {"F32": 6}, "total": 6}
