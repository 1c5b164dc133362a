"""The built-in planner and what comes after the training: the model goes to the Hub, then somebody is asked for an endpoint."""

from __future__ import annotations

from tests.fakes.recipe_world import Walk, World, given_up

TASK = "fine-tune ada/minilm on ada/mails"


def walked(words: str, world: World | None = None) -> tuple[Walk, str]:
    walk = Walk(world=world or World())
    return walk, walk.say(words).text


def test_the_endpoint_is_asked_for_after_the_upload_and_told_in_the_report():
    walk, last = walked(f"{TASK}, push to ada/spam and deploy it on intel-spr-x1 for 2h")
    (asked,) = walk.world.named("deploy_endpoint")
    names = [call.name for call in walk.world.calls]
    assert names.index("hf_upload_model") < names.index("deploy_endpoint")
    assert (asked["repository"], asked["flavor"], asked["lifetime"]) == ("ada/spam", "intel-spr-x1", "2h")
    assert asked["smoke_input"]
    assert "The endpoint spam-1 answers" in last


def test_without_the_word_nothing_is_deployed():
    walk, last = walked(f"{TASK}, push to ada/spam")
    assert walk.world.named("deploy_endpoint") == []
    assert "endpoint" not in last


def test_what_has_no_place_on_the_hub_is_said_before_anything_costs():
    walk = Walk(world=World())
    reason, because = given_up(walk.say(f"{TASK} and deploy it"))
    assert "push to owner/name" in reason
    assert because == "task"
    assert [call.name for call in walk.world.calls] == ["give_up"]


def test_an_endpoint_that_is_refused_is_among_what_was_not_done():
    world = World(failing={"deploy_endpoint": "Refused by grace: too dear"})
    _, last = walked(f"{TASK}, push to ada/spam and deploy it", world)
    assert "the endpoint: Refused by grace: too dear" in last


def test_a_model_that_was_not_uploaded_is_not_deployed():
    walk, last = walked(f"{TASK}, push to ada/spam and deploy it", World(failing={"hf_upload_model": "ada is full"}))
    assert walk.world.named("deploy_endpoint") == []
    assert "ada is full" in last


def test_the_pull_request_says_that_an_endpoint_will_be_asked_for():
    walk, _ = walked(f"{TASK}, push to ada/spam and deploy it")
    (pull,) = walk.world.named("open_pull_request")
    assert "a plan of its own, with its own price and approval" in str(pull["body"])
