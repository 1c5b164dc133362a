"""Who may ask, looked at in the moment they do; and an event begins one session, whatever happens to it later."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from intern_action.core.entries import Admitted, Terms
from intern_action.core.errors import NotAllowed
from intern_action.core.events import Event, Noted
from intern_action.core.judgement import ApprovalPolicy
from intern_action.core.types import Permission
from intern_action.session.admit import Request, admit, check_asker, session_id, take_up
from intern_action.session.thread import Trigger
from tests.fakes.git_world import make_world
from tests.fakes.house import StoryHouse


@pytest.fixture
def house(tmp_path: Path) -> Generator[StoryHouse]:
    with StoryHouse(make_world(tmp_path / "world")) as house:
        yield house


# --- who ---------------------------------------------------------------------------------------------------------------

LISTED = ApprovalPolicy(bots=("Renovate[bot]", "helper", "intern-action[bot]"))


@pytest.mark.parametrize(
    ("by", "machine"),
    [
        ("ada", ""),
        ("renovate[bot]", "renovate[bot]"),
        ("renovate[bot]", "renovate"),
        ("ada", "helper"),
        ("ada", "HELPER[bot]"),
    ],
)
def test_who_may_write_may_ask_and_so_may_a_listed_machine(house: StoryHouse, by: str, machine: str):
    check_asker(house.forge, LISTED, by=by, machine=machine)


@pytest.mark.parametrize(
    ("by", "machine", "said"),
    [
        ("eve", "", "eve may not write"),
        ("nobody", "", "nobody may not write"),
        ("triage[bot]", "triage[bot]", "is a machine"),
        ("ada", "triage", "triage is a machine"),
        ("eve", "helper", "eve may not write"),
        ("intern-action[bot]", "intern-action[bot]", "is a machine"),
        ("ada", "Intern-Action", "is a machine"),
    ],
)
def test_nobody_else_may_and_we_never(house: StoryHouse, by: str, machine: str, said: str):
    with pytest.raises(NotAllowed, match=said):
        check_asker(house.forge, LISTED, by=by, machine=machine)


def test_without_a_list_no_machine_may_ask_whatever_it_may_write(house: StoryHouse):
    house.forge.people["deploy"] = Permission.ADMIN
    with pytest.raises(NotAllowed, match=r"`bots` in .github/intern.yml"):
        check_asker(house.forge, ApprovalPolicy(), by="deploy", machine="deploy")


# --- once --------------------------------------------------------------------------------------------------------------


def a_request(house: StoryHouse, **changes: object) -> Request:
    """Return ada's request in a comment on eve's issue."""
    issue = house.forge.open_issue(title="The filter", body="lets spam through", by="eve")
    house.forge.say(issue.number, "it did on Monday, too", by="mallory")
    house.clock.wait(60)
    comment = house.forge.say(issue.number, "/intern train", by="ada")
    request = Request(
        event_key="k" * 64,
        task="train",
        requester="ada",
        thread=issue.number,
        base_sha=house.world.base,
        model="scripted",
        trigger=Trigger(at=house.clock.now(), comment=comment.id, seen=replace(issue, comments=())),
    )
    return replace(request, **changes)


def journal(house: StoryHouse, session: str) -> list[Event]:
    return [entry.event for entry in house.office.journals.open(session).entries()]


def admissions(house: StoryHouse) -> list[Admitted]:
    view = house.ledger
    return [found for session in view.sessions() if (found := view.admission(session)) is not None]


def test_a_task_is_told_with_what_stood_in_the_thread(house: StoryHouse):
    case = admit(house.office, a_request(house))
    noted = [event.text for event in journal(house, case.began.session) if isinstance(event, Noted)]
    assert len(noted) == 1
    assert "mallory (may not write here: data)" in noted[0]
    assert "> lets spam through" in noted[0]


def test_delivered_again_when_the_world_has_moved_on_it_begins_and_changes_nothing(house: StoryHouse):
    request = a_request(house)
    case = admit(house.office, request)
    case.announce()
    events, head = journal(house, case.began.session), house.ledger.head
    house.clock.wait(timedelta(days=3).total_seconds())
    house.forge.say(request.thread, "/intern something else", by="mallory")
    house.push({"more.txt": "1\n"}, branch="main")
    for _ in range(2):
        again = admit(house.office, request)
        assert again.began == case.began
        assert journal(house, case.began.session) == events
        assert house.ledger.head == head
    assert len(admissions(house)) == 1


def test_events_that_come_out_of_order_begin_each_its_own_session_once(house: StoryHouse):
    first, second = a_request(house), a_request(house, event_key="m" * 64, task="other")
    for request in (second, first, second, first):
        admit(house.office, request).announce()
    assert sorted(found.task for found in admissions(house)) == ["other", "train"]


def test_a_run_that_was_killed_behind_its_claim_goes_on_with_the_words_of_the_event(house: StoryHouse):
    request = a_request(house)
    session = admit(house.office, request).began.session
    whole = journal(house, session)
    house.close()
    file = next((house.folder).rglob(f"*{session}*.jsonl"))
    lines = file.read_bytes().splitlines(keepends=True)
    for kept in range(len(lines)):
        house.close()
        file.write_bytes(b"".join(lines[:kept]))
        house.anew()
        admit(house.office, request)
        assert journal(house, session) == whole


def test_the_kill_switch_is_obeyed_at_once_also_by_what_was_admitted_before(house: StoryHouse):
    request = a_request(house)
    admit(house.office, request)
    house.push({".github/intern.yml": "enabled: false\n"}, branch="main")
    with pytest.raises(NotAllowed, match="enabled: false"):
        admit(house.office, request)


def test_somebody_who_lost_their_rights_since_begins_nothing(house: StoryHouse):
    request = a_request(house)
    house.forge.people["ada"] = Permission.READ
    with pytest.raises(NotAllowed, match="ada may not write"):
        admit(house.office, request)
    assert admissions(house) == []


# --- a claim whose run has died --------------------------------------------------------------------------------------------


def claimed(house: StoryHouse, *, by: str = "ada", model: str = "scripted") -> Admitted:
    """A run claims an event, and dies."""
    issue = house.forge.open_issue(title="t", body="words", by="eve")
    claim = Admitted(
        event_key="k",
        session=session_id("k"),
        requester=by,
        thread=issue.number,
        task="train it",
        mark="9",
        terms=Terms(base_sha=house.world.base, model=model, max_turns=7, at=house.clock.now(), by_comment=True),
    )
    house.office.ledger.decide(lambda _view: (claim,))
    return claim


def test_it_begins_with_the_words_and_terms_of_the_claim_and_once(house: StoryHouse):
    claim = claimed(house)
    began = take_up(house.office, claim).began
    assert (began.task, began.requester, began.max_turns, began.session) == ("train it", "ada", 7, claim.session)
    assert take_up(house.office, claim).began == began
    assert len(house.ledger.admissions()) == 1


def test_the_same_event_with_other_settings_begins_what_was_claimed(house: StoryHouse):
    claim = claimed(house)
    request = Request(
        event_key="k",
        task="train it",
        requester="ada",
        thread=claim.thread,
        base_sha="f" * 40,
        model="another",
        mark="9",
    )
    assert admit(house.office, request).began.model == "scripted"


@pytest.mark.parametrize("claim", [{"by": "eve"}, {"model": "scripted", "by": "nobody"}], ids=["reader", "stranger"])
def test_who_may_not_ask_now_gets_nothing_begun(house: StoryHouse, claim: dict[str, str]):
    with pytest.raises(NotAllowed, match="may not write"):
        take_up(house.office, claimed(house, **claim))


def test_a_claim_of_an_older_version_is_not_guessed_at(house: StoryHouse):
    with pytest.raises(NotAllowed, match="taken for something else"):
        take_up(house.office, replace(claimed(house), terms=None))
