"""What the policy allows, from the first word to the approval: models, files that stay as they are, tiers of prices."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from intern_action.core.digests import plan_code
from intern_action.core.errors import NotAllowed
from intern_action.core.incoming import Asked, Begin, Origin
from intern_action.core.states import State
from intern_action.core.types import Permission
from intern_action.session.admit import Request, tell
from intern_action.session.receive import receive
from intern_action.session.review import before_review, explain
from tests.fakes.approvals import failing
from tests.fakes.git_world import make_world
from tests.fakes.house import StoryHouse, done, proposal
from tests.fakes.thinking import calls, says

POLICY = ".github/intern.yml"
BAD = calls(("x", "write_file", {"path": "deploy/prod.yaml", "content": "replicas: 9\n"}))


@pytest.fixture
def house(tmp_path: Path) -> Generator[StoryHouse]:
    with StoryHouse(make_world(tmp_path / "world")) as house:
        yield house


def policy(house: StoryHouse, words: str) -> StoryHouse:
    house.push({POLICY: f"{words}\n"}, branch="main")
    return house


def why_not(house: StoryHouse) -> set[str]:
    before = before_review(house.present)
    assert before is not None
    return failing(explain(house.present, before))


# --- models --------------------------------------------------------------------------------------------------------------


def test_a_model_that_is_not_on_the_list_begins_nothing_and_is_named(house: StoryHouse) -> None:
    policy(house, "approvals: {models: [anthropic/*, recipes]}").script(done())
    with pytest.raises(NotAllowed, match=r"the model scripted is not one of .*anthropic/\*, recipes"):
        house.ask()
    assert house.ledger.admissions() == ()


def test_whoever_asked_for_it_in_a_comment_is_answered(house: StoryHouse) -> None:
    policy(house, "approvals: {models: [recipes]}")
    thread = house.forge.open_issue(title="t", body="/intern train", by="ada").number
    origin = Origin(by="ada", thread=thread, mark="c1", at=house.clock.now(), key="e1")
    request = Request(event_key="e1", task="t", requester="ada", thread=thread, base_sha="0" * 40, model="gpt-9")
    told = receive(house.office, Asked(origin=origin, command=Begin(task="train")), lambda _task, _origin: request)
    assert "gpt-9" in told.answer
    assert "recipes" in told.answer
    assert told.session == ""


def test_a_model_on_the_list_goes_on(house: StoryHouse) -> None:
    policy(house, "approvals: {models: [Script*]}").script(done()).ask()
    assert house.state is State.DONE


def test_a_model_that_left_the_list_is_asked_nothing_more_and_its_job_is_cancelled(house: StoryHouse) -> None:
    house.script(*proposal(), done()).ask().approve()
    replies = house.present.memory.replies
    policy(house, "approvals: {models: [recipes]}")
    house.anew().go_on()
    assert (house.state, house.present.memory.replies, house.jobs.alive()) == (State.STOPPED, replies, ())
    assert "the model scripted is no longer one of" in house.present.memory.why


def test_what_a_session_that_is_over_left_serving_goes_on_without_its_model(house: StoryHouse) -> None:
    house.hub.stands["ada/spam"] = "5e" * 20
    wish = {"repository": "ada/spam", "flavor": "intel-spr-x1", "lifetime": "10h", "purpose": "p", "smoke_input": "s"}
    house.script(calls(("d", "deploy_endpoint", wish)), done()).ask().approve()
    policy(house, "approvals: {models: [recipes]}")
    house.anew().go_on()
    assert (house.state, len(house.endpoints.own())) == (State.DONE, 1)


# --- protected paths -----------------------------------------------------------------------------------------------------


def test_work_that_changes_a_protected_file_is_not_published_and_the_path_is_named(house: StoryHouse) -> None:
    write, smoke, _, job = proposal()
    policy(house, "protected: [deploy/**]").script(write, BAD, smoke, job, says("so be it")).ask()
    assert house.answer()["state"] == "refused"
    assert "deploy/prod.yaml" in str(house.answer()["words"])
    assert house.forge.pulls == {}
    assert house.world.bare.head(house.present.began.branch) is None


def test_a_pull_request_for_such_work_is_not_opened(house: StoryHouse) -> None:
    write, smoke, pull, _ = proposal()
    policy(house, "protected: [deploy/**]").script(write, BAD, smoke, pull, done()).ask()
    (told,) = [one for one in house.present.memory.published if one.what == "not-done"]
    assert "deploy/prod.yaml" in told.data["why"]
    assert house.forge.pulls == {}


def test_what_is_changed_after_the_pull_request_was_opened_is_not_added_to_it(house: StoryHouse) -> None:
    write, smoke, pull, _ = proposal()
    policy(house, "protected: [deploy/**]").script(write, smoke, pull, calls(("q", "ask_person", {"question": "?"})))
    house.ask()
    head = house.world.bare.head(house.present.began.branch)
    house.script(BAD, done())
    tell(house.present, by="ada", words="more machines, please")
    house.go_on()
    assert (house.state, house.present.memory.exit_code) == (State.FAILED, 3)
    assert "deploy/prod.yaml" in house.present.memory.why
    assert house.world.bare.head(house.present.began.branch) == head


def test_a_file_that_became_protected_is_not_approved_with_the_plan_that_changes_it(house: StoryHouse) -> None:
    write, smoke, pull, job = proposal()
    house.script(write, BAD, smoke, pull, job, done()).ask()
    assert house.state is State.AWAITING_REVIEW
    policy(house, "protected: [deploy]")
    house.approve()
    assert (house.state, house.jobs.orders) == (State.AWAITING_REVIEW, [])
    assert {"protected-untouched"} <= why_not(house)


# --- tiers ---------------------------------------------------------------------------------------------------------------


def test_a_dear_plan_needs_two_people_and_the_page_says_so(house: StoryHouse) -> None:
    house.forge.people["hedy"] = Permission.WRITE
    words = "approvals: {tiers: {large: {above_usd: 0.50, people_needed: 2, code: true}}}"
    policy(house, words).script(*proposal(), done()).ask()
    code = plan_code(house.digest)
    assert house.approve(body=code).state is State.AWAITING_REVIEW
    assert house.approve("hedy").state is State.AWAITING_REVIEW
    assert why_not(house) == {"people-enough", "review-names-plan"}
    assert house.approve("hedy", body=code).state is State.AWAITING_JOB


def test_a_cheap_plan_needs_one(house: StoryHouse) -> None:
    words = "approvals: {tiers: {large: {above_usd: 0.60, people_needed: 2, code: true}}}"
    policy(house, words).script(*proposal(), done()).ask()
    assert house.approve().state is State.AWAITING_JOB
