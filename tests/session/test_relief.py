"""A runner whose time is over is relieved: the next one goes on, and nothing failed."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from intern_action.agent.budget import GRACE, Allowance
from intern_action.core.bundle import RELIEVED, Bundle, BundleShelf, Fault
from intern_action.core.errors import NotAllowed
from intern_action.core.states import State
from intern_action.session.drive import drive
from intern_action.session.reconcile import news
from intern_action.trace.bundles import BundleFolder
from tests.fakes.git_world import make_world
from tests.fakes.house import StoryHouse, done, proposal


@pytest.fixture
def house(tmp_path: Path) -> Generator[StoryHouse]:
    with StoryHouse(make_world(tmp_path / "world")) as house:
        yield house.script(*proposal(), done()).admit()


def on_runner(house: StoryHouse, run: str) -> StoryHouse:
    """Let a runner whose time is already over go on with the session, and end."""
    house.runner, house.relief = run, house.clock.now()
    house.anew().go_on()
    house.running.discard(run)
    return house


def test_each_runner_adds_an_answer_and_the_story_ends_as_ever(house: StoryHouse) -> None:
    for number in range(1, len(proposal())):
        on_runner(house, str(number))
        assert (house.state, house.kinds().count("heard")) == (State.RUNNING, number)
        moved = house.ledger.session_state(house.present.began.session)
        assert moved is not None
        assert (moved.runner, moved.state) == (str(number), State.RUNNING)  # a timer finds it by that
        assert news(house.office, ()) == (house.present.began.session,)
    on_runner(house, "last")
    assert house.state is State.AWAITING_REVIEW
    house.approve()
    assert on_runner(house, "approved").state is State.AWAITING_JOB


def test_nobody_is_relieved_before_it_is_time(house: StoryHouse) -> None:
    house.runner, house.relief = "1", house.clock.now() + timedelta(hours=1)
    assert house.anew().go_on().state is State.AWAITING_REVIEW


def test_a_runner_that_did_nothing_is_not_relieved_for_ever(house: StoryHouse) -> None:
    """Whoever has taken over an agent half could have itself started again and again, at somebody's cost."""
    shelf: BundleShelf = BundleFolder(house.folder / "lazy")

    def lazy(entries: object) -> str:
        assert entries
        head = house.present.journal.head
        assert head is not None
        idle = Fault(kind=RELIEVED, message="the time was over", exit_code=0)
        return shelf.put(Bundle(session=house.present.began.session, after=head.hash, entries=(), fault=idle))

    assert drive(house.present, lazy, shelf) is State.FAILED
    assert house.present.memory.exit_code == NotAllowed.exit_code


def test_nobody_is_relieved_beyond_the_turns_of_the_session(house: StoryHouse) -> None:
    """The agent half keeps that limit itself; one that somebody has taken over does not."""
    house.present.memory.replies = house.present.began.max_turns
    house.relief = house.clock.now()
    assert house.go_on().state is State.FAILED
    assert house.present.memory.exit_code == NotAllowed.exit_code


def test_a_call_ends_before_the_runner_does(house: StoryHouse) -> None:
    now = house.clock.now()
    relieved = Allowance(relief=now)
    assert relieved.calls_end == now + GRACE
    assert replace(relieved, until=now).calls_end == now
    assert Allowance().calls_end is None
