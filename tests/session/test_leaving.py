"""Leaving ends everything that runs or waits; forgetting takes journal and trace away. The ledger keeps its lines."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from intern_action.core.errors import HubError, LedgerError, Misconfigured
from intern_action.core.states import State
from intern_action.session.forgetting import forget
from intern_action.session.leaving import end_machines, leave
from intern_action.session.office import Case
from intern_action.session.stopping import stop
from tests.fakes.git_world import make_world
from tests.fakes.house import StoryHouse, done, proposal
from tests.fakes.thinking import calls

LEASE = {"flavor": "local-cpu", "timeout": "1h", "purpose": "to try the script"}


@pytest.fixture
def house(tmp_path: Path) -> Generator[StoryHouse]:
    with StoryHouse(make_world(tmp_path / "world")) as house:
        yield house


def opened(house: StoryHouse, *, broken: str = ""):
    @contextmanager
    def case(session: str) -> Generator[Case]:
        if session == broken:
            raise LedgerError("the journal says something else")
        yield house.office.case(session)

    return case


def session_of(house: StoryHouse) -> str:
    return house.present.began.session


class Shelf:
    """Keeps the ids of sessions, and may refuse."""

    def __init__(self, *kept: str) -> None:
        self.kept = set(kept)
        self.broken = False

    def drop(self, session: str) -> str:
        if self.broken:
            raise HubError("the Hub is away")
        self.kept.discard(session)
        return "hub/sessions"


# --- leaving ---------------------------------------------------------------------------------------------------------


def test_a_plan_that_waits_is_taken_back_and_a_job_that_runs_is_cancelled_and_paid(house: StoryHouse) -> None:
    house.script(*proposal(), done()).ask("first").approve()
    runs, digest = session_of(house), house.digest
    assert house.state is State.AWAITING_JOB
    house.script(*proposal(), done()).ask("second")
    waits = session_of(house)
    left = leave(opened(house), house.office.ledger, by="ada")
    assert (set(left.stopped), left.standing) == ({waits, runs}, {})
    view = house.ledger
    assert {moved.state for moved in view.sessions().values()} == {State.STOPPED}
    assert house.jobs.alive() == ()
    assert view.held(digest) == 0
    assert view.dropped(house.digest) is not None


def test_a_sandbox_that_is_lent_is_given_back(house: StoryHouse) -> None:
    house.script(calls(("l", "sandbox_create", LEASE)), calls(("q", "ask_person", {"question": "go on?"}))).ask()
    house.approve()
    assert house.sandboxes.own()
    leave(opened(house), house.office.ledger, by="ada")
    assert house.sandboxes.own() == ()


def test_what_keeps_one_session_from_it_keeps_no_other(house: StoryHouse) -> None:
    house.script(*proposal(), done()).ask("first")
    first = session_of(house)
    house.script(*proposal(), done()).ask("second")
    left = leave(opened(house, broken=first), house.office.ledger, by="ada")
    assert left.stopped == (session_of(house),)
    assert left.standing == {first: "the journal says something else"}


def test_a_session_that_is_over_is_left_alone(house: StoryHouse) -> None:
    house.script(done()).ask()
    assert house.state is State.DONE
    assert leave(opened(house), house.office.ledger, by="ada").stopped == ()
    assert end_machines(house.office) == ()


def test_leaving_twice_is_leaving_once(house: StoryHouse) -> None:
    house.script(*proposal(), done()).ask()
    leave(opened(house), house.office.ledger, by="ada")
    lines = house.branch.text()
    assert leave(opened(house), house.office.ledger, by="ada").stopped == ()
    assert house.branch.text() == lines


# --- forgetting ------------------------------------------------------------------------------------------------------


def test_a_forgotten_session_has_no_journal_and_no_trace_and_the_ledger_stands(house: StoryHouse) -> None:
    house.script(*proposal(), done()).ask()
    stop(house.present, by="ada")
    session, lines, shelf = session_of(house), house.branch.text(), Shelf(session_of(house))
    gone = forget(house.office, session, shelf)
    assert gone.journal
    assert gone.snapshots
    assert shelf.kept == set()
    assert house.office.publisher.load_journal(session) is None
    assert house.branch.text().startswith(lines)
    assert house.ledger.sessions()[session].forgotten
    assert house.branch.text().count(b"\n") == lines.count(b"\n") + 1


def test_a_session_that_waits_is_not_forgotten(house: StoryHouse) -> None:
    house.script(*proposal(), done()).ask()
    shelf = Shelf(session_of(house))
    with pytest.raises(Misconfigured, match="end it first: intern-action stop"):
        forget(house.office, session_of(house), shelf)
    assert shelf.kept
    assert house.office.publisher.load_journal(session_of(house)) is not None


def test_a_session_nobody_knows_is_not_forgotten(house: StoryHouse) -> None:
    house.script(done()).ask()
    with pytest.raises(Misconfigured, match="there is no session s404"):
        forget(house.office, "s404", Shelf())


def test_where_the_hub_is_away_the_journal_stays_and_the_next_try_finishes(house: StoryHouse) -> None:
    house.script(done()).ask()
    shelf = Shelf(session_of(house))
    shelf.broken = True
    with pytest.raises(HubError):
        forget(house.office, session_of(house), shelf)
    assert house.office.publisher.load_journal(session_of(house)) is not None
    shelf.broken = False
    assert forget(house.office, session_of(house), shelf).journal
    assert not forget(house.office, session_of(house), shelf).journal
