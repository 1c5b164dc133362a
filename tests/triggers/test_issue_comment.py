"""A comment as GitHub sends it: whose words are commands, and what claims the event."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from intern_action.core.errors import Misconfigured
from intern_action.core.incoming import Asked, Begin, Nothing, NotUnderstood
from intern_action.core.types import Thread
from intern_action.triggers.issue_comment import TRIGGER
from tests.triggers.payloads import a_comment, an_account


def asked(payload: dict[str, Any]) -> Asked:
    """Return what was asked; something must be."""
    found = TRIGGER.hear(payload)
    assert isinstance(found, Asked)
    return found


def test_a_new_comment_of_a_person_is_a_command_with_who_where_and_when():
    found = asked(a_comment())
    origin = found.origin
    assert found.command == Begin(task="train X on Y")
    assert (origin.by, origin.machine, origin.thread, origin.mark) == ("ada", "", 12, "99")
    assert (origin.on_pull_request, origin.at) == (False, datetime(2026, 11, 26, 2, tzinfo=UTC))
    assert asked(a_comment(pull=True)).origin.on_pull_request


def test_the_issue_is_kept_as_it_was_when_the_comment_was_made():
    seen = Thread(number=12, title="The filter", body="lets spam through", by="eve")
    assert asked(a_comment()).origin.seen == seen


@pytest.mark.parametrize("payload", [a_comment("just words"), a_comment(None), a_comment("")])
def test_other_comments_are_not_for_us(payload: dict[str, Any]):
    assert isinstance(TRIGGER.hear(payload), Nothing)


@pytest.mark.parametrize("action", ["edited", "deleted"])
def test_what_was_changed_afterwards_is_no_command(action: str):
    assert TRIGGER.hear(a_comment(action=action)) == Nothing(
        words=f"a comment was {action}; only new comments are heard"
    )


@pytest.mark.parametrize(
    ("payload", "machine"),
    [
        (a_comment(type="Bot", by="helper[bot]"), "helper[bot]"),
        (a_comment(by="helper[bot]"), "helper[bot]"),
        (a_comment(type="Mannequin", by="old"), "old"),
        (a_comment(app={"slug": "helper", "id": 1}), "helper"),
        (a_comment(app={"id": 1}), "an App without a name"),
        (a_comment(sender=an_account("helper[bot]", "Bot")), "helper[bot]"),
    ],
)
def test_a_machine_is_known_as_one_also_where_it_speaks_for_a_person(payload: dict[str, Any], machine: str):
    assert asked(payload).origin.machine == machine


def test_a_comment_of_a_deleted_account_is_nobodys():
    payload = a_comment()
    payload["comment"]["user"] = None
    assert isinstance(TRIGGER.hear(payload), Nothing)


def test_what_cannot_be_understood_is_heard_so_that_it_can_be_answered():
    assert isinstance(asked(a_comment("/intern --modle x train")).command, NotUnderstood)


def test_the_same_event_again_has_the_same_key_and_any_other_has_not():
    key = asked(a_comment()).origin.key
    assert asked(a_comment()).origin.key == key == asked(a_comment(repository="ours/repo")).origin.key
    others = [a_comment("/intern train X on Z"), a_comment(id=100), a_comment(repository="theirs/repo")]
    assert len({key, *(asked(other).origin.key for other in others)}) == 4


@pytest.mark.parametrize("payload", [{}, {"action": "created"}, {**a_comment(), "issue": {"number": "twelve"}}])
def test_a_payload_of_another_shape_is_refused(payload: dict[str, Any]):
    with pytest.raises(Misconfigured, match="no issue_comment event"):
        TRIGGER.hear(payload)
