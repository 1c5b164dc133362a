"""Whole flows of huggingface_hub, of whichever version runs this, against the Hub that `HF_ENDPOINT` names.

It is a script because the client reads its environment when it is imported, and because two versions of it judge the same server.
It prints `judged` at the end; an assertion that fails is the verdict.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfApi,
    HfFileSystem,
    ModelCard,
    hf_hub_download,
    snapshot_download,
)
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

WEIGHTS = bytes(range(256)) * 4096
READER, STRANGER = os.environ["READER"], os.environ["STRANGER"]  # noqa: TID251 -- a script of its own
CARD = """---
license: mit
base_model: ada/base
tags:
- spam
model-index:
- name: m
  results:
  - task:
      type: text-classification
    dataset:
      name: mails
      type: ada/mails
      revision: abc
    metrics:
    - type: accuracy
      value: 0.95
---
# A model
"""

api = HfApi()
folder = Path(tempfile.mkdtemp())


def refused(kind: type[Exception], call: object, *args: object, **words: object) -> Exception:
    """Return the refusal; getting none is the verdict."""
    try:
        call(*args, **words)  # type: ignore[operator]
    except kind as error:
        return error
    raise AssertionError(f"{call} was not refused")


def accounts() -> None:
    me = api.whoami()
    assert (me["name"], me["auth"]["accessToken"]["role"]) == ("ada", "write")
    assert api.whoami(token=READER)["auth"]["accessToken"]["role"] == "read"
    refused(HfHubHTTPError, api.whoami, token="hf_nobody")


def upload() -> str:
    url = api.create_repo("ada/m", private=True)
    assert (url.repo_id, url.repo_type) == ("ada/m", "model")
    assert api.create_repo("ada/m", exist_ok=True) == url
    assert refused(HfHubHTTPError, api.create_repo, "ada/m").response.status_code == 409
    api.upload_file(path_or_fileobj=CARD.encode(), path_in_repo="README.md", repo_id="ada/m")
    (folder / "up" / "deep").mkdir(parents=True)
    (folder / "up" / "model.bin").write_bytes(WEIGHTS)
    (folder / "up" / "config.json").write_text('{"model_type": "bert"}')
    (folder / "up" / "deep" / "ä b+c.txt").write_text("odd")
    return api.upload_folder(folder_path=folder / "up", repo_id="ada/m", commit_message="All of it").oid


def look(sha: str) -> None:
    info = api.model_info("ada/m", files_metadata=True, securityStatus=True)
    assert (info.sha, info.private, info.gated) == (sha, True, False)
    assert info.card_data.license == "mit"
    assert info.card_data.eval_results[0].metric_value == 0.95
    assert {"license:mit", "base_model:ada/base", "spam"} <= set(info.tags)
    sizes = {one.rfilename: (one.size, one.lfs is not None) for one in info.siblings}
    assert sizes["model.bin"] == (len(WEIGHTS), True)
    assert sizes["deep/ä b+c.txt"] == (3, False)
    tree = {one.path: one for one in api.list_repo_tree("ada/m", recursive=True, expand=True)}
    assert tree["model.bin"].last_commit.title == "All of it"
    assert tree["README.md"].last_commit.title.startswith("Upload README.md")
    assert type(tree["deep"]).__name__ == "RepoFolder"
    assert [one.path for one in api.list_repo_tree("ada/m", "deep")] == ["deep/ä b+c.txt"]
    assert {one.path for one in api.get_paths_info("ada/m", ["deep", "model.bin", "none"])} == {"deep", "model.bin"}
    assert next(one.title for one in api.list_repo_commits("ada/m")) == "All of it"
    assert ModelCard.load("ada/m").data.license == "mit"
    assert api.file_exists("ada/m", "model.bin")
    assert not api.file_exists("ada/m", "none")
    assert HfFileSystem().read_bytes("ada/m/model.bin", start=5, end=9) == WEIGHTS[5:9]


def download(sha: str) -> None:
    first = Path(hf_hub_download("ada/m", "model.bin", cache_dir=folder / "cache"))
    assert first.read_bytes() == WEIGHTS
    assert sha in str(first)
    assert hf_hub_download("ada/m", "model.bin", cache_dir=folder / "cache") == str(first)
    whole = Path(snapshot_download("ada/m", cache_dir=folder / "cache"))
    assert (whole / "deep" / "ä b+c.txt").read_text() == "odd"
    refused(EntryNotFoundError, hf_hub_download, "ada/m", "none", cache_dir=folder / "cache")
    refused(RevisionNotFoundError, hf_hub_download, "ada/m", "config.json", revision="no", cache_dir=folder / "cache")
    refused(RepositoryNotFoundError, hf_hub_download, "ada/no", "config.json", cache_dir=folder / "cache")
    refused(RepositoryNotFoundError, api.model_info, "ada/m", token=False)
    refused(RepositoryNotFoundError, api.model_info, "ada/m", token=STRANGER)


def conflict(sha: str) -> None:
    api.upload_file(path_or_fileobj=b"1", path_in_repo="one.txt", repo_id="ada/m", parent_commit=sha)
    late = refused(
        HfHubHTTPError,
        api.upload_file,
        path_or_fileobj=b"2",
        path_in_repo="two.txt",
        repo_id="ada/m",
        parent_commit=sha,
    )
    assert late.response.status_code == 412
    forbidden = refused(
        HfHubHTTPError, api.upload_file, path_or_fileobj=b"2", path_in_repo="x", repo_id="ada/m", token=READER
    )
    assert forbidden.response.status_code == 403


def operations() -> None:
    api.create_commit(
        "ada/m",
        [
            CommitOperationCopy(src_path_in_repo="model.bin", path_in_repo="copies/model.bin"),
            CommitOperationDelete("deep/"),
            CommitOperationDelete("one.txt"),
            CommitOperationAdd("model.bin", WEIGHTS),
            CommitOperationAdd("empty.bin", b""),
        ],
        commit_message="Several at once",
    )
    files = set(api.list_repo_files("ada/m"))
    assert files == {".gitattributes", "README.md", "config.json", "copies/model.bin", "empty.bin", "model.bin"}


def references() -> None:
    api.create_branch("ada/m", branch="try/it")
    api.create_branch("ada/m", branch="try/it", exist_ok=True)
    api.upload_file(path_or_fileobj=b"b", path_in_repo="branch.txt", repo_id="ada/m", revision="try/it")
    api.create_tag("ada/m", tag="v1", revision="try/it")
    refs = api.list_repo_refs("ada/m", include_pull_requests=True)
    assert {one.name for one in refs.branches} == {"main", "try/it"}
    assert refs.tags[0].target_commit == api.model_info("ada/m", revision="v1").sha
    assert "branch.txt" in api.list_repo_files("ada/m", revision="v1")
    assert "branch.txt" not in api.list_repo_files("ada/m")
    api.super_squash_history("ada/m", branch="try/it")
    assert len(api.list_repo_commits("ada/m", revision="try/it")) == 1
    api.delete_tag("ada/m", tag="v1")
    api.delete_branch("ada/m", branch="try/it")
    assert [one.name for one in api.list_repo_refs("ada/m").branches] == ["main"]


def pull_request() -> None:
    api.update_repo_settings("ada/m", private=False)
    refused(HfHubHTTPError, api.upload_file, path_or_fileobj=b"p", path_in_repo="p", repo_id="ada/m", token=STRANGER)
    pull = api.upload_file(path_or_fileobj=b"p", path_in_repo="p.txt", repo_id="ada/m", create_pr=True, token=STRANGER)
    assert (pull.pr_num, pull.pr_revision) == (1, "refs/pr/1")
    assert "p.txt" in api.list_repo_files("ada/m", revision="refs/pr/1")
    assert "p.txt" not in api.list_repo_files("ada/m")
    api.upload_file(path_or_fileobj=b"q", path_in_repo="q.txt", repo_id="ada/m", revision="refs/pr/1", token=STRANGER)
    said = api.comment_discussion("ada/m", 1, "looks *good*")
    assert said.content == "looks *good*"
    api.edit_discussion_comment("ada/m", 1, said.id, "fine")
    api.rename_discussion("ada/m", 1, "Another name")
    details = api.get_discussion_details("ada/m", 1)
    assert (details.status, details.title, details.conflicting_files) == ("open", "Another name", [])
    assert [one.type for one in details.events] == ["comment", "commit", "commit", "comment", "title-change"]
    api.merge_pull_request("ada/m", 1)
    merged = api.get_discussion_details("ada/m", 1)
    assert (merged.status, merged.merge_commit_oid) == ("merged", api.model_info("ada/m").sha)
    assert {"p.txt", "q.txt"} <= set(api.list_repo_files("ada/m"))
    number = api.create_discussion("ada/m", title="A question").num
    api.change_discussion_status("ada/m", number, "closed")
    assert [one.num for one in api.get_repo_discussions("ada/m", discussion_status="closed")] == [number, 1]
    draft = api.create_pull_request("ada/m", title="Nothing yet")
    assert (draft.status, draft.git_reference) == ("draft", f"refs/pr/{draft.num}")


def gated() -> None:
    api.update_repo_settings("ada/m", gated="manual")
    words = str(
        refused(GatedRepoError, hf_hub_download, "ada/m", "config.json", token=STRANGER, cache_dir=folder / "s")
    )
    assert "ask for access" in words
    refused(GatedRepoError, hf_hub_download, "ada/m", "config.json", token=False, cache_dir=folder / "s")
    refused(GatedRepoError, api.auth_check, "ada/m", token=STRANGER)
    assert "config.json" in api.list_repo_files("ada/m", token=STRANGER)
    api.grant_access("ada/m", "eve")
    assert hf_hub_download("ada/m", "config.json", token=STRANGER, cache_dir=folder / "s")
    assert [one.username for one in api.list_accepted_access_requests("ada/m")] == ["eve"]
    api.update_repo_settings("ada/m", gated=False)


def listing() -> None:
    for number in range(3):
        api.create_repo(f"lab/data-{number}", repo_type="dataset", private=number == 2)
    assert len(list(api.list_datasets(author="lab"))) == 3
    assert len(list(api.list_datasets(author="lab", token=False))) == 2
    assert [one.id for one in api.list_models(search="m", filter="license:mit")] == ["ada/m"]
    assert next(iter(api.list_models(full=True))).siblings
    assert api.list_models(author="ada", expand=["sha"]).__next__().sha


def moving_and_deleting() -> None:
    api.create_repo("ada/s", repo_type="space", space_sdk="static")
    assert api.space_info("ada/s").sdk == "static"
    api.move_repo("ada/m", "lab/renamed")
    assert api.model_info("lab/renamed").id == "lab/renamed"
    assert api.model_info("ada/m").id == "lab/renamed"
    refused(HfHubHTTPError, api.delete_repo, "lab/renamed", token=READER)
    api.delete_repo("lab/renamed")
    refused(RepositoryNotFoundError, api.delete_repo, "lab/renamed")
    api.delete_repo("lab/renamed", missing_ok=True)
    assert not api.repo_exists("lab/renamed")


accounts()
head = upload()
look(head)
download(head)
conflict(head)
operations()
references()
pull_request()
gated()
listing()
moving_and_deleting()
sys.stdout.write("judged\n")
