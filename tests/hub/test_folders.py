"""Folders of this machine, and the order in which readers are asked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from intern_action.core.errors import HubError, ToolFailed
from intern_action.hub._pick import LayeredHub
from intern_action.hub.folders import Folders, Root, local_name, paths_in
from intern_action.hub.huggingface import HuggingFace
from intern_action.hub.local import LocalHub
from tests.fakes.hub_files import MODEL, put
from tests.fakes.hub_server import HubServer, Repository


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    put(tmp_path / "checkout/data/mails", {"train.jsonl": '{"text": "hi"}\n'})
    put(tmp_path / "checkout/models/minilm", MODEL)
    return tmp_path / "checkout"


@pytest.fixture
def folders(checkout: Path, cache: str) -> Folders:
    return Folders((Root(folder=str(checkout), strict=True),), cache)


def test_a_folder_of_the_checkout_becomes_a_snapshot_told_by_its_content(folders: Folders, checkout: Path):
    found = folders.fetch("dataset", "./data/mails")
    assert (found.id, len(found.revision)) == ("local/mails", 40)
    assert (Path(found.path) / "train.jsonl").read_text() == '{"text": "hi"}\n'
    (checkout / "data/mails/train.jsonl").write_text("changed")
    assert (Path(found.path) / "train.jsonl").read_text() == '{"text": "hi"}\n'
    with pytest.raises(ToolFailed, match="its files have changed"):
        folders.fetch("dataset", "data/mails", found.revision)


@pytest.mark.parametrize(
    "name", ["/etc", "../secret", "./data/../../secret", "/", "data/link", "nowhere", "~/x", "a\0b"]
)
def test_what_is_not_beneath_the_roots_is_not_read(folders: Folders, checkout: Path, name: str):
    put(checkout.parent / "secret", {"token": "hf_secret"})
    (checkout / "data/link").symlink_to(checkout.parent / "secret")
    with pytest.raises(ToolFailed, match="that may be read here"):
        folders.fetch("dataset", name)


def test_somebody_who_names_a_file_is_told_its_folder(folders: Folders):
    assert folders.knows("data/mails/train.jsonl")
    with pytest.raises(ToolFailed, match="is a file; name the folder that it lies in: data/mails"):
        folders.fetch("dataset", "data/mails/train.jsonl")


def test_a_name_longer_than_a_path_may_be_is_no_folder(folders: Folders):
    assert not folders.knows("a" * 5000)


def test_a_link_to_a_secret_in_the_checkout_is_not_followed(folders: Folders, checkout: Path, tmp_path: Path):
    (tmp_path / "token").write_text("hf_secret")
    (checkout / "data/mails/rows.jsonl").symlink_to(tmp_path / "token")
    with pytest.raises(ToolFailed, match=r"rows\.jsonl .* is a link"):
        folders.fetch("dataset", "data/mails")


def test_a_folder_swapped_for_a_link_after_it_was_listed_is_not_followed(checkout: Path, tmp_path: Path):
    from intern_action.hub._source import Source

    source = Source(folder=checkout / "models", strict=True)
    assert "minilm/config.json" in source.sizes()
    put(tmp_path / "secret", {"config.json": "hf_secret"})
    (checkout / "models/minilm").rename(checkout / "moved")
    (checkout / "models/minilm").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
        source.text("minilm/config.json")


def test_a_pipe_in_the_checkout_stops_nobody(folders: Folders, checkout: Path):
    os.mkfifo(checkout / "data/mails/pipe")
    assert folders.fetch("dataset", "data/mails").id == "local/mails"


def test_a_folder_that_a_person_named_may_be_made_of_links(checkout: Path, cache: str, tmp_path: Path):
    put(tmp_path / "blobs", {"abc": "{}", "def": "weights"})
    (tmp_path / "snapshot").mkdir()
    (tmp_path / "snapshot/config.json").symlink_to("../blobs/abc")
    (tmp_path / "snapshot/model.safetensors").symlink_to("../blobs/def")
    named = Root(folder=str(tmp_path / "snapshot"), strict=False)
    found = Folders((Root(folder=str(checkout), strict=True), named), cache).fetch("model", str(tmp_path / "snapshot"))
    assert (Path(found.path) / "model.safetensors").read_text() == "weights"


def test_a_folder_in_the_checkout_is_strict_even_when_a_person_named_it(checkout: Path, cache: str):
    (checkout / "data/mails/rows.jsonl").symlink_to("/etc/passwd")
    roots = (Root(folder=str(checkout), strict=True), Root(folder=str(checkout / "data/mails"), strict=False))
    with pytest.raises(ToolFailed, match="is a link"):
        Folders(roots, cache).fetch("dataset", str(checkout / "data/mails"))


def test_an_odd_name_becomes_one_that_a_repository_may_have(checkout: Path, folders: Folders):
    put(checkout / "my mails (2)..--", {"train.csv": "text\nhi\n"})
    assert folders.fetch("dataset", "./my mails (2)..--").id == "local/my-mails-2"


def test_a_folder_is_named_by_what_says_something():
    ways = {
        "/x/minilm/model": "local/minilm",
        f"/c/models--ada--bert/snapshots/{'a' * 40}": "local/ada-bert",
        "/repo/data/mails": "local/mails",
        "/data": "local/folder",
    }
    assert {way: local_name(Path(way)) for way in ways} == ways


def test_a_persons_words_name_paths():
    words = "fine-tune /models/minilm on '/data/my-mails', then push to ada/spam (see /tmp/x)."
    assert paths_in(words) == ("/models/minilm", "/data/my-mails", "/tmp/x")  # noqa: S108  # only words


# --- one after the other --------------------------------------------------------------------------------------------

BERT = Repository(kind="model", id="ada/bert", files={"config.json": b"{}", "model.safetensors": b"far"})


@pytest.fixture
def layered(folders: Folders, shelf: Path, hub: HubServer, cache: str) -> LayeredHub:
    return LayeredHub(folders, (LocalHub(str(shelf), cache), HuggingFace(cache, endpoint=hub.endpoint)))


def test_the_nearest_reader_that_knows_a_name_answers(layered: LayeredHub, hub: HubServer):
    hub.add(BERT)
    hub.add(Repository(kind="model", id="ada/minilm", files={"config.json": b"{}", "model.safetensors": b"far"}))
    assert (Path(layered.fetch("model", "ada/minilm").path) / "model.safetensors").read_text() == "weights"
    assert hub.asked == []
    assert (Path(layered.fetch("model", "ada/bert").path) / "model.safetensors").read_bytes() == b"far"
    assert layered.fetch("model", "models/minilm").id == "local/minilm"


def test_a_model_that_is_refused_here_is_not_taken_from_elsewhere(layered: LayeredHub, hub: HubServer, shelf: Path):
    put(shelf / "models/ada/bert", {"config.json": "{}", "pytorch_model.bin": "pickle"})
    hub.add(BERT)
    with pytest.raises(ToolFailed, match="only as pickles"):
        layered.fetch("model", "ada/bert")


def test_a_name_nobody_knows_is_answered_with_everybodys_words(layered: LayeredHub, hub: HubServer):
    with pytest.raises(ToolFailed, match=rf"did you mean ada/minilm\?; there is no model .* on {hub.endpoint}"):
        layered.fetch("model", "ada/minilmm")


def test_a_path_is_asked_of_no_hub(layered: LayeredHub, hub: HubServer):
    with pytest.raises(ToolFailed, match="no folder"):
        layered.fetch("dataset", "./data/nothing")
    assert hub.asked == []


def test_a_name_that_only_an_unreachable_hub_could_know_is_answered_with_both(
    folders: Folders, shelf: Path, cache: str
):
    away = HuggingFace(cache, endpoint="http://127.0.0.1:9")
    with pytest.raises(ToolFailed, match="could not be reached"):
        LayeredHub(folders, (LocalHub(str(shelf), cache), away)).fetch("model", "ada/other")


def test_an_unreachable_hub_alone_is_the_hubs_failure(folders: Folders, cache: str):
    with pytest.raises(HubError, match="could not be reached"):
        LayeredHub(folders, (HuggingFace(cache, endpoint="http://127.0.0.1:9"),)).fetch("model", "ada/other")
