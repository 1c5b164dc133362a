"""Traces kept on a Hub that listens: one private data set, a file a session, a page that lists them."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from intern_action.core.errors import HubError
from intern_action.hub.sessions import INDEX, SessionRow, SessionShelf
from tests.fakes.git_world import StillClock
from tests.hub_server import HubServer, Refuse

NAME = "ada/ml-intern-sessions"
COMMIT = f"/api/datasets/{NAME}/commit/*"
HEAD = "---\ntags:\n- agent-traces\n---\n"
ROW = SessionRow(
    session="5e55",
    task="fine-tune",
    requester="ada",
    model="recipes",
    state="awaiting-review",
    began="2026-11-25T12:00:00+00:00",
    usd="0.00",
)


def page(rows: Sequence[SessionRow]) -> str:
    return HEAD + "".join(f"{row.session} {row.state}\n" for row in rows)


@pytest.fixture
def hub(tmp_path: Path) -> Generator[HubServer]:
    with HubServer(tmp_path / "hub") as hub:
        hub.accounts.add_user("ada")
        yield hub


@pytest.fixture
def shelf(hub: HubServer) -> SessionShelf:
    return shelf_of(hub)


def shelf_of(hub: HubServer) -> SessionShelf:
    token = hub.accounts.add_token("ada", "write")
    return SessionShelf(
        endpoint=hub.url, token=token, repository="{user}/ml-intern-sessions", page=page, clock=StillClock()
    )


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    file = tmp_path / "trace.jsonl"
    file.write_text('{"type": "user"}\n')
    return file


def read(hub: HubServer, name: str) -> str:
    api = HfApi(endpoint=hub.url, token=hub.accounts.add_token("ada", "read"))
    return Path(api.hf_hub_download(NAME, name, repo_type="dataset")).read_text()


def test_a_trace_lies_in_a_private_data_set_with_a_page_that_lists_it(hub: HubServer, shelf: SessionShelf, trace: Path):
    address = shelf.keep(ROW, trace)
    assert address == f"{hub.url}/datasets/{NAME}/blob/main/sessions/session_5e55.jsonl"
    assert read(hub, "sessions/session_5e55.jsonl") == trace.read_text()
    assert read(hub, "README.md") == f"{HEAD}5e55 awaiting-review\n"
    assert HfApi(endpoint=hub.url, token=hub.accounts.add_token("ada", "read")).dataset_info(NAME).private


def test_a_later_state_replaces_the_row_and_another_session_joins_newest_first(
    hub: HubServer, shelf: SessionShelf, trace: Path
):
    shelf.keep(ROW, trace)
    shelf.keep(replace(ROW, state="done"), trace)
    shelf.keep(replace(ROW, session="7777", began="2026-11-26T12:00:00+00:00"), trace)
    assert read(hub, "README.md") == f"{HEAD}7777 awaiting-review\n5e55 done\n"
    assert set(json.loads(read(hub, INDEX))) == {"5e55", "7777"}


def test_a_hub_that_fails_for_a_while_is_asked_again(hub: HubServer, shelf: SessionShelf, trace: Path):
    hub.fault("POST", COMMIT, Refuse(status=500), times=2)
    shelf.keep(ROW, trace)
    assert read(hub, "README.md") == f"{HEAD}5e55 awaiting-review\n"


def test_a_hub_that_goes_on_failing_is_said(hub: HubServer, shelf: SessionShelf, trace: Path):
    hub.fault("POST", COMMIT, Refuse(status=403), times=None)
    with pytest.raises(HubError, match="HF_WRITE_TOKEN"):
        shelf.keep(ROW, trace)


def test_sessions_that_end_together_are_all_listed(hub: HubServer, shelf: SessionShelf, trace: Path):
    shelf.keep(ROW, trace)
    rows = [replace(ROW, session=f"s{number}") for number in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda row: shelf_of(hub).keep(row, trace), rows))
    assert set(json.loads(read(hub, INDEX))) == {"5e55", "s0", "s1", "s2"}


def test_a_data_set_that_somebody_made_public_gets_nothing(hub: HubServer, shelf: SessionShelf, trace: Path):
    HfApi(endpoint=hub.url, token=hub.accounts.add_token("ada", "write")).create_repo(
        NAME, repo_type="dataset", private=False
    )
    with pytest.raises(HubError, match="is public, and traces are not"):
        shelf.keep(ROW, trace)
    assert not hub.count("POST", f"/api/datasets/{NAME}/commit")


def test_an_index_that_somebody_broke_is_begun_anew(hub: HubServer, shelf: SessionShelf, trace: Path):
    shelf.keep(ROW, trace)
    HfApi(endpoint=hub.url, token=hub.accounts.add_token("ada", "write")).upload_file(
        path_or_fileobj=b"{", path_in_repo=INDEX, repo_id=NAME, repo_type="dataset"
    )
    shelf.keep(replace(ROW, session="7777"), trace)
    assert set(json.loads(read(hub, INDEX))) == {"7777"}


# --- forgetting ------------------------------------------------------------------------------------------------------


def test_a_forgotten_session_is_gone_from_files_page_and_history_and_the_others_stay(
    hub: HubServer, shelf: SessionShelf, trace: Path
):
    shelf.keep(ROW, trace)
    shelf.keep(replace(ROW, session="7777", began="2026-11-26T12:00:00+00:00"), trace)
    assert shelf.drop("5e55") == f"{hub.url}/datasets/{NAME}"
    api = HfApi(endpoint=hub.url, token=hub.accounts.add_token("ada", "read"))
    assert "sessions/session_5e55.jsonl" not in api.list_repo_files(NAME, repo_type="dataset")
    assert read(hub, "README.md") == f"{HEAD}7777 awaiting-review\n"
    assert set(json.loads(read(hub, INDEX))) == {"7777"}
    for commit in api.list_repo_commits(NAME, repo_type="dataset"):
        assert "sessions/session_5e55.jsonl" not in api.list_repo_files(
            NAME, repo_type="dataset", revision=commit.commit_id
        )


def test_what_is_not_there_is_forgotten_without_a_word_and_makes_nothing(
    hub: HubServer, shelf: SessionShelf, trace: Path
):
    assert shelf.drop("5e55") == ""
    assert not HfApi(endpoint=hub.url, token=hub.accounts.add_token("ada", "read")).repo_exists(
        NAME, repo_type="dataset"
    )
    shelf.keep(ROW, trace)
    shelf.drop("5e55")
    commits = HfApi(endpoint=hub.url, token=hub.accounts.add_token("ada", "read")).list_repo_commits(
        NAME, repo_type="dataset"
    )
    assert len(commits) == 1


def test_forgetting_that_broke_off_before_the_history_was_squashed_is_finished_by_the_next_try(
    hub: HubServer, shelf: SessionShelf, trace: Path
):
    shelf.keep(ROW, trace)
    hub.fault("POST", f"/api/datasets/{NAME}/super-squash/*", Refuse(status=403), times=1)
    with pytest.raises(HubError):
        shelf.drop("5e55")
    shelf.drop("5e55")
    commits = HfApi(endpoint=hub.url, token=hub.accounts.add_token("ada", "read")).list_repo_commits(
        NAME, repo_type="dataset"
    )
    assert len(commits) == 1


def test_a_hub_that_refuses_to_forget_is_said(hub: HubServer, shelf: SessionShelf, trace: Path):
    shelf.keep(ROW, trace)
    hub.fault("POST", COMMIT, Refuse(status=403), times=None)
    with pytest.raises(HubError, match="HF_WRITE_TOKEN"):
        shelf.drop("5e55")
