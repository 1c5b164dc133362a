"""What is done about jobs without asking people again: going on from a checkpoint, and ending what nobody waits for."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from intern_action.core.errors import OutsideError
from intern_action.core.states import State
from intern_action.core.types import JobStage
from intern_action.session.stopping import stop
from intern_action.session.sweep import sweep
from tests.fakes.git_world import make_world
from tests.fakes.house import JOB, StoryHouse, done, proposal

RESUMES = {**JOB, "parameters": {**JOB["parameters"], "resume": "true"}}  # type: ignore[dict-item]


@pytest.fixture
def house(tmp_path: Path) -> Generator[StoryHouse]:
    with StoryHouse(make_world(tmp_path / "world")) as house:
        yield house


def running(house: StoryHouse, job: dict[str, object] = RESUMES) -> StoryHouse:
    """A job runs that was approved."""
    house.script(*proposal(job), done()).ask().approve()
    assert house.state is State.AWAITING_JOB
    return house


@pytest.mark.parametrize("stage", [JobStage.PREEMPTED, JobStage.TIMED_OUT])
def test_a_job_that_was_cut_short_goes_on_from_its_checkpoint_under_the_same_approval(
    house: StoryHouse, stage: JobStage
) -> None:
    running(house).end_job(stage=stage, checkpoint=True)
    assert house.state is State.AWAITING_JOB
    first, second = house.jobs.orders
    assert (second.resume, second.spec) == (house.jobs.states[first.launch_key].ref, first.spec)
    assert second.launch_key != first.launch_key
    house.end_job()
    assert house.state is State.DONE
    assert house.kinds().count("planned") == 1
    assert house.ledger.captured(house.digest) == Decimal("0.12")
    assert house.answer()["cost_usd"] == "0.12"
    assert house.ledger.held(house.digest) == 0


def test_it_goes_on_only_as_often_as_was_approved_and_never_above_the_cap(house: StoryHouse) -> None:
    running(house)
    attempts = 0
    while house.state is State.AWAITING_JOB:
        house.end_job(stage=JobStage.TIMED_OUT, checkpoint=True, minutes=30)
        attempts += 1
    assert attempts == JOB["attempts"]
    assert house.ledger.captured(house.digest) == Decimal("0.60")
    assert house.answer()["state"] == "timed_out"


@pytest.mark.parametrize(
    ("job", "checkpoint"), [(RESUMES, False), (JOB, True)], ids=["no checkpoint", "a script that does not resume"]
)
def test_what_cannot_go_on_is_told_to_the_agent(house: StoryHouse, job: dict[str, object], checkpoint: bool) -> None:
    running(house, job).end_job(stage=JobStage.TIMED_OUT, checkpoint=checkpoint)
    assert house.answer()["state"] == "timed_out"
    assert len(house.jobs.orders) == 1


def test_killed_between_the_end_and_the_next_start_it_goes_on_once(house: StoryHouse) -> None:
    running(house)
    house.jobs.lost_answers = 1
    with pytest.raises(OutsideError):
        house.end_job(stage=JobStage.PREEMPTED, checkpoint=True)
    house.anew().go_on()
    assert house.state is State.AWAITING_JOB
    assert len(house.jobs.orders) == 2
    assert house.ledger.captured(house.digest) == Decimal("0.06")


# --- the sweeper -----------------------------------------------------------------------------------------------------


def test_a_job_that_its_session_waits_for_is_left_alone(house: StoryHouse) -> None:
    running(house)
    assert sweep(house.office) == ()
    assert house.jobs.alive()


def test_a_job_that_nobody_waits_for_is_cancelled_and_named(house: StoryHouse) -> None:
    running(house)
    stop(house.present, by="ada")
    stray = house.jobs.launch(replace(house.jobs.orders[0], launch_key="stray"))
    assert sweep(house.office) == (stray,)
    assert house.jobs.alive() == ()
    assert sweep(house.office) == ()
