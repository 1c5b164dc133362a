"""What GitHub really sends, heard: its own examples of every event, and its schemas as the judge of what is changed in them.

`make judges` lays both out (`@octokit/webhooks-examples`, `@octokit/webhooks-schemas`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from intern_action.core.incoming import Asked, Begin, Doorbell, Feedback, Nothing
from intern_action.triggers import hear, triggers
from intern_action.triggers._command import Bounds
from tests.triggers import payloads

PLACE = Path(__file__).parent.parent.parent / ".cache" / "judges" / "github" / "node_modules" / "@octokit"
BOUNDS = Bounds(presets={"intern": "", "bug": "--flavor t4-small"})


@cache
def examples() -> Mapping[str, list[dict[str, Any]]]:
    """Return GitHub's examples by event."""
    index = json.loads((PLACE / "webhooks-examples" / "api.github.com" / "index.json").read_text(encoding="utf-8"))
    return {one["name"]: one["examples"] for one in index}


@cache
def schema() -> dict[str, Any]:
    return json.loads((PLACE / "webhooks-schemas" / "schema.json").read_text(encoding="utf-8"))


def flaws(event: str, payload: Mapping[str, Any]) -> list[str]:
    """Return what GitHub's schema says against a payload."""
    action = "event" if event in {"workflow_dispatch", "repository_dispatch"} else payload["action"]
    wanted = {"$ref": f"#/definitions/{event}${action}", "definitions": schema()["definitions"]}
    return [
        f"{error.json_path}: {error.message[:200]}" for error in jsonschema.Draft7Validator(wanted).iter_errors(payload)
    ]


def example(event: str, action: str | None = None) -> dict[str, Any]:
    """Return a copy of the newest example that the schema takes."""
    for one in reversed(examples()[event]):
        if (action is None or one["action"] == action) and not flaws(event, one):
            return deepcopy(one)
    raise AssertionError(f"no valid example of {event} {action}")


def merged(below: object, above: object) -> Any:  # noqa: ANN401 - a part of a payload
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{key: merged(below.get(key), value) for key, value in above.items()}}
    return above


# --- everything there is -----------------------------------------------------------------------------------------------


def test_every_example_of_every_event_is_heard_and_those_of_others_are_one_line():
    heard = {event: [hear(event, one, BOUNDS) for one in every] for event, every in examples().items()}
    assert set(heard) >= set(triggers()) - {"schedule"}
    assert sum(map(len, heard.values())) > 300
    others = [found for event, all_of_it in heard.items() if event not in triggers() for found in all_of_it]
    assert {type(found) for found in others} == {Nothing}


@pytest.mark.parametrize(
    ("event", "action", "kind"),
    [
        ("issue_comment", "created", Nothing),
        ("issue_comment", "edited", Nothing),
        ("issue_comment", "deleted", Nothing),
        ("issues", "labeled", Asked),
        ("issues", "opened", Nothing),
        ("pull_request", "closed", Doorbell),
        ("pull_request", "synchronize", Doorbell),
        ("pull_request", "opened", Nothing),
        ("pull_request_review", "submitted", Doorbell),
        ("pull_request_review", "dismissed", Doorbell),
        ("pull_request_review_comment", "created", Feedback),
        ("pull_request_review_comment", "edited", Nothing),
        ("repository_dispatch", None, Nothing),
        ("workflow_dispatch", None, Doorbell),
        ("workflow_run", "completed", Doorbell),
        ("workflow_run", "requested", Nothing),
    ],
)
def test_each_kind_of_example_becomes_what_it_should(event: str, action: str | None, kind: type):
    assert isinstance(hear(event, example(event, action), BOUNDS), kind)


# --- changed, and still GitHub's -----------------------------------------------------------------------------------------


