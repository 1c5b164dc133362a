"""A folder as the Hub: read into the shared cache, found there by the official client, written without loss."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from intern_action.core.errors import HubError, ToolFailed
from intern_action.hub.folders import content_of
from intern_action.hub.local import LocalHub, LocalHubWriter
from tests.fakes.hub_files import MODEL, put


def offline(cache: str, words: str) -> str:
    """Run Python as a job does: the shared cache, no network."""
    environment = {"PATH": os.defpath, "HF_HUB_CACHE": cache, "HF_HUB_OFFLINE": "1", "HOME": "/nowhere"}
    argv = [sys.executable, "-c", f"from huggingface_hub import snapshot_download, hf_hub_download\n{words}"]
    return subprocess.run(argv, env=environment, check=True, capture_output=True, text=True).stdout.strip()


def test_a_model_has_a_revision_like_a_commit_and_its_licence(shelf: Path, cache: str):
    found = LocalHub(str(shelf), cache).fetch("model", "ada/minilm")
    assert (found.id, len(found.revision), found.licence) == ("ada/minilm", 40, "apache-2.0")
    assert (Path(found.path) / "1_Pooling" / "config.json").read_text() == "{}"


def test_the_official_client_finds_it_without_a_network(shelf: Path, cache: str):
    found = LocalHub(str(shelf), cache).fetch("model", "ada/minilm")
    words = f"""
