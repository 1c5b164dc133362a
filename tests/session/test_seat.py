"""Two runs and one session: the ledger says which works on it, and one that died keeps nobody out."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from intern_action.core.entries import SessionMoved
from intern_action.core.errors import AtWork
from intern_action.core.states import State
from intern_action.core.types import Reply
from intern_action.session.office import Case, Office
from intern_action.session.reconcile import news
from tests.fakes.git_world import make_world
from tests.fakes.house import KilledHere, StoryHouse, done, proposal


@pytest.fixture
def house(tmp_path: Path) -> Generator[StoryHouse]:
    with StoryHouse(make_world(tmp_path / "world")) as house:
        yield as_run(house, "1")


def as_run(house: StoryHouse, run: str) -> StoryHouse:
    house.runner = run
    house.running.add(run)
    return house.anew()


def standing(house: StoryHouse) -> SessionMoved:
    moved = house.ledger.session_state(house.present.began.session)
    assert moved is not None
    return moved


def seated_by(house: StoryHouse, run: str) -> StoryHouse:
    """Another run has begun to work on the session, and has not come to rest."""
    session, head = house.present.began.session, house.present.journal.head
    assert head is not None
    fact = SessionMoved(session=session, state=State.RUNNING, journal_head=head.hash, runner=run)
    house.office.ledger.decide(lambda _view: (fact,))
    return house


def test_who_works_stands_in_the_ledger_until_the_session_rests(house: StoryHouse) -> None:
    house.script(done()).admit()
    house.present.take_seat()
    assert standing(house).runner == "1"
    house.go_on()
    assert (standing(house).state, standing(house).runner) == (State.DONE, "")


def test_a_session_that_another_run_works_on_is_left_to_it(house: StoryHouse) -> None:
    house.script(done()).admit()
    house.running.add("2")
    seated_by(house, "2")
    with pytest.raises(AtWork, match="run 2 works on session"):
        house.go_on()
    assert house.kinds().count("heard") == 0
    assert standing(house).runner == "2"


def test_a_run_that_died_keeps_nobody_out_and_the_timer_finds_what_it_left(house: StoryHouse) -> None:
    house.script(*proposal(), done()).admit()
    seated_by(house, "2")
    assert news(house.office, ()) == (house.present.began.session,)
    house.go_on()
    assert house.state is State.AWAITING_REVIEW
    assert standing(house).runner == ""


@pytest.mark.parametrize("replies", [(*proposal(), done()), (done(),)])
def test_a_run_that_died_before_people_were_shown_the_news_is_found_by_the_timer(
    house: StoryHouse, replies: tuple[Reply, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_office: Office, case: Case) -> None:
        if case.state is not State.RUNNING:
            raise KilledHere

    house.script(*replies).admit()
    monkeypatch.setattr(house, "_press", die)
    with pytest.raises(KilledHere):
        house.anew().go_on()
    monkeypatch.undo()
    assert (standing(house).state.over or standing(house).state.waiting, standing(house).runner) == (True, "1")
    house.running.clear()
    as_run(house, "2")
    assert news(house.office, ()) == (house.present.began.session,)
    shown = house.pressed
    house.go_on()
    assert house.pressed > shown
    assert standing(house).runner == ""
    assert news(house.office, ()) == ()


def test_a_look_that_finds_nothing_new_writes_nothing(house: StoryHouse) -> None:
    house.script(*proposal(), done()).ask()
    before, look = house.ledger.head, as_run(house, "2")
    look.go_on()
    assert house.ledger.head == before


def test_the_timer_leaves_what_is_worked_on_alone(house: StoryHouse) -> None:
    house.script(done()).admit()
    house.running.add("2")
    seated_by(house, "2")
    assert news(house.office, ()) == ()


def test_where_no_run_has_a_number_nobody_is_asked(house: StoryHouse) -> None:
    house.runner = ""
    house.anew().script(done()).admit()
    house.go_on()
    assert standing(house).runner == ""
