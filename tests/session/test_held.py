"""Held calls that are not jobs, as stories: what is written over, what is not on the list, what is said to somebody."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from intern_action.core.effects import Contacts, Effect, Pushes, WritesHub
from intern_action.core.events import Allowed, Event
from intern_action.core.judgement import ApprovalPolicy
from intern_action.core.states import State
from intern_action.core.types import JsonObject, Reply
from intern_action.session.review import before_review, explain
from intern_action.session.stopping import stop
from tests.fakes.approvals import failing
from tests.fakes.git_world import make_world
from tests.fakes.house import KilledHere, StoryHouse, done, proposal
from tests.fakes.killed_here import DiesAtEvent
from tests.fakes.thinking import NamedTool, SilentWatcher, calls

TAKEN = "grace/spam-filter"
STANDS = "1a2b3c4d" * 5
MODEL = calls(("w", "write_file", {"path": "model/weights.txt", "content": "0.25\n"}))


def overwrite(call_id: str = "u", repository: str = TAKEN, *, over: bool = True) -> Reply:
    """Return the wish to upload the folder `model`."""
    return calls((call_id, "hf_upload_model", {"repository": repository, "source": "model", "overwrite": over}))


@pytest.fixture
def house(tmp_path: Path) -> Generator[StoryHouse]:
    with StoryHouse(make_world(tmp_path / "world")) as house:
        house.hub.stands[TAKEN] = STANDS
        yield house


def proposed(house: StoryHouse) -> StoryHouse:
    """An overwriting lies before its reviewers."""
    house.script(MODEL, overwrite(), done()).ask()
    assert house.state is State.AWAITING_REVIEW
    return house


def upload_answer(house: StoryHouse) -> JsonObject:
    return house.answer("hf_upload_model")


def why_not(house: StoryHouse) -> set[str]:
    """The names of the conditions that fail."""
    before = before_review(house.present)
    assert before is not None
    return failing(explain(house.present, before))


# --- the plan ----------------------------------------------------------------------------------------------------------


def test_overwriting_becomes_a_plan_that_pins_what_stands_there_and_costs_nothing(house: StoryHouse) -> None:
    made = proposed(house).ledger.newest_plan(house.present.began.session)
    assert made is not None
    plan = made.plan
    assert isinstance(plan.asks, WritesHub)
    assert (plan.asks.repository, plan.parent, plan.cap_usd, plan.quote) == (TAKEN, STANDS, 0, None)
    assert len(plan.content) == 40
    assert house.present.memory.why == f"needs a review: it overwrites {TAKEN}, which stands at 1a2b3c4; costs nothing"
    assert house.hub.uploads == []


def test_there_is_a_pull_request_for_a_plan_without_any_code(house: StoryHouse) -> None:
    base = house.push({"model/weights.txt": "0.5\n"}, branch="main")
    house.world = replace(house.world, base=base)
    house.script(overwrite(), done()).ask()
    assert house.state is State.AWAITING_REVIEW
    assert house.forge.pull_request(house.pull_request).draft
    assert house.approve().state is State.DONE
    assert [repository for repository, _ in house.hub.uploads] == [TAKEN]


def test_a_repository_outside_of_the_list_is_brought_before_people(house: StoryHouse) -> None:
    house.push({".github/intern.yml": "approvals: {hub_repositories: [ada/*]}\n"}, branch="main")
    house.script(MODEL, overwrite(repository="elsewhere/new", over=False), done()).ask()
    assert house.state is State.AWAITING_REVIEW
    assert house.present.memory.why == "needs a review: it makes elsewhere/new on the Hub; costs nothing"
    assert house.approve().state is State.DONE
    assert [repository for repository, _ in house.hub.uploads] == ["elsewhere/new"]


def test_what_is_held_by_the_list_and_would_overwrite_unasked_is_refused(house: StoryHouse) -> None:
    house.push({".github/intern.yml": "approvals: {hub_repositories: [ada/*]}\n"}, branch="main")
    house.script(MODEL, overwrite(over=False), done()).ask()
    assert house.state is State.DONE
    assert "exists already" in str(upload_answer(house)["words"])


def test_a_folder_that_is_not_there_makes_no_plan(house: StoryHouse) -> None:
    house.script(overwrite(), done()).ask()
    assert house.state is State.DONE
    assert upload_answer(house)["words"] == "there is no model to upload"


# --- the approval ------------------------------------------------------------------------------------------------------


def test_an_approval_uploads_once_over_the_pinned_revision_and_answers_the_call(house: StoryHouse) -> None:
    proposed(house).approve()
    assert house.state is State.DONE
    assert [repository for repository, _ in house.hub.uploads] == [TAKEN]
    assert upload_answer(house)["state"] == "completed"
    assert upload_answer(house)["revision"] == "e" * 40
    assert house.ledger.consumed(house.digest) is not None
    assert house.ledger.held(house.digest) == 0
    assert house.ledger.jobs(house.digest) == ()
    house.anew().go_on()
    assert len(house.hub.uploads) == 1


def test_no_money_is_set_aside_where_the_budget_has_none(house: StoryHouse) -> None:
    house.limits = house.limits.__class__(month_usd=Decimal(0))
    assert proposed(house).approve().state is State.DONE
    assert len(house.hub.uploads) == 1


def test_the_plan_code_is_for_costly_plans_only(house: StoryHouse) -> None:
    house.push({".github/intern.yml": "approvals: {code_above_usd: 0.00}\n"}, branch="main")
    assert proposed(house).approve().state is State.DONE


@pytest.mark.parametrize("by", ["ada", "eve"])
def test_who_may_not_approve_a_job_may_not_approve_this_either(house: StoryHouse, by: str) -> None:
    assert proposed(house).approve(by=by).state is State.AWAITING_REVIEW
    assert house.hub.uploads == []


def test_two_people_are_asked_where_the_policy_wants_two(house: StoryHouse) -> None:
    house.push({".github/intern.yml": "approvals: {people_needed: 2}\n"}, branch="main")
    assert proposed(house).approve().state is State.AWAITING_REVIEW
    assert why_not(house) == {"people-enough"}


def test_another_revision_on_the_hub_voids_the_approval(house: StoryHouse) -> None:
    proposed(house).hub.stands[TAKEN] = "9" * 40
    assert house.approve().state is State.AWAITING_REVIEW
    assert why_not(house) == {"parent-unchanged"}
    assert house.hub.uploads == []


def test_a_push_after_the_plan_voids_the_approval(house: StoryHouse) -> None:
    proposed(house).push({"model/weights.txt": "666\n"})
    assert house.approve().state is State.AWAITING_REVIEW
    assert house.hub.uploads == []


def test_a_plan_that_expired_uploads_nothing(house: StoryHouse) -> None:
    proposed(house).clock.wait(4 * 24 * 3600)
    assert house.approve().state is State.AWAITING_REVIEW
    assert why_not(house) == {"plan-unexpired"}


class Meddler(SilentWatcher):
    """Somebody else writes the repository in the moment in which an approval is journaled."""

    def __init__(self, house: StoryHouse) -> None:
        self.house = house

    def happened(self, event: Event) -> None:
        if isinstance(event, Allowed):
            self.house.hub.stands[TAKEN] = "8" * 40


def test_somebody_who_writes_in_the_last_moment_is_not_overwritten_and_the_agent_is_told(house: StoryHouse) -> None:
    proposed(house).use(Meddler(house))
    house.anew().approve()
    assert house.hub.stands[TAKEN] == "8" * 40
    assert upload_answer(house)["state"] == "failed"
    assert "somebody wrote there meanwhile" in str(upload_answer(house)["message"])
    assert house.state is State.DONE


# --- a no ----------------------------------------------------------------------------------------------------------------


def test_the_words_of_a_refusal_reach_the_agent(house: StoryHouse) -> None:
    proposed(house).request_changes("make a new repository for it")
    assert upload_answer(house) == {"state": "refused", "by": "grace", "words": "make a new repository for it"}
    assert house.state is State.DONE
    assert house.hub.uploads == []
    assert house.ledger.dropped(house.digest) is not None


def test_stopping_takes_the_plan_back(house: StoryHouse) -> None:
    stop(proposed(house).present, by="ada")
    house.approve()
    assert house.state is State.STOPPED
    assert house.hub.uploads == []


def test_a_newer_plan_takes_the_place_of_the_one_before(house: StoryHouse) -> None:
    house.script(MODEL, overwrite(), overwrite("u2"), done()).ask()
    first = house.digest
    house.request_changes("wait for the other one")
    assert house.state is State.AWAITING_REVIEW
    assert house.digest != first
    assert house.approve().state is State.DONE
    assert len(house.hub.uploads) == 1


def test_one_plan_at_a_time(house: StoryHouse) -> None:
    two = calls(
        ("u", "hf_upload_model", {"repository": TAKEN, "source": "model", "overwrite": True}),
        ("u2", "hf_upload_model", {"repository": TAKEN, "source": "model", "overwrite": True}),
    )
    house.script(MODEL, two, done()).ask().approve()
    assert len(house.hub.uploads) == 1
    assert house.state is State.DONE


def test_a_trained_model_is_written_over_the_last_one(house: StoryHouse) -> None:
    over = calls(("u", "hf_upload_model", {"repository": TAKEN, "source": "job", "overwrite": True}))
    house.script(*proposal(), over, done()).ask().approve().end_job()
    assert house.state is State.AWAITING_REVIEW
    assert house.approve().state is State.DONE
    assert [repository for repository, _ in house.hub.uploads] == [TAKEN]


# --- killed anywhere -----------------------------------------------------------------------------------------------------


def test_killed_at_every_event_it_is_done_once(tmp_path: Path) -> None:
    kinds: list[list[str]] = []
    for after in range(1, 30):
        with StoryHouse(make_world(tmp_path / str(after))) as house:
            house.hub.stands[TAKEN] = STANDS
            proposed(house)
            house.use(DiesAtEvent(after))
            try:
                house.anew().approve()
            except KilledHere:
                house.use(SilentWatcher())
                house.anew().go_on()
            assert house.state is State.DONE, after
            assert len(house.hub.uploads) == 1, after
            assert upload_answer(house)["state"] == "completed", after
            kinds.append([kind for kind in house.kinds() if kind in {"planned", "allowed", "published", "answered"}])
            if house.watcher.__class__ is DiesAtEvent:
                break
    assert len(kinds) > 4
    assert all(found == kinds[-1] for found in kinds)


def test_an_upload_whose_event_was_lost_is_adopted(house: StoryHouse) -> None:
    proposed(house).hub.lost_answers = 1
    with pytest.raises(KilledHere):
        house.approve()
    house.anew().go_on()
    assert house.state is State.DONE
    assert len(house.hub.uploads) == 1
    assert upload_answer(house)["state"] == "completed"


def test_a_queued_upload_whose_event_was_lost_is_adopted_and_not_said_to_exist_already(house: StoryHouse) -> None:
    house.hub.lost_answers = 1
    house.script(MODEL, overwrite(repository="ada/new", over=False), done())
    with pytest.raises(KilledHere):
        house.ask()
    house.anew().go_on()
    assert house.state is State.DONE
    assert len(house.hub.uploads) == 1
    assert [done.what for done in house.present.memory.published] == ["hub-model"]


# --- messages and pushes -------------------------------------------------------------------------------------------------


def tell(call_id: str = "n") -> Reply:
    """Return the wish to say something to somebody."""
    return calls((call_id, "notify", {"text": "the new filter is out"}))


def no_message(effects: Sequence[Effect], _policy: ApprovalPolicy) -> str | None:
    """Hold every message."""
    return "messages are looked at first" if any(isinstance(effect, Contacts) for effect in effects) else None


@pytest.fixture
def talking(house: StoryHouse) -> StoryHouse:
    """A house with a tool that sends messages, and a rule that holds them."""
    message = Contacts(destination="#ml", text="the new filter is out")
    house.more_tools = (NamedTool(name="notify", does=lambda _: "queued", has=(message,)),)
    house.more_rules = (no_message,)
    house.anew()
    return house


def said(house: StoryHouse) -> list[str]:
    """What was said on the issue."""
    return [comment.text for comment in house.forge.thread(house.present.began.thread).comments]


def test_a_message_that_a_rule_holds_is_sent_once_after_an_approval(talking: StoryHouse) -> None:
    talking.script(tell(), done()).ask()
    assert talking.state is State.AWAITING_REVIEW
    assert talking.present.memory.why == "needs a review: it sends a message to #ml; costs nothing"
    assert said(talking) == []
    talking.approve()
    talking.anew().go_on()
    assert said(talking) == ["the new filter is out"]
    assert talking.answer("notify")["state"] == "completed"


def test_a_message_that_was_refused_is_not_sent(talking: StoryHouse) -> None:
    talking.script(tell(), done()).ask().request_changes("not yet")
    assert said(talking) == []
    assert talking.state is State.DONE


@pytest.mark.parametrize("after", range(1, 6))
def test_killed_at_every_event_a_message_goes_out_at_most_once(talking: StoryHouse, after: int) -> None:
    talking.script(tell(), done()).ask().use(DiesAtEvent(after))
    with pytest.raises(KilledHere):
        talking.anew().approve()
    talking.use(SilentWatcher())
    talking.anew().go_on()
    assert talking.state is State.DONE
    assert len(said(talking)) <= 1
    assert talking.answer("notify")["state"] == ("completed" if said(talking) else "unknown")


def test_a_rule_sees_the_paths_that_a_push_changes(house: StoryHouse) -> None:
    seen: list[tuple[str, ...]] = []

    def no_model(effects: Sequence[Effect], _policy: ApprovalPolicy) -> str | None:
        seen.extend(effect.paths for effect in effects if isinstance(effect, Pushes))
        changed = any("model/weights.txt" in effect.paths for effect in effects if isinstance(effect, Pushes))
        return "it changes model/weights.txt" if changed else None

    house.more_rules = (no_model,)
    house.anew().script(MODEL, calls(("p", "open_pull_request", {"title": "A model", "body": "why"})), done()).ask()
    assert seen[-1] == ("model/weights.txt",)
    (refused,) = house.present.memory.published
    assert (refused.what, refused.data["why"]) == (
        "not-done",
        "it changes model/weights.txt; a person has to do that",
    )
    assert house.world.bare.head(house.present.began.branch) is None


def test_a_push_that_a_rule_holds_is_refused_with_words_and_makes_no_plan(house: StoryHouse) -> None:
    house.more_rules = (lambda effects, _policy: "nobody pushes here" if effects else None,)
    house.anew().script(MODEL, calls(("p", "open_pull_request", {"title": "A model", "body": "why"})), done()).ask()
    assert house.state is State.DONE
    assert house.answer("open_pull_request")["words"] == "nobody pushes here; control does not do this, a person has to"
