"""`enabled: false`, from wherever a session stands: what runs is cancelled and paid for, and nothing new is asked or launched."""

from __future__ import annotations

from collections.abc import Generator
from decimal import Decimal
from pathlib import Path

import pytest

from intern_action.core.errors import OutsideError
from intern_action.core.states import State
from intern_action.core.types import JobStage
from intern_action.session.admit import Request, admit
from tests.fakes.git_world import make_world
from tests.fakes.house import JOB, StoryHouse, again, done, proposal
from tests.fakes.standings import ASK, LEND, MODEL, SERVE, found, money, own, planned, running
from tests.fakes.thinking import ScriptedModel

POLICY = ".github/intern.yml"


@pytest.fixture
def house(tmp_path: Path) -> Generator[StoryHouse]:
    with StoryHouse(make_world(tmp_path / "world")) as house:
        house.hub.stands[MODEL] = "5e" * 20
        house.push({POLICY: "enabled: true\n"}, branch="main")
        yield house


def switched_off(house: StoryHouse) -> StoryHouse:
    """Somebody pulls the switch, and somebody looks."""
    house.push({POLICY: "enabled: false\n"}, branch="main")
    return house.anew().go_on()


def switched_on(house: StoryHouse) -> StoryHouse:
    house.push({POLICY: "enabled: true\n"}, branch="main")
    return house.anew()


def replies(house: StoryHouse) -> int:
    return house.present.memory.replies


def test_a_job_is_cancelled_and_paid_for_its_time_and_the_model_is_asked_nothing_more(house: StoryHouse) -> None:
    before = replies(running(house))
    switched_off(house)
    (status,) = house.jobs.states.values()
    assert status.stage is JobStage.CANCELLED
    assert (house.state, money(house)) == (State.STOPPED, (Decimal(0), Decimal("0.01")))
    assert "`enabled: false`" in house.present.memory.why
    assert "/intern retry" in house.present.memory.why
    assert replies(house) == before


def test_a_timer_notices_what_costs_and_leaves_alone_what_only_waits(house: StoryHouse) -> None:
    running(house)
    assert found(house) == ()
    house.push({POLICY: "enabled: false\n"}, branch="main")
    assert found(house) == own(house)
    house.go_on()
    assert found(house) == ()


def test_a_plan_goes_on_waiting_and_its_approval_does_not_count_until_the_switch_is_back(house: StoryHouse) -> None:
    switched_off(planned(house))
    assert house.approve().state is State.AWAITING_REVIEW
    assert (house.jobs.orders, money(house), found(house)) == ([], (Decimal(0), Decimal(0)), ())
    assert switched_on(house).go_on().state is State.AWAITING_JOB


def test_an_approval_that_was_used_up_launches_nothing_any_more(house: StoryHouse) -> None:
    planned(house).jobs.faults.append(OutsideError("nobody knows"))
    with pytest.raises(OutsideError):
        house.approve()
    switched_off(house)
    assert (house.state, house.jobs.orders, money(house)) == (State.STOPPED, [], (Decimal(0), Decimal(0)))
    switched_on(house).go_on()
    assert (house.state, house.jobs.orders) == (State.STOPPED, [])


def test_pulled_while_the_agent_works_nothing_of_that_work_is_carried_out(house: StoryHouse) -> None:
    write, smoke, pull, job = proposal()

    class Puller(ScriptedModel):
        """Somebody pulls the switch while the model thinks for the last time."""

        def answer(self, conversation, hear=None):  # noqa: ANN001, ANN202 - as the one it stands for
            reply = super().answer(conversation, hear)
            if reply.calls and reply.calls[0].name == "hf_create_job":
                house.push({POLICY: "enabled: false\n"}, branch="main")
            return reply

    house.model = Puller(write, smoke, pull, job, done())
    house.ask()
    assert house.state is State.STOPPED
    assert (house.forge.pulls, house.ledger.newest_plan(house.present.began.session)) == ({}, None)
    assert house.answer()["state"] == "refused"


def test_out_of_memory_is_not_tried_again_under_the_approval_that_stands(house: StoryHouse) -> None:
    house.script(*proposal(), again({"batch-size": "16", "accumulation": "2"}), done()).ask().approve()
    house.push({POLICY: "enabled: false\n"}, branch="main")
    before = replies(house)
    house.end_job(stage=JobStage.OUT_OF_MEMORY)
    assert (house.state, len(house.jobs.orders), replies(house)) == (State.STOPPED, 1, before)
    assert money(house)[0] == 0


def test_a_job_that_was_cut_short_does_not_go_on(house: StoryHouse) -> None:
    wish = {**JOB, "parameters": {"batch-size": "32", "resume": "true"}}
    house.script(*proposal(wish), done()).ask().approve()
    house.push({POLICY: "enabled: false\n"}, branch="main")
    house.end_job(stage=JobStage.PREEMPTED, checkpoint=True)
    assert (house.state, len(house.jobs.orders)) == (State.STOPPED, 1)


def test_words_and_a_retry_do_not_ask_the_model_until_the_switch_is_back(house: StoryHouse) -> None:
    before = replies(switched_off(running(house)))
    house.present.move(State.RUNNING, "taken up again by ada")
    assert house.go_on().state is State.STOPPED
    assert replies(house) == before
    switched_on(house)
    house.present.move(State.RUNNING, "taken up again by ada")
    assert house.go_on().state is State.DONE
    assert replies(house) == before + 1


def test_a_sandbox_is_ended_while_its_session_goes_on_waiting_for_an_answer(house: StoryHouse) -> None:
    house.script(LEND, ASK, done()).ask().approve()
    house.clock.wait(360)
    house.push({POLICY: "enabled: false\n"}, branch="main")
    assert found(house) == own(house)
    house.anew().go_on()
    assert (house.state, house.sandboxes.own()) == (State.AWAITING_INPUT, ())
    assert money(house)[0] == 0
    assert found(house) == ()


def test_an_endpoint_that_outlived_its_session_is_ended(house: StoryHouse) -> None:
    house.script(SERVE, done()).ask().approve()
    assert (house.state, len(house.endpoints.own())) == (State.DONE, 1)
    house.push({POLICY: "enabled: false\n"}, branch="main")
    assert found(house) == own(house)
    house.anew().go_on()
    assert (house.state, house.endpoints.own(), found(house)) == (State.DONE, (), ())


def test_what_was_admitted_and_never_begun_asks_the_model_nothing_when_it_is_taken_up_later(house: StoryHouse) -> None:
    thread = house.forge.open_issue(title="t", body="/intern train", by="ada").number
    request = Request(
        event_key="e1", task="train", requester="ada", thread=thread, base_sha=house.world.base, model="scripted"
    )
    house.case = admit(house.office, request)
    house.clock.wait(120)
    switched_off(house.script(done()))
    assert (house.state, replies(house)) == (State.STOPPED, 0)
