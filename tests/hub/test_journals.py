"""Journals in a private data set of a Hub that listens."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from huggingface_hub import HfApi, constants

from intern_action.core.errors import HubError, LedgerError
from intern_action.hub.journals import HubJournals
from tests.fakes.git_world import StillClock
from tests.hub_server import HubServer, Refuse

NAME = "ada/ml-intern-sessions"
AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
FIRST, SECOND = b'{"seq": 1}\n', b'{"seq": 1}\n{"seq": 2}\n'


@pytest.fixture
def hub(tmp_path: Path) -> Generator[HubServer]:
    with HubServer(tmp_path / "hub") as hub:
        hub.accounts.add_user("ada")
        yield hub


@pytest.fixture
def journals(hub: HubServer) -> HubJournals:
    token = hub.accounts.add_token("ada", "write")
    return HubJournals(endpoint=hub.url, token=token, name="{user}/ml-intern-sessions", clock=StillClock())


def api(hub: HubServer) -> HfApi:
    return HfApi(endpoint=hub.url, token=hub.accounts.add_token("ada", "write"))


def save(journals: HubJournals, lines: bytes, *, after: str = "", session: str = "5e55") -> str:
    return journals.save(session, lines, expected_head=after, at=AT)


def test_a_journal_is_stored_in_a_private_data_set_and_read_on_another_machine(
    hub: HubServer, journals: HubJournals
) -> None:
    head = save(journals, FIRST)
    newer = save(journals, SECOND, after=head)
    assert api(hub).dataset_info(NAME).private
    assert replace(journals).load("5e55") == (newer, SECOND)
    assert journals.load("another") is None


def test_a_large_journal_travels_as_a_large_file_does(
    hub: HubServer, journals: HubJournals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    hub.world.in_parts_above = 300_000
    long = b'{"seq": 1, "said": "%s"}\n' % (b"x" * 12_000_000)
    head = save(journals, long)
    assert journals.load("5e55") == (head, long)
    newer = save(journals, long + FIRST, after=head)
    assert journals.load("5e55") == (newer, long + FIRST)


def test_a_token_that_reads_is_enough_to_read(hub: HubServer, journals: HubJournals) -> None:
    head = save(journals, FIRST)
    assert replace(journals, token=hub.accounts.add_token("ada", "read")).load("5e55") == (head, FIRST)


def test_of_two_machines_that_go_on_with_one_session_the_second_is_refused(journals: HubJournals) -> None:
    head = save(journals, FIRST)
    save(journals, SECOND, after=head)
    with pytest.raises(LedgerError, match="changed by somebody else"):
        save(journals, FIRST + b'{"seq": "mine"}\n', after=head)
    with pytest.raises(LedgerError, match="changed by somebody else"):
        save(journals, b"anew\n")
    stored = journals.load("5e55")
    assert stored is not None
    assert stored[1] == SECOND


def test_a_save_whose_answer_was_lost_is_made_again_without_harm(journals: HubJournals) -> None:
    head = save(journals, FIRST)
    assert save(journals, SECOND, after=head) == save(journals, SECOND, after=head)


def test_sessions_that_are_saved_at_the_same_moment_do_not_stand_in_each_others_way(journals: HubJournals) -> None:
    save(journals, FIRST, session="first")
    sessions = [f"s{number}" for number in range(5)]
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda session: save(journals, SECOND, session=session), sessions))
    assert all(journals.load(session) is not None for session in sessions)


def test_a_data_set_that_somebody_made_public_gets_nothing(hub: HubServer, journals: HubJournals) -> None:
    head = save(journals, FIRST)
    api(hub).update_repo_settings(NAME, private=False, repo_type="dataset")
    with pytest.raises(HubError, match="is public, and journals are not"):
        save(journals, SECOND, after=head)


def test_a_hub_that_refuses_is_told_in_words(hub: HubServer, journals: HubJournals) -> None:
    head = save(journals, FIRST)
    hub.fault("POST", f"/api/datasets/{NAME}/commit/*", Refuse(status=403), times=None)
    with pytest.raises(HubError, match="HF_WRITE_TOKEN"):
        save(journals, SECOND, after=head)
    stored = journals.load("5e55")
    assert stored is not None
    assert stored[1] == FIRST


def test_what_was_forgotten_is_in_no_earlier_commit_either(hub: HubServer, journals: HubJournals) -> None:
    save(journals, FIRST)
    save(journals, FIRST, session="other")
    assert journals.drop("5e55")
    assert not journals.drop("5e55")
    assert journals.load("5e55") is None
    assert journals.load("other") is not None
    assert len(api(hub).list_repo_commits(NAME, repo_type="dataset")) == 1
