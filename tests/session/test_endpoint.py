"""An inference endpoint, as stories: asked for, approved, made once, asked one request, and ended when its time is up."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from intern_action.core.errors import JobError, OutsideError
from intern_action.core.states import State
from intern_action.core.types import JobRef, JsonObject, Reply
from intern_action.session.retiring import sweep
from intern_action.session.review import before_review, explain
from intern_action.session.stopping import stop
from intern_action.session.wake import wake
from tests.fakes.approvals import failing
from tests.fakes.git_world import make_world
from tests.fakes.house import KilledHere, StoryHouse, done, proposal
from tests.fakes.killed_here import DiesAtEntry, DiesAtEvent
from tests.fakes.standings import money
from tests.fakes.thinking import SilentWatcher, calls

MODEL = "ada/spam"
ENDPOINT: JsonObject = {
    "repository": MODEL,
    "flavor": "intel-spr-x1",
    "lifetime": "10h",
    "purpose": "to show it to the team",
    "smoke_input": "win money",
}
WISH = calls(("d", "deploy_endpoint", ENDPOINT))
REVISION = "5e" * 20


@pytest.fixture
def house(tmp_path: Path) -> Generator[StoryHouse]:
    with opened(tmp_path / "world") as house:
        yield house


def opened(folder: Path) -> StoryHouse:
    """A house on whose Hub the model lies."""
    house = StoryHouse(make_world(folder))
    house.hub.stands[MODEL] = REVISION
    return house


def wished(house: StoryHouse, *more: Reply, **changes: object) -> StoryHouse:
    """An endpoint lies before its reviewers."""
    house.script(calls(("d", "deploy_endpoint", {**ENDPOINT, **changes})), *more, done()).ask()
    assert house.state is State.AWAITING_REVIEW
    return house


# --- asked for and approved ------------------------------------------------------------------------------------------


def test_it_is_asked_for_in_a_draft_pull_request_with_the_price_of_its_whole_life(house: StoryHouse) -> None:
    wished(house)
    plan = house.ledger.plan(house.digest)
    assert house.forge.pull_request(house.pull_request).draft
    assert plan is not None
    assert (plan.cap_usd, plan.parent) == (Decimal("6.00"), REVISION)
    assert house.endpoints.orders == []


def test_once_approved_it_is_made_asked_and_goes_on_after_the_session(house: StoryHouse) -> None:
    wished(house).approve()
    assert house.state is State.DONE
    answer = house.answer("deploy_endpoint")
    assert (answer["state"], answer["answer"]) == ("running", "LABEL_0")
    assert (answer["asked"], answer["url"]) == ("win money", "memory://spam")
    assert house.endpoints.asked == ["win money"]
    (order,) = house.endpoints.orders
    assert (order.revision, order.endpoint.min_replica) == (REVISION, 0)
    assert len(house.endpoints.own()) == 1
    assert money(house) == (Decimal("6.00"), Decimal(0))


def test_while_it_comes_up_no_runner_waits_and_the_next_wake_finds_it(house: StoryHouse) -> None:
    house.endpoints.comes_up_after = timedelta(minutes=5)
    wished(house).approve()
    assert house.state is State.AWAITING_JOB
    house.clock.wait(6 * 60)
    house.anew().go_on()
    assert house.state is State.DONE
    assert len(house.endpoints.orders) == 1


def test_the_revision_that_was_asked_for_is_served(house: StoryHouse) -> None:
    wished(house, revision="7" * 40).approve()
    assert house.endpoints.orders[0].revision == "7" * 40


@pytest.mark.parametrize(("by", "condition"), [("ada", "reviewer-not-requester"), ("eve", "reviewer-may-write")])
def test_who_may_not_approve_a_job_may_not_approve_an_endpoint(house: StoryHouse, by: str, condition: str) -> None:
    wished(house).approve(by)
    before = before_review(house.present)
    assert before is not None
    assert condition in failing(explain(house.present, before))
    assert house.endpoints.orders == []


def test_a_cap_shortens_its_life(house: StoryHouse) -> None:
    wished(house, cap_usd="1.20").approve()
    house.clock.wait(2 * 3600)
    sweep(house.office)
    assert house.endpoints.own() == ()
    assert money(house) == (Decimal(0), Decimal("1.20"))


def test_over_the_budget_it_is_not_approved(house: StoryHouse) -> None:
    wished(house, lifetime="8d").approve()
    before = before_review(house.present)
    assert before is not None
    assert "budget-room" in failing(explain(house.present, before))


def test_a_dearer_price_ends_the_approval(house: StoryHouse) -> None:
    wished(house)
    house.endpoints.price = Decimal("0.70")
    house.approve()
    assert house.state is State.AWAITING_REVIEW
    assert house.endpoints.orders == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"flavor": "h900-x1"}, "price table"),
        ({"repository": "ada/absent"}, "upload it first"),
        ({"repository": "spam"}, "owner/name"),
        ({"purpose": " "}, "`purpose` is empty"),
        ({"smoke_input": ""}, "`smoke_input` is empty"),
        ({"lifetime": "soon"}, "soon"),
        ({"cap_usd": "0"}, "`cap_usd`"),
        ({"min_replica": 3}, "`min_replica`"),
    ],
)
def test_what_cannot_be_had_is_refused_with_words(house: StoryHouse, change: JsonObject, words: str) -> None:
    house.script(calls(("d", "deploy_endpoint", {**ENDPOINT, **change})), done()).ask()
    assert house.state is State.DONE
    assert words in house.present.memory.past("deploy_endpoint")[0].result.text


# --- what does not come up -------------------------------------------------------------------------------------------


def test_what_certainly_was_not_made_costs_nothing_and_the_words_are_the_hubs(house: StoryHouse) -> None:
    house.endpoints.faults = [JobError("no credit left; add some under Billing")]
    wished(house).approve()
    assert house.state is State.DONE
    assert "no credit left" in house.present.memory.past("deploy_endpoint")[0].result.text
    assert money(house) == (Decimal(0), Decimal(0))


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("it fails", "it is failed"),
        ("it answers nonsense", "it answered 500"),
        ("it never wakes", "not ready after 30 minutes"),
    ],
)
def test_what_does_not_answer_is_taken_away_and_only_its_time_is_paid(house: StoryHouse, how: str, words: str) -> None:
    house.endpoints.comes_up_after = timedelta(minutes=5)
    wished(house).approve()
    house.clock.wait(10 * 60)
    match how:
        case "it fails":
            house.endpoints.broken |= set(house.endpoints.there)
        case "it answers nonsense":
            house.endpoints.answer = JobError("it answered 500")
        case _:
            house.endpoints.answer = None
            house.go_on()
            assert house.state is State.AWAITING_JOB
            house.clock.wait(21 * 60)
    house.go_on()
    assert house.state is State.DONE
    assert house.answer("deploy_endpoint")["state"] == "failed"
    assert words in str(house.answer("deploy_endpoint")["message"])
    assert house.endpoints.own() == ()
    held, captured = money(house)
    assert (held, captured) == (0, house.present.memory.jobs_usd)
    assert Decimal("0.10") <= captured <= Decimal("0.32")


def test_changes_that_are_requested_while_it_comes_up_end_it(house: StoryHouse) -> None:
    house.endpoints.comes_up_after = timedelta(minutes=5)
    wished(house).approve()
    house.clock.wait(60)
    house.request_changes("not this week")
    assert house.state is State.DONE
    assert "not this week" in house.present.memory.past("deploy_endpoint")[0].result.text
    assert house.endpoints.own() == ()


# --- its end ---------------------------------------------------------------------------------------------------------


def test_its_price_is_taken_as_it_runs_and_never_more_than_was_approved(house: StoryHouse) -> None:
    wished(house).approve()
    house.clock.wait(5 * 3600)
    sweep(house.office)
    assert money(house) == (Decimal("3.00"), Decimal("3.00"))
    sweep(house.office)
    assert money(house) == (Decimal("3.00"), Decimal("3.00"))
    house.clock.wait(50 * 3600)
    assert [ref.launch_key for ref in sweep(house.office)] == [house.endpoints.orders[0].launch_key]
    assert money(house) == (Decimal(0), Decimal("6.00"))
    assert house.endpoints.own() == ()
    assert sweep(house.office) == ()


def test_a_look_at_a_young_one_writes_nothing(house: StoryHouse) -> None:
    wished(house).approve()
    house.clock.wait(60)
    head = house.ledger.head
    sweep(house.office)
    assert house.ledger.head == head


def test_stop_ends_it_also_when_the_session_is_over(house: StoryHouse) -> None:
    wished(house).approve()
    house.clock.wait(3600)
    stop(house.present, by="ada")
    assert house.endpoints.own() == ()
    assert money(house) == (Decimal(0), Decimal("0.60"))
    assert house.present.memory.jobs_usd == Decimal("0.60")
    stop(house.present, by="ada")
    assert money(house) == (Decimal(0), Decimal("0.60"))


def test_stop_while_it_comes_up_ends_it(house: StoryHouse) -> None:
    house.endpoints.comes_up_after = timedelta(minutes=5)
    wished(house).approve()
    stop(house.present, by="ada")
    assert house.state is State.STOPPED
    assert house.endpoints.own() == ()
    assert money(house)[0] == 0


def test_one_that_somebody_took_away_by_hand_is_paid_for_its_time_and_no_more(house: StoryHouse) -> None:
    wished(house).approve()
    house.clock.wait(3600)
    house.endpoints.there.clear()
    sweep(house.office)
    held, captured = money(house)
    assert held == 0
    assert Decimal("0.60") <= captured <= Decimal("0.61")


def test_one_that_somebody_paused_is_over(house: StoryHouse) -> None:
    wished(house).approve()
    house.endpoints.paused |= set(house.endpoints.there)
    assert len(sweep(house.office)) == 1
    assert house.endpoints.own() == ()


def test_the_sweeper_leaves_alone_what_lives_and_what_another_session_looks_after(house: StoryHouse) -> None:
    wished(house).approve()
    assert sweep(house.office) == ()
    house.clock.wait(11 * 3600)
    assert sweep(house.office, spare=house.present.began.session) == ()
    assert len(house.endpoints.own()) == 1


def test_the_sweeper_takes_away_what_no_ledger_knows(house: StoryHouse) -> None:
    wished(house).approve()
    house.endpoints.there["intern-stray-1"] = house.clock.now()
    assert [ref.launch_key for ref in sweep(house.office)] == ["intern-stray-1"]
    assert len(house.endpoints.own()) == 1


def test_a_wake_of_its_session_ends_it_too(house: StoryHouse) -> None:
    ask = calls(("q", "ask_person", {"question": "go on?"}))
    wished(house, ask).approve()
    assert house.state is State.AWAITING_INPUT
    house.clock.wait(11 * 3600)
    wake(house.present)
    assert house.endpoints.own() == ()
    assert house.present.memory.jobs_usd == Decimal("6.00")


# --- once, whatever dies when ------------------------------------------------------------------------------------------


def test_an_answer_that_is_lost_is_looked_for_not_asked_for_again(house: StoryHouse) -> None:
    house.endpoints.lost_answers = 1
    wished(house)
    with pytest.raises(OutsideError):
        house.approve()
    house.anew().go_on()
    assert house.state is State.DONE
    assert len(house.endpoints.orders) == len(house.endpoints.own()) == 1


def test_a_stop_between_the_making_and_its_record_still_ends_it(house: StoryHouse) -> None:
    house.endpoints.lost_answers = 1
    wished(house)
    with pytest.raises(OutsideError):
        house.approve()
    house.clock.wait(3600)
    house.anew()
    stop(house.present, by="ada")
    assert house.endpoints.own() == ()
    assert money(house)[0] == 0
    assert money(house)[1] >= Decimal("0.60")


def test_one_whose_session_never_woke_again_is_swept_when_its_time_is_up(house: StoryHouse) -> None:
    house.endpoints.lost_answers = 1
    wished(house)
    with pytest.raises(OutsideError):
        house.approve()
    house.anew()
    assert sweep(house.office) == ()
    house.clock.wait(11 * 3600)
    assert len(sweep(house.office)) == 1
    assert house.endpoints.own() == ()
    assert money(house) == (Decimal(0), Decimal("6.00"))
    house.go_on()
    assert house.state is State.DONE
    assert house.answer("deploy_endpoint")["state"] == "ended"
    assert len(house.endpoints.orders) == 1


def approved_and_killed(house: StoryHouse) -> bool:
    """Approve and go on to the end, and stop what serves, through one death; whether there was one."""
    try:
        house.anew().approve()
        house.clock.wait(3600)
        stop(house.present, by="ada")
    except KilledHere:
        house.use(SilentWatcher())
        house.anew().go_on()
        stop(house.present, by="ada")
        return True
    return False


def ended_well(house: StoryHouse) -> bool:
    """Whether there was one endpoint, it is gone, and its price was taken once and told once."""
    held, captured = money(house)
    return (
        house.state.over
        and len(house.endpoints.orders) == 1
        and house.endpoints.own() == ()
        and held == 0
        and house.present.memory.jobs_usd == captured
    )


def test_killed_at_every_event_there_is_one_endpoint_and_one_price(tmp_path: Path) -> None:
    for after in range(1, 40):
        with opened(tmp_path / str(after)) as house:
            wished(house)
            house.use(DiesAtEvent(after))
            killed = approved_and_killed(house)
            assert ended_well(house), after
            if not killed:
                return
    pytest.fail("it never came to its end")


def test_killed_after_every_word_in_the_ledger_there_is_one_endpoint_and_one_price(tmp_path: Path) -> None:
    for after in range(1, 40):
        with opened(tmp_path / str(after)) as house:
            branch = DiesAtEntry()
            house.branch = branch
            wished(house.anew())
            branch.left = after
            killed = approved_and_killed(house)
            assert ended_well(house), after
            if not killed:
                return
    pytest.fail("it never came to its end")


# --- beside other things ---------------------------------------------------------------------------------------------


def test_a_model_is_uploaded_and_served_in_one_session_and_a_job_is_planned_beside_it(house: StoryHouse) -> None:
    up = calls(("u", "hf_upload_model", {"repository": "ada/new", "source": "weights"}))
    write = calls(("m", "write_file", {"path": "weights/model.bin", "content": "0"}))
    serve = calls(("d", "deploy_endpoint", {**ENDPOINT, "repository": "ada/new"}))
    house.script(write, up, serve, *proposal(), done()).ask().approve()
    serving = next(iter(house.present.memory.planned.values())).digest
    assert house.state is State.AWAITING_REVIEW
    house.approve().end_job()
    assert house.state is State.DONE
    assert house.endpoints.orders[0].revision == house.hub.stands["ada/new"]
    assert len(house.endpoints.own()) == 1
    assert money(house, serving)[0] > 0
    house.clock.wait(11 * 3600)
    sweep(house.office)
    assert money(house, serving) == (Decimal(0), Decimal("6.00"))


def test_without_any_endpoint_the_ledger_is_not_asked(house: StoryHouse) -> None:
    assert house.endpoints.status(JobRef(backend="story", id="x", launch_key="y")).made_at is None
    house.script(done()).ask()
    assert house.state is State.DONE
