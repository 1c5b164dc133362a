"""Two runs and one session: the ledger says which works on it, and one that died keeps nobody out."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from intern_action.core.entries import SessionMoved
from intern_action.core.errors import AtWork
from intern_action.core.states import State
from intern_action.session.reconcile import news
from tests.fakes.git_world import make_world
from tests.fakes.house import StoryHouse, done, proposal


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
