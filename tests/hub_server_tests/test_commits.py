"""A commit is whole or not at all, on the parent it was meant for, and large files are there before it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.hub_server import HubServer
from tests.hub_server_tests.conftest import Hand, Told

COMMIT = "/api/models/ada/m/commit/main"
LARGE = bytes(range(250)) * 4


@pytest.fixture
def sha(hub: HubServer) -> str:
    return hub.add("model", "ada/m", {"a.txt": b"a", "deep/b.txt": b"b"})


def lines(*operations: tuple[str, Mapping[str, object]], **header: str) -> bytes:
    every = [("header", {"summary": "Words", "description": "", **header}), *operations]
    return b"".join(json.dumps({"key": key, "value": value}).encode() + b"\n" for key, value in every)


def add(path: str, data: bytes = b"x") -> tuple[str, Mapping[str, object]]:
    return "file", {"path": path, "content": base64.b64encode(data).decode(), "encoding": "base64"}


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def batch(ada: Hand, data: bytes, *transfers: str) -> dict[str, object]:
    asked = {"operation": "upload", "transfers": transfers, "objects": [{"oid": digest(data), "size": len(data)}]}
    match ada.ask("POST", "/ada/m.git/info/lfs/objects/batch", asked).json["objects"]:
        case [dict() as one]:
            return one
        case other:
            raise AssertionError(other)


def put(hand: Hand, where: str, data: bytes, method: str = "PUT") -> Told:
    url = urlsplit(where)
    return hand.ask(method, f"{url.path}?{url.query}", data)


def test_a_commit_on_a_parent_that_is_no_longer_the_newest_is_refused(hub: HubServer, ada: Hand, sha: str) -> None:
    assert ada.ask("POST", COMMIT, lines(add("one.txt"), parentCommit=sha)).status == 200
    late = ada.ask("POST", COMMIT, lines(add("two.txt"), parentCommit=sha))
    assert (late.status, late.json["error"]) == (412, "A commit has happened since. Please refresh and try again.")
    with pytest.raises(KeyError):
        hub.read("model", "ada/m", "two.txt")


def test_of_thirty_commits_on_one_parent_one_is_made(hub: HubServer, hands: Callable[[str], Hand], sha: str) -> None:
    every = [hands(hub.token) for _ in range(30)]
    with ThreadPoolExecutor(30) as pool:
        body = lines(add("lock.json"), parentCommit=sha)
        told = list(pool.map(lambda hand: hand.ask("POST", COMMIT, body).status, every))
    assert sorted(told) == [200, *[412] * 29]


def test_a_refused_operation_leaves_nothing_of_its_commit(hub: HubServer, ada: Hand, sha: str) -> None:
    told = ada.ask("POST", COMMIT, lines(add("new.txt"), ("deletedFile", {"path": "none"})))
    assert (told.status, told.headers["x-error-code"]) == (404, "EntryNotFound")
    assert ada.ask("GET", "/api/models/ada/m").json["sha"] == sha


def test_files_and_folders_are_deleted_and_copied(hub: HubServer, ada: Hand, sha: str) -> None:
    copied = ("copyFile", {"path": "copy.txt", "srcPath": "a.txt", "srcRevision": sha})
    body = lines(copied, ("deletedFolder", {"path": "deep/"}), ("deletedFile", {"path": "a.txt"}))
    assert ada.ask("POST", COMMIT, body).status == 200
    told = ada.ask("GET", "/api/models/ada/m/tree/main?recursive=true").body
    assert [one["path"] for one in json.loads(told)] == ["copy.txt"]


@pytest.mark.parametrize("path", ["../out", "a/../../b", ".git/config", "", "a//b", "a.txt/below"])
def test_a_path_that_no_repository_can_hold_is_refused(ada: Hand, sha: str, path: str) -> None:
    assert ada.ask("POST", COMMIT, lines(add(path))).status == 400


def test_a_large_file_that_never_arrived_cannot_be_committed(ada: Hand, sha: str) -> None:
    pointer = ("lfsFile", {"path": "w.bin", "algo": "sha256", "oid": digest(b"never"), "size": 5})
    told = ada.ask("POST", COMMIT, lines(pointer))
    assert told.status == 400
    assert "does not exist" in str(told.json["error"])


def test_a_small_file_that_is_large_is_refused(ada: Hand, sha: str) -> None:
    told = ada.ask("POST", COMMIT, lines(add("big.txt", b"x" * (10 * 1024 * 1024 + 1))))
    assert "larger than 10 MiB" in str(told.json["error"])


def test_what_is_there_already_is_not_asked_for_again(hub: HubServer, ada: Hand, sha: str) -> None:
    hub.add("model", "ada/m", {"w.bin": LARGE})
    assert "actions" not in batch(ada, LARGE, "basic")


def test_a_large_file_that_arrives_changed_is_refused(hands: Callable[[str], Hand], ada: Hand, sha: str) -> None:
    match batch(ada, LARGE, "basic"):
        case {"actions": {"upload": {"href": str(where)}, "verify": {"href": str(check)}}}:
            assert put(hands(""), where, LARGE[:-1] + b"!").status == 400
            told = ada.ask("POST", urlsplit(check).path, {"oid": digest(LARGE), "size": len(LARGE)})
            assert told.status == 404
        case other:
            raise AssertionError(other)


def test_a_large_file_comes_in_parts_and_again_after_an_interruption(
    hub: HubServer, hands: Callable[[str], Hand], ada: Hand, sha: str
) -> None:
    hub.world.in_parts_above = 300
    match batch(ada, LARGE, "basic", "multipart"):
        case {"actions": {"upload": {"href": str(complete), "header": dict(header)}}}:
            urls = [str(header[f"{n:05d}"]) for n in (1, 2, 3, 4)]
        case other:
            raise AssertionError(other)
    hand, parts = hands(""), [LARGE[start : start + 300] for start in range(0, 1000, 300)]
    assert all(put(hand, url, part).status == 200 for url, part in zip(urls[:3], parts, strict=False))
    done = json.dumps({"oid": digest(LARGE), "parts": [{"partNumber": n, "etag": "x"} for n in (1, 2, 3, 4)]}).encode()
    assert put(hand, complete, done, "POST").status == 400
    assert put(hand, urls[3], parts[3]).headers["etag"]
    assert put(hand, complete, done, "POST").status == 200
    assert "actions" not in batch(ada, LARGE, "basic", "multipart")


def test_which_files_are_large_is_decided_by_attributes_size_and_content(ada: Hand, sha: str) -> None:
    ada.ask("POST", COMMIT, lines(add(".gitattributes", b"*.big filter=lfs -text\nsmall.big -filter\n")))
    ada.ask("POST", COMMIT, lines(add(".gitignore", b"*.log\n!keep.log\n/tmp/\n")))
    asked = [
        ("x.big", 1, b"", "lfs", False),
        ("small.big", 1, b"", "regular", False),
        ("page.html", 20 * 1024 * 1024, b"", "lfs", False),
        ("picture", 3, b"a\0b", "lfs", False),
        ("a.log", 1, b"", "regular", True),
        ("keep.log", 1, b"", "regular", False),
        ("tmp/deep/x", 1, b"", "regular", True),
    ]
    files = [{"path": p, "size": n, "sample": base64.b64encode(sample).decode()} for p, n, sample, _, _ in asked]
    told = ada.ask("POST", "/api/models/ada/m/preupload/main", {"files": files}).json["files"]
    assert isinstance(told, list)
    assert [(one["path"], one["uploadMode"], one["shouldIgnore"]) for one in told] == [
        (path, mode, ignored) for path, _, _, mode, ignored in asked
    ]


def test_a_pull_request_whose_files_changed_on_both_sides_is_not_merged(ada: Hand, sha: str) -> None:
    assert ada.ask("POST", f"{COMMIT}?create_pr=1", lines(add("a.txt", b"theirs"))).status == 200
    assert ada.ask("POST", COMMIT, lines(add("a.txt", b"ours"))).status == 200
    told = ada.ask("GET", "/api/models/ada/m/discussions/1").json
    assert told["filesWithConflicts"] == ["a.txt"]
    assert ada.ask("POST", "/api/models/ada/m/discussions/1/merge").status == 409
    assert ada.ask("GET", "/ada/m/raw/main/a.txt").body == b"ours"
