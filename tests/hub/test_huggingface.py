"""The official client against a Hub that really listens."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from intern_action.core.errors import HubError, ToolFailed
from intern_action.hub.huggingface import HuggingFace
from tests.fakes.hub_server import TOKEN, HubServer, Repository

BERT = Repository(
    kind="model",
    id="ada/bert",
    files={
        "config.json": b'{"model_type": "bert"}',
        "model.safetensors": b"weights",
        "pytorch_model.bin": b"pickle",
        "modeling.py": b"import os",
        "onnx/model.onnx": b"onnx",
        "odd [name]*?.json": b"{}",
        "README.md": b"---\nlicense: mit\n---\n# Bert\n",
    },
    card={"license": "mit"},
)
MAILS = Repository(
    kind="dataset",
    id="ada/mails",
    files={"data/train.parquet": b"rows", "mails.py": b"import os", "README.md": b"# Mails"},
)


def reader(hub: HubServer, cache: str, token: str = "") -> HuggingFace:
    return HuggingFace(cache, endpoint=hub.endpoint, token=token)


def offline(cache: str, words: str) -> str:
    """Run Python as a job does: the shared cache, no network."""
    environment = {"PATH": os.defpath, "HF_HUB_CACHE": cache, "HF_HUB_OFFLINE": "1", "HOME": "/nowhere"}
    argv = [sys.executable, "-c", f"from huggingface_hub import snapshot_download, hf_hub_download\n{words}"]
    return subprocess.run(argv, env=environment, check=True, capture_output=True, text=True).stdout.strip()


def test_a_model_comes_with_its_commit_licence_and_card(hub: HubServer, cache: str):
    sha = hub.add(BERT)
    found = reader(hub, cache).fetch("model", "ada/bert")
    assert (found.id, found.revision, found.licence, found.gated) == ("ada/bert", sha, "mit", False)
    assert found.card.endswith("# Bert\n")
    assert (Path(found.path) / "model.safetensors").read_bytes() == b"weights"


def test_pickles_code_and_other_frameworks_are_not_fetched(hub: HubServer, cache: str):
    hub.add(BERT)
    found = reader(hub, cache).fetch("model", "ada/bert")
    there = {str(path.relative_to(found.path)) for path in Path(found.path).rglob("*") if path.is_file()}
    assert there == {"config.json", "model.safetensors", "odd [name]*?.json", "README.md"}
    assert hub.downloads() == sorted(there)


def test_a_job_without_a_network_finds_the_very_commit(hub: HubServer, cache: str):
    sha = hub.add(BERT)
    found = reader(hub, cache).fetch("model", "ada/bert")
    assert offline(cache, f"print(snapshot_download('ada/bert', revision={sha!r}))") == found.path
    assert offline(cache, "print(snapshot_download('ada/bert'))") == found.path
    assert offline(cache, "print(hf_hub_download('ada/bert', 'config.json'))") == f"{found.path}/config.json"


def test_a_data_set_is_found_without_a_network_too(hub: HubServer, cache: str):
    hub.add(MAILS)
    found = reader(hub, cache).fetch("dataset", "ada/mails")
    assert offline(cache, "print(snapshot_download('ada/mails', repo_type='dataset'))") == found.path
    assert "mails.py" not in hub.downloads()


def test_an_older_commit_can_be_asked_for(hub: HubServer, cache: str):
    old = hub.add(BERT)
    new = hub.add(dataclasses.replace(BERT, files={**BERT.files, "config.json": b'{"model_type": "roberta"}'}))
    reading = reader(hub, cache)
    assert reading.fetch("model", "ada/bert").revision == new
    found = reading.fetch("model", "ada/bert", old)
    assert (Path(found.path) / "config.json").read_bytes() == b'{"model_type": "bert"}'
    assert offline(cache, "print(snapshot_download('ada/bert'))").endswith(new)


def test_what_is_in_the_cache_is_not_fetched_again(hub: HubServer, cache: str):
    hub.add(BERT)
    first = reader(hub, cache).fetch("model", "ada/bert")
    hub.asked.clear()
    assert reader(hub, cache).fetch("model", "ada/bert") == first
    assert hub.downloads() == []


def test_an_unknown_name_is_answered_with_near_ones(hub: HubServer, cache: str):
    hub.add(BERT)
    with pytest.raises(ToolFailed, match=r"there is no model ada/brt .*did you mean ada/bert\?"):
        reader(hub, cache, TOKEN).fetch("model", "ada/brt")


def test_an_unknown_name_without_a_token_may_be_private(hub: HubServer, cache: str):
    hub.add(dataclasses.replace(BERT, private=True))
    with pytest.raises(ToolFailed, match="or it is private: then set HF_TOKEN"):
        reader(hub, cache).fetch("model", "ada/bert")


def test_a_private_model_is_read_with_the_token(hub: HubServer, cache: str):
    sha = hub.add(dataclasses.replace(BERT, private=True))
    assert reader(hub, cache, TOKEN).fetch("model", "ada/bert").revision == sha


def test_a_gated_model_names_the_page_where_access_is_asked_for(hub: HubServer, cache: str):
    hub.add(dataclasses.replace(BERT, gated="manual"))
    with pytest.raises(ToolFailed, match=f"gated: ask for access at {hub.endpoint}/ada/bert"):
        reader(hub, cache).fetch("model", "ada/bert")


def test_a_gated_model_that_was_granted_says_that_it_is_gated(hub: HubServer, cache: str):
    hub.add(dataclasses.replace(BERT, gated="auto"))
    assert reader(hub, cache, TOKEN).fetch("model", "ada/bert").gated


def test_a_gated_data_set_names_its_own_page(hub: HubServer, cache: str):
    hub.add(dataclasses.replace(MAILS, gated="auto"))
    with pytest.raises(ToolFailed, match=f"{hub.endpoint}/datasets/ada/mails"):
        reader(hub, cache).fetch("dataset", "ada/mails")


def test_an_unknown_revision_is_named(hub: HubServer, cache: str):
    hub.add(BERT)
    with pytest.raises(ToolFailed, match="no revision nothing"):
        reader(hub, cache).fetch("model", "ada/bert", "nothing")


def test_a_wrong_token_is_the_hubs_failure_and_says_where_to_make_one(hub: HubServer, cache: str):
    hub.add(BERT)
    with pytest.raises(HubError, match=f"does not accept the token .*{hub.endpoint}/settings/tokens"):
        reader(hub, cache, "hf_wrong").fetch("model", "ada/bert")


def test_a_wrong_token_is_not_shown(hub: HubServer, cache: str):
    hub.add(BERT)
    with pytest.raises(HubError) as raised:
        reader(hub, cache, "hf_wrong_and_secret").fetch("model", "ada/bert")
    assert "hf_wrong_and_secret" not in str(raised.value)


@pytest.mark.parametrize(("status", "words"), [(403, "token"), (418, "failed"), (429, "patience"), (500, "failed")])
def test_a_hub_that_is_out_of_order_is_said_so(hub: HubServer, cache: str, status: int, words: str):
    hub.add(dataclasses.replace(BERT, status=status))
    with pytest.raises(HubError, match=words):
        reader(hub, cache).fetch("model", "ada/bert")


def test_a_hub_that_is_not_there_is_said_so(cache: str):
    with pytest.raises(HubError, match="could not be reached"):
        HuggingFace(cache, endpoint="http://127.0.0.1:9").fetch("model", "ada/bert")


def test_a_model_with_code_of_its_own_is_refused_before_its_weights_are_fetched(hub: HubServer, cache: str):
    config = b'{"auto_map": {"AutoModel": "modeling.Bert"}}'
    hub.add(dataclasses.replace(BERT, files={**BERT.files, "config.json": config}))
    with pytest.raises(ToolFailed, match="never run here"):
        reader(hub, cache).fetch("model", "ada/bert")
    assert hub.downloads() == ["config.json"]


def test_weights_that_are_only_pickles_are_refused_unread(hub: HubServer, cache: str):
    hub.add(dataclasses.replace(BERT, files={"config.json": b"{}", "pytorch_model.bin": b"pickle"}))
    with pytest.raises(ToolFailed, match="only as pickles"):
        reader(hub, cache).fetch("model", "ada/bert")
    assert hub.downloads() == []


def test_what_is_too_big_is_refused_unread(hub: HubServer, cache: str):
    hub.add(BERT)
    with pytest.raises(ToolFailed, match="the most is"):
        HuggingFace(cache, endpoint=hub.endpoint, most_bytes=10).fetch("model", "ada/bert")
    assert hub.downloads() == []


def test_the_token_is_sent_to_the_hub_and_not_to_its_storage(hub: HubServer, cache: str):
    hub.add(BERT)
    reader(hub, cache, TOKEN).fetch("model", "ada/bert")
    assert {token for _, path, token in hub.asked if not path.startswith("/storage/")} == {TOKEN}


@pytest.mark.parametrize("name", ["", "a/b/c", "../etc", "a b/c", "ada/--x", "x" * 120, "ada/bert.git", "a/b?x=1"])
def test_what_cannot_be_a_name_is_never_asked_for(hub: HubServer, cache: str, name: str):
    with pytest.raises(ToolFailed, match="cannot be a name"):
        reader(hub, cache).fetch("model", name)
    assert hub.asked == []


@pytest.mark.parametrize("revision", ["../../x", "/etc", "a b", "x" * 300, "-x"])
def test_what_cannot_be_a_revision_is_never_asked_for(hub: HubServer, cache: str, revision: str):
    hub.add(BERT)
    with pytest.raises(ToolFailed, match="cannot be a revision"):
        reader(hub, cache).fetch("model", "ada/bert", revision)
    assert hub.asked == []