def changed(event: str, action: str | None, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return an example with changes that the schema takes."""
    payload = merged(example(event, action), changes)
    assert flaws(event, payload) == []
    return payload


def test_a_command_in_a_comment_arrives_with_author_time_and_issue():
    payload = changed("issue_comment", "created", {"comment": {"body": "/intern --flavor t4-small train\r\nmore"}})
    found = hear("issue_comment", payload, BOUNDS)
    assert isinstance(found, Asked)
    assert isinstance(found.command, Begin)
    assert found.command.task == "train\nmore"
    assert found.origin.by == payload["comment"]["user"]["login"]
    assert found.origin.thread == payload["issue"]["number"]
    assert found.origin.at is not None
    assert found.origin.seen is not None
    assert found.origin.seen.title == payload["issue"]["title"]
    assert not found.origin.on_pull_request


def test_a_comment_in_the_conversation_of_a_pull_request_says_so():
    link = "https://api.github.com/repos/octo-org/octo-repo/pulls/1"
    on = {"url": link, "html_url": link, "diff_url": link, "patch_url": link}
    payload = changed("issue_comment", "created", {"comment": {"body": "/intern why"}, "issue": {"pull_request": on}})
    found = hear("issue_comment", payload, BOUNDS)
    assert isinstance(found, Asked)
    assert found.origin.on_pull_request


def test_an_approval_rings_for_its_pull_request():
    payload = changed("pull_request_review", "submitted", {"review": {"state": "approved", "body": "intern:1a2b3c4d"}})
    assert hear("pull_request_review", payload, BOUNDS) == Doorbell(
        why="review", pull_requests=(payload["pull_request"]["number"],)
    )


def test_a_label_counts_for_its_sender_who_need_not_be_the_author():
    payload = changed("issues", "labeled", {"sender": {"login": "grace"}, "label": {"name": "bug"}})
    found = hear("issues", payload, BOUNDS)
    assert isinstance(found, Asked)
    assert isinstance(found.command, Begin)
    assert (found.origin.by, found.command.wishes.flavor) == ("grace", "t4-small")
    assert payload["issue"]["user"]["login"] != "grace"


def test_a_comment_that_an_app_wrote_for_a_person_is_the_apps():
    app = {
        "id": 1,
        "slug": "helper",
        "node_id": "x",
        "name": "Helper",
        "description": "",
        "permissions": {},
        "events": [],
        "owner": example("issue_comment", "created")["comment"]["user"],
        "external_url": "https://example.org",
        "html_url": "https://example.org",
        "created_at": payloads.AT,
        "updated_at": payloads.AT,
    }
    words = {"body": "/intern train", "performed_via_github_app": app}
    found = hear("issue_comment", changed("issue_comment", "created", {"comment": words}), BOUNDS)
    assert isinstance(found, Asked)
    assert found.origin.machine == "helper"


def test_a_button_with_a_task_is_asked_by_whoever_pressed_it():
    payload = changed("workflow_dispatch", None, {"inputs": {"task": "train X", "issue": "3"}})
    found = hear("workflow_dispatch", payload, BOUNDS, slot="1")
    assert isinstance(found, Asked)
    assert (found.origin.by, found.origin.thread) == (payload["sender"]["login"], 3)


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("issue_comment", payloads.a_comment()),
        ("issues", payloads.a_label()),
        ("pull_request_review", payloads.a_review()),
        ("pull_request_review_comment", payloads.a_line_comment()),
        ("pull_request", payloads.a_pull_request("closed")),
        ("workflow_dispatch", payloads.a_button(task="x")),
        ("repository_dispatch", payloads.a_dispatch(session="x")),
    ],
)
def test_the_payloads_of_the_other_tests_say_nothing_that_github_would_not(event: str, payload: dict[str, Any]):
    for part in ("issue", "pull_request"):
        payload.get(part, {}).pop("labels", None)
    action = None if event.endswith("dispatch") else payload["action"]
    assert (
        flaws(event, merged(example(event), payload) if action is None else merged(example(event, action), payload))
        == []
    )
