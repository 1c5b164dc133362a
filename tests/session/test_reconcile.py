"""One look at everything that waits: who has news, what is ended, and what is deleted once it is of no more use."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

from intern_action.core.entries import Admitted
from intern_action.core.errors import JobError
from intern_action.core.states import State
from intern_action.core.types import JobStage, Verdict
from intern_action.session.stopping import stop
from intern_action.session.tidy import tidy, tidy_own
from tests.fakes.git_world import make_world
from tests.fakes.house import JOB, StoryHouse, done, proposal
from tests.fakes.standings import found, own, planned, running
from tests.fakes.thinking import calls


@pytest.fixture
def house(tmp_path: Path) -> Generator[StoryHouse]:
    with StoryHouse(make_world(tmp_path / "world")) as house:
        yield house


# --- news ------------------------------------------------------------------------------------------------------------


def test_a_plan_that_nobody_has_looked_at_is_no_news(house: StoryHouse) -> None:
    planned(house)
    house.forge.review(house.pull_request, by="eve", verdict=Verdict.COMMENTED, body="nice")
    assert found(house) == ()


@pytest.mark.parametrize("verdict", [Verdict.APPROVED, Verdict.CHANGES_REQUESTED])
def test_a_decision_on_a_plan_is_news(house: StoryHouse, verdict: Verdict) -> None:
    planned(house)
    house.clock.wait(1)
    house.forge.review(house.pull_request, by="grace", verdict=verdict, body="so it be")
    assert found(house) == own(house)


def test_an_approval_that_a_killed_run_used_up_is_news_without_asking_who_gave_it(house: StoryHouse) -> None:
    planned(house)
    house.jobs.lost_answers = 1
    with pytest.raises(Exception, match="lost"):
        house.approve()
    assert found(house.anew()) == own(house)


def test_what_was_said_and_taken_in_by_nobody_is_news_until_it_is(house: StoryHouse) -> None:
    (session,) = own(planned(house))
    claim = Admitted(event_key="e", session=session, requester="ada", thread=1, task="/intern stop", what="stop")
    house.office.ledger.decide(lambda _view: (claim,))
    assert found(house) == (session,)
    house.go_on()
    assert (house.state, found(house)) == (State.STOPPED, ())


def test_a_job_that_runs_is_no_news_and_one_that_has_ended_is(house: StoryHouse) -> None:
    running(house)
    assert found(house) == ()
    house.jobs.end(house.jobs.alive()[0])
    assert found(house) == own(house)


def test_a_request_for_changes_while_the_job_runs_is_news(house: StoryHouse) -> None:
    running(house)
    house.clock.wait(1)
    house.forge.review(house.pull_request, by="grace", verdict=Verdict.CHANGES_REQUESTED, body="stop it")
    assert found(house) == own(house)


def test_changes_that_are_asked_of_a_sandbox_are_news_until_it_is_ended(house: StoryHouse) -> None:
    wish = calls(("l", "sandbox_create", {"flavor": "local-cpu", "timeout": "1h", "purpose": "to try"}))
    ask = calls(("q", "ask_person", {"question": "go on?"}))
    more = calls(("q2", "ask_person", {"question": "and now?"}))
    house.script(wish, ask, more, done()).ask().approve()
    assert (house.state, found(house)) == (State.AWAITING_INPUT, ())
    house.clock.wait(1)
    house.forge.review(house.pull_request, by="grace", verdict=Verdict.CHANGES_REQUESTED, body="enough")
    assert found(house) == own(house)
    house.go_on()
    assert (house.state, found(house)) == (State.AWAITING_INPUT, ())


def test_what_is_over_is_never_news(house: StoryHouse) -> None:
    running(house).end_job()
    assert house.state is State.DONE
    assert found(house) == ()


# --- what is left with the backend -----------------------------------------------------------------------------------


def test_what_a_job_left_stays_while_its_session_may_need_it_and_goes_when_that_is_over(house: StoryHouse) -> None:
    running(house)
    assert tidy(house.office) == ()
    house.end_job()
    assert house.state is State.DONE
    assert tidy(house.office) == (house.jobs.orders[0].launch_key,)
    assert tidy(house.office) == ()


def test_a_session_that_is_over_tidies_up_itself(house: StoryHouse) -> None:
    running(house)
    tidy_own(house.present)
    assert house.jobs.forgotten == []
    house.end_job()
    tidy_own(house.present)
    assert house.jobs.forgotten == [house.jobs.orders[0].launch_key]


def test_what_is_not_home_is_not_deleted(house: StoryHouse) -> None:
    running(house).end_job()
    house.jobs.elsewhere = True
    assert tidy(house.office) == ()
    assert house.jobs.forgotten == []


def test_what_may_be_gone_on_from_is_not_deleted_when_the_session_only_failed(house: StoryHouse) -> None:
    resumes = {**JOB, "parameters": {"resume": "true"}}
    house.script(*proposal(resumes), done()).ask().approve()
    house.jobs.faults = [JobError("no room")]
    ref = house.jobs.alive()[0]
    house.jobs.end(ref, JobStage.PREEMPTED, checkpoint=True)
    held = house.ledger.held(house.digest)
    house.present.move(State.FAILED, "the runner went away", exit_code=143)
    house.present.announce()
    assert held > 0
    assert tidy(house.office) == ()


def test_a_stray_s_leavings_are_nobody_s_to_delete(house: StoryHouse) -> None:
    running(house)
    stop(house.present, by="ada")
    house.jobs.launch(replace(house.jobs.orders[0], launch_key="intern-stray-1"))
    assert "intern-stray-1" not in tidy(house.office)
