"""Writing the Hub: judged by what then stands on a Hub that listens."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from intern_action.core.errors import HubError
from intern_action.hub.huggingface_writer import HuggingFaceWriter
from tests.hub_server import HubServer, Lost, Refuse

REPOSITORY = "ada/spam-filter"
COMMIT = "/api/models/ada/spam-filter/commit/*"
LARGE = b"\0weights\0" * 200_000


@pytest.fixture
def hub(tmp_path: Path) -> Generator[HubServer]:
    with HubServer(tmp_path / "hub") as hub:
        hub.accounts.add_user("ada")
        yield hub


@pytest.fixture
def writer(hub: HubServer) -> HuggingFaceWriter:
    return HuggingFaceWriter(endpoint=hub.url, token=hub.accounts.add_token("ada", "write"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "output"
    made.mkdir()
    (made / "README.md").write_text("---\nlicense: apache-2.0\n---\n# Spam\n")
    (made / "config.json").write_text("{}\n")
    (made / "model.safetensors").write_bytes(LARGE)
    return made


def upload(writer: HuggingFaceWriter, folder: Path, parent: str | None = None) -> str:
    return writer.upload("model", REPOSITORY, str(folder), message="Upload spam-filter", parent=parent).revision


def files(hub: HubServer, revision: str = "main") -> set[str]:
    return set(HfApi(endpoint=hub.url, token=hub.token).list_repo_files(REPOSITORY, revision=revision))


def test_a_folder_becomes_a_private_repository_with_its_very_files(
    hub: HubServer, writer: HuggingFaceWriter, folder: Path
):
    assert writer.head("model", REPOSITORY) is None
    revision = upload(writer, folder)
    assert writer.head("model", REPOSITORY) == revision
    assert files(hub) - {".gitattributes"} == {"README.md", "config.json", "model.safetensors"}
    api = HfApi(endpoint=hub.url, token=hub.token)
    assert api.model_info(REPOSITORY).private
    path = api.hf_hub_download(REPOSITORY, "model.safetensors", local_dir=folder.parent / "again")
    assert Path(path).read_bytes() == LARGE


def test_a_repository_that_was_made_and_never_written_is_new(hub: HubServer, writer: HuggingFaceWriter, folder: Path):
    HfApi(endpoint=hub.url, token=hub.token).create_repo(REPOSITORY)
    assert writer.head("model", REPOSITORY) is None
    assert writer.head("model", REPOSITORY) != upload(writer, folder)


def test_what_stands_there_is_not_written_over_unasked(writer: HuggingFaceWriter, folder: Path, hub: HubServer):
    first = upload(writer, folder)
    (folder / "config.json").write_text('{"other": 1}\n')
    with pytest.raises(HubError, match=f"is at {first}, not at nothing: somebody wrote there meanwhile"):
        upload(writer, folder)
    assert writer.head("model", REPOSITORY) == first


def test_writing_over_a_known_revision_leaves_the_new_folder_and_nothing_of_the_old(
    writer: HuggingFaceWriter, folder: Path, hub: HubServer
):
    first = upload(writer, folder)
    (folder / "config.json").unlink()
    (folder / "adapter.json").write_text("{}\n")
    second = upload(writer, folder, parent=first)
    assert files(hub, second) - {".gitattributes"} == {"README.md", "adapter.json", "model.safetensors"}
    assert "config.json" in files(hub, first)


MARK = "Intern-Action-Call: 5f"


def marked(writer: HuggingFaceWriter, folder: Path) -> str:
    return writer.upload("model", REPOSITORY, str(folder), message=f"Spam filter\n\n{MARK}", parent=None).revision


def test_a_commit_is_found_again_by_its_mark(writer: HuggingFaceWriter, folder: Path):
    assert writer.found("model", REPOSITORY, mark=MARK) is None
    first = marked(writer, folder)
    (folder / "config.json").write_text('{"other": 1}\n')
    upload(writer, folder, parent=first)
    found = writer.found("model", REPOSITORY, mark=MARK)
    assert found is not None
    assert found.revision == first
    assert writer.found("model", REPOSITORY, mark="Intern-Action-Call: 5") is None


def test_an_answer_that_was_lost_is_not_a_lost_commit(writer: HuggingFaceWriter, folder: Path, hub: HubServer):
    hub.fault("POST", COMMIT, Lost())
    with pytest.raises(HubError, match="could not be reached"):
        marked(writer, folder)
    found = writer.found("model", REPOSITORY, mark=MARK)
    assert found is not None
    assert found.revision == writer.head("model", REPOSITORY)
    assert hub.count("POST", "/api/models/ada/spam-filter/commit/") == 1


def test_somebody_quicker_is_a_conflict_and_keeps_what_they_wrote(
    writer: HuggingFaceWriter, folder: Path, hub: HubServer
):
    first = upload(writer, folder)
    (folder / "config.json").write_text('{"other": 1}\n')
    hub.fault("POST", COMMIT, Refuse(status=412))
    with pytest.raises(HubError, match="written by somebody else meanwhile"):
        upload(writer, folder, parent=first)
    assert writer.head("model", REPOSITORY) == first


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "HF_WRITE_TOKEN"),
        (403, "HF_WRITE_TOKEN"),
        (402, "wants to be paid first"),
        (429, "asks for patience"),
    ],
)
def test_a_refusal_says_what_to_do(writer: HuggingFaceWriter, folder: Path, hub: HubServer, status: int, words: str):
    upload(writer, folder)
    (folder / "config.json").write_text('{"other": 1}\n')
    hub.fault("POST", COMMIT, Refuse(status=status), times=None)
    with pytest.raises(HubError, match=words):
        upload(writer, folder, parent=writer.head("model", REPOSITORY))


def test_a_large_file_that_arrived_is_not_sent_again(writer: HuggingFaceWriter, folder: Path, hub: HubServer):
    hub.fault("POST", COMMIT, Refuse(status=500), times=None)
    with pytest.raises(HubError, match="failed for"):
        upload(writer, folder)
    sent = sum(one.method == "PUT" for one in hub.requests)
    hub.world.faults.clear()
    upload(writer, folder)
    assert sent == sum(one.method == "PUT" for one in hub.requests) > 0


def test_a_token_that_only_reads_cannot_write(hub: HubServer, folder: Path):
    reading = HuggingFaceWriter(endpoint=hub.url, token=hub.accounts.add_token("ada", "read"))
    with pytest.raises(HubError, match="HF_WRITE_TOKEN"):
        upload(reading, folder)


def test_a_link_out_of_the_folder_is_not_followed(writer: HuggingFaceWriter, folder: Path, hub: HubServer):
    (folder / "secret").symlink_to("/etc/hostname")
    with pytest.raises(HubError, match="is a link"):
        upload(writer, folder)
    assert not hub.count("POST", "/api/repos/create")


def test_an_empty_folder_makes_nothing(writer: HuggingFaceWriter, tmp_path: Path, hub: HubServer):
    (tmp_path / "empty").mkdir()
    with pytest.raises(HubError, match="holds no files"):
        upload(writer, tmp_path / "empty")
    assert not hub.count("POST", "/api/repos/create")


def test_a_commit_can_be_proposed_instead(hub: HubServer, writer: HuggingFaceWriter, folder: Path):
    first = upload(writer, folder)
    (folder / "config.json").write_text('{"other": 1}\n')
    asking = HuggingFaceWriter(endpoint=hub.url, token=hub.token, pull_request=True)
    done = asking.upload("model", REPOSITORY, str(folder), message="Better", parent=first)
    assert "/discussions/1" in done.url
    assert done.proposed
    assert writer.head("model", REPOSITORY) == first


@pytest.fixture
def proposing(hub: HubServer) -> HuggingFaceWriter:
    return HuggingFaceWriter(endpoint=hub.url, token=hub.accounts.add_token("ada", "write"), pull_request=True)


def proposals(hub: HubServer) -> list[int]:
    return [one.num for one in HfApi(endpoint=hub.url, token=hub.token).get_repo_discussions(REPOSITORY)]


def test_a_proposal_whose_answer_was_lost_is_found_and_no_second_one_is_made(
    proposing: HuggingFaceWriter, folder: Path, hub: HubServer
):
    hub.fault("POST", COMMIT, Lost())
    with pytest.raises(HubError, match="could not be reached"):
        marked(proposing, folder)
    found = proposing.found("model", REPOSITORY, mark=MARK)
    assert found is not None
    assert found.proposed
    assert found.url.endswith(f"/{REPOSITORY}/discussions/1")
    assert proposals(hub) == [1]
    assert proposing.head("model", REPOSITORY) is None


def test_a_proposal_is_found_after_it_was_closed_and_after_it_was_merged(
    proposing: HuggingFaceWriter, writer: HuggingFaceWriter, folder: Path, hub: HubServer
):
    first = upload(writer, folder)
    (folder / "config.json").write_text('{"other": 1}\n')
    done = proposing.upload("model", REPOSITORY, str(folder), message=f"Better\n\n{MARK}", parent=first)
    api = HfApi(endpoint=hub.url, token=hub.token)
    api.change_discussion_status(REPOSITORY, 1, new_status="closed")
    assert proposing.found("model", REPOSITORY, mark=MARK) == done
    api.change_discussion_status(REPOSITORY, 1, new_status="open")
    api.merge_pull_request(REPOSITORY, 1)
    assert proposing.found("model", REPOSITORY, mark=MARK) is not None
    assert writer.head("model", REPOSITORY) != first


def test_a_strangers_proposal_with_our_words_is_not_ours(
    proposing: HuggingFaceWriter, writer: HuggingFaceWriter, folder: Path, hub: HubServer
):
    upload(writer, folder)
    hub.accounts.add_user("eve")
    api = HfApi(endpoint=hub.url, token=hub.token)
    api.update_repo_settings(REPOSITORY, private=False)
    stranger = HfApi(endpoint=hub.url, token=hub.accounts.add_token("eve", "write"))
    stranger.create_commit(
        REPOSITORY,
        [CommitOperationAdd(path_in_repo="note.txt", path_or_fileobj=b"x")],
        commit_message="Spam filter",
        commit_description=MARK,
        create_pr=True,
    )
    assert proposing.found("model", REPOSITORY, mark=MARK) is None