print(snapshot_download("ada/minilm", revision={found.revision!r}, local_files_only=True))
print(snapshot_download("ada/minilm"))
print(hf_hub_download("ada/minilm", "1_Pooling/config.json", revision={found.revision!r}))
"""
    assert offline(cache, words).splitlines() == [found.path, found.path, f"{found.path}/1_Pooling/config.json"]


def test_a_data_set_is_found_as_one(shelf: Path, cache: str):
    found = LocalHub(str(shelf), cache).fetch("dataset", "ada/mails")
    words = f"print(snapshot_download('ada/mails', repo_type='dataset', revision={found.revision!r}))"
    assert offline(cache, words) == found.path


def test_nothing_in_the_cache_leads_out_of_it_or_can_be_written_by_others(shelf: Path, cache: str):
    LocalHub(str(shelf), cache).fetch("model", "ada/minilm")
    for path in Path(cache).rglob("*"):
        assert path.resolve().is_relative_to(cache)
        assert not path.stat().st_mode & 0o022


def test_changing_the_folder_does_not_change_what_was_fetched(shelf: Path, cache: str):
    reading = LocalHub(str(shelf), cache)
    first = reading.fetch("model", "ada/minilm")
    (shelf / "models/ada/minilm/model.safetensors").write_text("other weights")
    second = reading.fetch("model", "ada/minilm")
    assert first.revision != second.revision
    assert (Path(first.path) / "model.safetensors").read_text() == "weights"
    assert (Path(second.path) / "model.safetensors").read_text() == "other weights"


def test_equal_content_is_an_equal_revision_wherever_it_lies(shelf: Path, cache: str, tmp_path: Path):
    put(tmp_path / "other/models/eve/copy", MODEL)
    first = LocalHub(str(shelf), cache).fetch("model", "ada/minilm")
    assert LocalHub(str(tmp_path / "other"), cache).fetch("model", "eve/copy").revision == first.revision


def test_an_unknown_name_is_answered_with_near_ones(shelf: Path, cache: str):
    with pytest.raises(ToolFailed, match=r"no model ada/minilmm .*did you mean ada/minilm\?"):
        LocalHub(str(shelf), cache).fetch("model", "ada/minilmm")


def test_another_owner_is_near_too(shelf: Path, cache: str):
    with pytest.raises(ToolFailed, match=r"did you mean ada/minilm\?"):
        LocalHub(str(shelf), cache).fetch("model", "sentence-transformers/MiniLM")


def test_a_model_is_no_data_set(shelf: Path, cache: str):
    with pytest.raises(ToolFailed, match="there is no dataset ada/minilm"):
        LocalHub(str(shelf), cache).fetch("dataset", "ada/minilm")


def test_an_unknown_revision_is_said(shelf: Path, cache: str):
    with pytest.raises(ToolFailed, match="has no revision abc"):
        LocalHub(str(shelf), cache).fetch("model", "ada/minilm", "abc")


@pytest.mark.parametrize("name", ["..", "../x", "ada/../..", "/etc", "ada/minilm/refs", ".hidden/x", "a\0b/c"])
def test_a_name_cannot_leave_the_folder(shelf: Path, cache: str, name: str):
    with pytest.raises(ToolFailed, match="cannot be a name"):
        LocalHub(str(shelf), cache).fetch("model", name)


def test_an_empty_repository_is_said(shelf: Path, cache: str):
    (shelf / "models/ada/nothing").mkdir()
    with pytest.raises(ToolFailed, match="is empty"):
        LocalHub(str(shelf), cache).fetch("model", "ada/nothing")


def test_weights_only_as_pickles_are_refused(shelf: Path, cache: str):
    put(shelf / "models/ada/old", {"config.json": "{}", "pytorch_model.bin": "pickle"})
    with pytest.raises(ToolFailed, match=r"only as pickles \(pytorch_model\.bin\)"):
        LocalHub(str(shelf), cache).fetch("model", "ada/old")
    assert not Path(cache).exists()


def test_pickles_beside_safetensors_stay_where_they_are(shelf: Path, cache: str):
    put(
        shelf / "models/ada/minilm",
        {"pytorch_model.bin": "pickle", "optimizer.pt": "pickle", "modeling.py": "import os"},
    )
    found = LocalHub(str(shelf), cache).fetch("model", "ada/minilm")
    names = {path.name for path in Path(found.path).rglob("*")}
    assert not names & {"pytorch_model.bin", "optimizer.pt", "modeling.py"}


def test_code_of_its_own_is_refused(shelf: Path, cache: str):
    put(shelf / "models/ada/own", {"config.json": '{"auto_map": {"AutoModel": "m.M"}}', "model.safetensors": "w"})
    with pytest.raises(ToolFailed, match="never run here"):
        LocalHub(str(shelf), cache).fetch("model", "ada/own")


def test_a_data_set_made_by_a_script_is_refused(shelf: Path, cache: str):
    put(shelf / "datasets/ada/script", {"script.py": "import os", "README.md": "# Script"})
    with pytest.raises(ToolFailed, match=r"makes its rows with a script \(script\.py\)"):
        LocalHub(str(shelf), cache).fetch("dataset", "ada/script")


def test_a_data_set_without_rows_is_refused(shelf: Path, cache: str):
    put(shelf / "datasets/ada/words", {"README.md": "# Words"})
    with pytest.raises(ToolFailed, match="no data files"):
        LocalHub(str(shelf), cache).fetch("dataset", "ada/words")


def test_a_killed_fetch_leaves_nothing_that_looks_whole(shelf: Path, cache: str):
    reading = LocalHub(str(shelf), cache)
    found = reading.fetch("model", "ada/minilm")
    place = Path(found.path).parents[1]
    # as if it had died in the middle: contents there, the snapshot not yet in its place
    half = place / "snapshots" / ".new-half"
    Path(found.path).rename(half)
    (half / "model.safetensors").unlink()
    again = reading.fetch("model", "ada/minilm")
    assert again == found
    assert (Path(again.path) / "model.safetensors").read_text() == "weights"


def test_two_fetches_at_once_end_in_one_snapshot(shelf: Path, cache: str):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: LocalHub(str(shelf), cache).fetch("model", "ada/minilm"), range(4)))
    assert len({one.path for one in found}) == 1
    assert (Path(found[0].path) / "model.safetensors").read_text() == "weights"


# --- writing -------------------------------------------------------------------------------------------------------


@pytest.fixture
def result(tmp_path: Path) -> Path:
    return put(tmp_path / "result", {**MODEL, "model.safetensors": "trained"})


def test_what_was_uploaded_can_be_fetched(shelf: Path, cache: str, result: Path):
    writer = LocalHubWriter(str(shelf))
    done = writer.upload("model", "ada/spam", str(result), message="first", parent=None)
    found = LocalHub(str(shelf), cache).fetch("model", "ada/spam")
    assert found.revision == done.revision == writer.head("model", "ada/spam")
    assert (Path(found.path) / "model.safetensors").read_text() == "trained"


def test_a_new_repository_has_no_head(shelf: Path):
    assert LocalHubWriter(str(shelf)).head("model", "ada/new") is None


def test_every_revision_is_kept(shelf: Path, cache: str, result: Path):
    writer = LocalHubWriter(str(shelf))
    first = writer.upload("model", "ada/spam", str(result), message="first", parent=None)
    (result / "model.safetensors").write_text("trained longer")
    writer.upload("model", "ada/spam", str(result), message="second", parent=first.revision)
    old = LocalHub(str(shelf), cache).fetch("model", "ada/spam", first.revision)
    assert (Path(old.path) / "model.safetensors").read_text() == "trained"


@pytest.mark.parametrize("parent", [None, "0" * 40])
def test_an_upload_over_something_else_is_refused_and_changes_nothing(shelf: Path, result: Path, parent: str | None):
    writer = LocalHubWriter(str(shelf))
    before = writer.head("model", "ada/minilm")
    with pytest.raises(HubError, match="somebody wrote there meanwhile"):
        writer.upload("model", "ada/minilm", str(result), message="over", parent=parent)
    assert writer.head("model", "ada/minilm") == before
    assert (shelf / "models/ada/minilm/model.safetensors").read_text() == "weights"


def test_what_a_person_put_there_is_kept_under_its_revision(shelf: Path, cache: str, result: Path):
    writer = LocalHubWriter(str(shelf))
    before = writer.head("model", "ada/minilm")
    assert before is not None
    writer.upload("model", "ada/minilm", str(result), message="on top", parent=before)
    reading = LocalHub(str(shelf), cache)
    assert (Path(reading.fetch("model", "ada/minilm").path) / "model.safetensors").read_text() == "trained"
    assert (Path(reading.fetch("model", "ada/minilm", before).path) / "model.safetensors").read_text() == "weights"


def test_the_same_content_again_is_the_same_revision(shelf: Path, result: Path):
    writer = LocalHubWriter(str(shelf))
    first = writer.upload("model", "ada/spam", str(result), message="first", parent=None)
    assert writer.upload("model", "ada/spam", str(result), message="again", parent=first.revision) == first


def test_of_two_uploads_at_once_one_wins_and_one_is_told(shelf: Path, tmp_path: Path):
    writer = LocalHubWriter(str(shelf))
    folders = [put(tmp_path / str(n), {**MODEL, "model.safetensors": str(n)}) for n in range(4)]

    def upload(folder: Path) -> str:
        try:
            return writer.upload("model", "ada/race", str(folder), message="race", parent=None).revision
        except HubError:
            return ""

    with ThreadPoolExecutor(4) as pool:
        (winner,) = [revision for revision in pool.map(upload, folders) if revision]
    assert writer.head("model", "ada/race") == winner


def test_an_upload_with_a_link_in_it_is_refused(shelf: Path, result: Path):
    (result / "token.json").symlink_to("/etc/passwd")
    with pytest.raises(HubError, match=r"token\.json .* is a link"):
        LocalHubWriter(str(shelf)).upload("model", "ada/spam", str(result), message="x", parent=None)
    assert LocalHubWriter(str(shelf)).head("model", "ada/spam") is None


def test_an_upload_of_nothing_is_refused(shelf: Path, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(HubError, match="holds no files"):
        LocalHubWriter(str(shelf)).upload("model", "ada/spam", str(tmp_path / "empty"), message="x", parent=None)


def test_an_upload_from_nowhere_is_refused(shelf: Path, tmp_path: Path):
    with pytest.raises(HubError):
        LocalHubWriter(str(shelf)).upload("model", "ada/spam", str(tmp_path / "nowhere"), message="x", parent=None)


def test_a_writer_that_dies_before_the_end_changes_nothing_people_see(shelf: Path, cache: str, result: Path):
    writer = LocalHubWriter(str(shelf))
    first = writer.upload("model", "ada/spam", str(result), message="first", parent=None)
    shutil.copytree(result, shelf / "models/ada/spam/snapshots/.new-half")
    assert LocalHub(str(shelf), cache).fetch("model", "ada/spam").revision == first.revision


# --- found again -------------------------------------------------------------------------------------------------------


def test_an_upload_is_found_again_by_the_last_line_of_its_message_whatever_came_after_it(shelf: Path, result: Path):
    writer = LocalHubWriter(str(shelf))
    first = writer.upload("model", "ada/spam", str(result), message="first\n\nmark: 1", parent=None)
    (result / "model.safetensors").write_text("trained longer")
    second = writer.upload("model", "ada/spam", str(result), message="second\n\nmark: 2", parent=first.revision)
    assert writer.found("model", "ada/spam", mark="mark: 1") == first
    assert writer.found("model", "ada/spam", mark="mark: 2") == second
    assert writer.found("model", "ada/spam", mark="mark: 3") is None
    assert writer.found("model", "ada/new", mark="mark: 1") is None


def test_words_that_only_mention_a_mark_are_not_taken_for_it(shelf: Path, result: Path):
    writer = LocalHubWriter(str(shelf))
    writer.upload("model", "ada/spam", str(result), message="mark: 2\n\nmark: 1", parent=None)
    assert writer.found("model", "ada/spam", mark="mark: 2") is None


def test_an_upload_that_died_before_it_stood_there_is_not_found(shelf: Path, result: Path):
    writer = LocalHubWriter(str(shelf))
    first = writer.upload("model", "ada/spam", str(result), message="mark: 1", parent=None)
    died = json.dumps({"revision": "0" * 40, "parent": first.revision, "message": "mark: 2"})
    with (shelf / "models/ada/spam/log.jsonl").open("a") as log:
        log.write(died + "\n")
    assert writer.found("model", "ada/spam", mark="mark: 2") is None
    assert writer.found("model", "ada/spam", mark="mark: 1") == first


def test_the_content_of_a_folder_is_told_by_its_files(result: Path, tmp_path: Path):
    before = content_of(str(result))
    (result / "model.safetensors").write_text("trained longer")
    assert content_of(str(result)) not in {before, ""}
    assert content_of(str(tmp_path / "nowhere")) == ""
    (result / "token.json").symlink_to("/etc/passwd")
    with pytest.raises(HubError, match="is a link"):
        content_of(str(result))
