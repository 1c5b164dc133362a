"""A pull request that people close takes back all it asked for: what runs is cancelled and paid for, and nothing begins again."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from intern_action.core.digests import launch_key
from intern_action.core.errors import OutsideError
from intern_action.core.incoming import Doorbell
from intern_action.core.states import JobState, State
from intern_action.core.types import JobRef, JobStage, Verdict
from intern_action.session.receive import rung
from intern_action.session.stopping import stop
from tests.fakes.git_world import make_world
from tests.fakes.house import JOB, StoryHouse, done, proposal
from tests.fakes.standings import ASK, LEND, MODEL, SERVE, found, money, own, planned, running
from tests.fakes.thinking import calls


@pytest.fixture
def house(tmp_path: Path) -> Generator[StoryHouse]:
    with StoryHouse(make_world(tmp_path / "world")) as house:
        house.hub.stands[MODEL] = "5e" * 20
        yield house


def serving(house: StoryHouse) -> StoryHouse:
    house.script(SERVE, done()).ask().approve()
    assert (house.state, len(house.endpoints.own())) == (State.DONE, 1)
    return house


def closed(house: StoryHouse) -> StoryHouse:
    """Somebody closes the pull request, and somebody looks."""
    house.forge.close_pull_request(house.pull_request)
    return house.anew().go_on()


def job(house: StoryHouse) -> JobRef:
    return house.jobs.states[house.jobs.orders[-1].launch_key].ref


# --- a job -------------------------------------------------------------------------------------------------------------


def test_a_job_is_cancelled_and_only_its_time_is_paid(house: StoryHouse) -> None:
    closed(running(house))
    assert house.jobs.status(job(house)).stage is JobStage.CANCELLED
    assert house.state is State.STOPPED
    assert money(house) == (Decimal(0), Decimal("0.01"))
    assert house.present.memory.jobs_usd == Decimal("0.01")


def test_everybody_reads_why(house: StoryHouse) -> None:
    closed(running(house))
    why, dropped = house.present.memory.why, house.ledger.dropped(house.digest)
    assert dropped is not None
    assert why.startswith(
        f"pull request #{house.pull_request} was closed, which takes back all it asked for; to go on, open it"
    )
    assert dropped.why == why
    assert house.answer()["state"] == "refused"
    assert [one.words for one in house.present.memory.refused.values()] == [why]


def test_opened_again_it_spends_nothing_by_itself(house: StoryHouse) -> None:
    closed(running(house))
    house.forge.reopen(house.pull_request)
    kinds = house.kinds()
    assert found(house) == ()
    house.anew().go_on()
    house.approve()
    assert (house.state, house.kinds(), len(house.jobs.orders)) == (State.STOPPED, kinds, 1)


def test_taken_up_again_its_next_job_wants_a_new_plan(house: StoryHouse) -> None:
    closed(running(house))
    house.forge.reopen(house.pull_request)
    house.script(calls(("j2", "hf_create_job", JOB)), done())
    first = house.digest
    house.present.move(State.RUNNING, "taken up again by ada")
    house.go_on()
    assert (house.state, len(house.jobs.orders)) == (State.AWAITING_REVIEW, 1)
    assert house.digest != first


def test_taken_up_again_while_it_is_still_closed_it_asks_no_model(house: StoryHouse) -> None:
    closed(running(house))
    house.present.move(State.RUNNING, "taken up again by ada")
    replies = house.present.memory.replies
    house.go_on()
    assert (house.state, house.present.memory.replies) == (State.STOPPED, replies)


def test_a_job_that_takes_its_time_to_end_is_paid_before_anything_is_said_to_be_over(house: StoryHouse) -> None:
    running(house)
    cancelled: list[JobRef] = []
    house.jobs.cancel = cancelled.append  # type: ignore[method-assign]  # a backend that needs longer than we wait
    closed(house)
    assert (house.state, money(house)) == (State.AWAITING_JOB, (Decimal("0.60"), Decimal(0)))
    with pytest.raises(OutsideError, match=r"job-1 was cancelled and has not ended yet"):
        stop(house.present, by="ada")
    house.jobs.end(job(house), JobStage.CANCELLED, minutes=3)
    house.anew().go_on()
    assert (house.state, money(house)) == (State.STOPPED, (Decimal(0), Decimal("0.03")))
    assert len(house.present.memory.refused) == 1
    assert len(cancelled) >= 2


def test_a_job_that_was_cut_short_does_not_go_on_from_its_checkpoint(house: StoryHouse) -> None:
    wish = {**JOB, "parameters": {"batch-size": "32", "resume": "true"}}
    house.script(*proposal(wish), done()).ask().approve()
    house.jobs.end(job(house), JobStage.TIMED_OUT, minutes=3, checkpoint=True)
    closed(house)
    assert (house.state, len(house.jobs.orders)) == (State.STOPPED, 1)
    assert money(house) == (Decimal(0), Decimal("0.03"))


def test_a_launch_whose_answer_was_lost_is_found_and_cancelled(house: StoryHouse) -> None:
    planned(house).jobs.lost_answers = 1
    with pytest.raises(OutsideError):
        house.approve()
    closed(house)
    assert house.jobs.status(job(house)).stage is JobStage.CANCELLED
    assert (house.state, len(house.jobs.orders)) == (State.STOPPED, 1)
    assert money(house) == (Decimal(0), Decimal("0.01"))


def test_an_approval_that_was_used_up_and_launched_nothing_frees_its_money(house: StoryHouse) -> None:
    planned(house).jobs.faults.append(OutsideError("nobody knows"))
    with pytest.raises(OutsideError):
        house.approve()
    closed(house)
    assert (house.state, house.jobs.orders, money(house)) == (State.STOPPED, [], (Decimal(0), Decimal(0)))
    row = house.ledger.row(launch_key(house.digest, 1))
    assert row is not None
    assert row.state is JobState.ENDED


def test_a_launch_that_another_machine_may_be_making_is_waited_for(house: StoryHouse) -> None:
    planned(house).jobs.faults.append(OutsideError("nobody knows"))
    with pytest.raises(OutsideError):
        house.approve()
    house.holder = "another machine"
    with pytest.raises(OutsideError, match="another machine is launching"):
        closed(house)
    assert house.state is State.AWAITING_REVIEW
    house.clock.wait(timedelta(minutes=6).total_seconds())
    assert house.anew().go_on().state is State.STOPPED


def test_a_launch_of_a_workflow_run_that_has_ended_is_taken_over_at_once(house: StoryHouse) -> None:
    house.holder = "run-1"
    house.running.add("1")
    planned(house.anew()).jobs.faults.append(OutsideError("nobody knows"))
    with pytest.raises(OutsideError):
        house.approve()
    house.holder = "run-2"
    with pytest.raises(OutsideError, match="another machine is launching"):
        closed(house)
    house.running.clear()
    assert house.anew().go_on().state is State.STOPPED


def test_merged_while_the_job_runs_it_goes_on_to_its_end(house: StoryHouse) -> None:
    running(house).forge.merge(house.pull_request)
    assert found(house) == ()
    assert house.go_on().state is State.AWAITING_JOB
    assert house.end_job().state is State.DONE


# --- before its reviewers, or before whoever was asked ------------------------------------------------------------------


@pytest.mark.parametrize("how", ["close_pull_request", "merge"])
def test_a_plan_that_waits_is_taken_back_and_cannot_be_approved_any_more(house: StoryHouse, how: str) -> None:
    planned(house)
    assert found(house) == ()
    getattr(house.forge, how)(house.pull_request)
    assert found(house) == own(house)
    house.go_on()
    assert house.state is State.STOPPED
    assert house.ledger.dropped(house.digest) is not None
    house.forge.reopen(house.pull_request)
    assert house.approve().state is State.STOPPED
    assert house.jobs.orders == []


def test_a_question_that_waits_is_over_too(house: StoryHouse) -> None:
    house.script(*proposal()[:3], ASK, done()).ask()
    assert house.state is State.AWAITING_INPUT
    assert closed(house).state is State.STOPPED


def test_what_has_no_pull_request_yet_asks_the_forge_nothing(house: StoryHouse) -> None:
    house.script(ASK, done()).ask()
    house.forge.pulls.clear()
    assert house.go_on().state is State.AWAITING_INPUT


# --- machines by the hour ------------------------------------------------------------------------------------------------


def test_a_sandbox_is_ended_and_paid_for_its_time(house: StoryHouse) -> None:
    house.script(LEND, ASK, done()).ask().approve()
    assert house.state is State.AWAITING_INPUT
    house.clock.wait(360)
    house.forge.close_pull_request(house.pull_request)
    assert found(house) == own(house)
    house.anew().go_on()
    assert (house.state, house.sandboxes.own()) == (State.STOPPED, ())
    assert money(house) == (Decimal(0), Decimal("0.07"))


def test_an_endpoint_that_comes_up_is_ended(house: StoryHouse) -> None:
    house.endpoints.comes_up_after = timedelta(minutes=5)
    house.script(SERVE, done()).ask().approve()
    assert house.state is State.AWAITING_JOB
    closed(house)
    assert (house.state, house.endpoints.own(), money(house)[0]) == (State.STOPPED, (), Decimal(0))


def test_an_endpoint_that_outlived_its_session_is_ended_and_the_session_stays_done(house: StoryHouse) -> None:
    serving(house).clock.wait(3600)
    assert found(house) == ()
    house.forge.close_pull_request(house.pull_request)
    assert found(house) == own(house)
    house.anew().go_on()
    assert (house.state, house.endpoints.own()) == (State.DONE, ())
    assert money(house) == (Decimal(0), Decimal("0.60"))
    assert house.present.memory.jobs_usd == Decimal("0.60")
    assert found(house) == ()


def test_a_bell_from_its_pull_request_leads_there_while_it_serves(house: StoryHouse) -> None:
    bell = Doorbell(why="closed", pull_requests=(serving(house).pull_request,))
    assert rung(house.office, bell) == own(house)
    closed(house)
    assert rung(house.office, bell) == ()


def test_merged_it_goes_on_serving(house: StoryHouse) -> None:
    serving(house).forge.merge(house.pull_request)
    assert found(house) == ()
    house.anew().go_on()
    assert len(house.endpoints.own()) == 1


def test_changes_that_are_requested_later_end_it_and_the_words_are_kept(house: StoryHouse) -> None:
    serving(house).clock.wait(3600)
    house.forge.review(house.pull_request, by="grace", verdict=Verdict.CHANGES_REQUESTED, body="it answers nonsense")
    assert found(house) == own(house)
    house.anew().go_on()
    assert (house.state, house.endpoints.own()) == (State.DONE, ())
    assert money(house)[0] == 0
    assert "it answers nonsense" in str(house.present.memory.turns[-1])
    assert found(house) == ()


def test_somebody_without_a_say_ends_nothing(house: StoryHouse) -> None:
    serving(house).request_changes("I do not like it", by="eve")
    assert len(house.endpoints.own()) == 1


def test_changes_end_it_also_while_its_session_waits_for_an_answer(house: StoryHouse) -> None:
    house.script(SERVE, ASK, done()).ask().approve()
    assert (house.state, len(house.endpoints.own())) == (State.AWAITING_INPUT, 1)
    house.request_changes("it answers nonsense")
    assert house.endpoints.own() == ()
    assert "it answers nonsense" in str(house.present.memory.turns)


def test_changes_asked_of_a_later_plan_leave_it_alone_while_the_session_goes_on(house: StoryHouse) -> None:
    house.script(SERVE, *proposal(), ASK, done()).ask().approve()
    assert house.state is State.AWAITING_REVIEW
    house.request_changes("not on these data")
    assert len(house.endpoints.own()) == 1
