"""A comment as GitHub sends it: whose words are commands, and what claims the event."""

from __future__ import annotations

from typing import Any

import pytest

import intern_action.triggers
from intern_action.core.errors import Misconfigured
from intern_action.core.plugins import plugins
from intern_action.triggers._command import Begin, NotUnderstood
from intern_action.triggers.issue_comment import TRIGGER, Heard, IssueComment


def a_comment(body: str | None = "/intern train X on Y", **changes: object) -> dict[str, Any]:
    """Return a payload with what GitHub sends besides, too."""
    return {
        "action": changes.get("action", "created"),
        "comment": {
            "id": changes.get("id", 99),
            "body": body,
            "user": {"login": changes.get("by", "ada"), "type": changes.get("type", "User"), "id": 5},
            "author_association": "OWNER",
        },
        "issue": {"number": 12, "title": "t", **({"pull_request": {"url": "u"}} if changes.get("pull") else {})},
        "repository": {"full_name": changes.get("repository", "Ours/Repo"), "private": False},
        "sender": {"login": "somebody-else"},
    }


def heard(payload: dict[str, Any]) -> Heard:
    """Return what was heard; something must be."""
    found = TRIGGER.hear(payload)
    assert found is not None
    return found


def test_a_new_comment_of_a_person_is_a_command_with_who_and_where():
    found = heard(a_comment())
    assert found.command == Begin(task="train X on Y")
    assert (found.by, found.thread, found.comment, found.on_pull_request) == ("ada", 12, "99", False)
    assert heard(a_comment(pull=True)).on_pull_request


@pytest.mark.parametrize("payload", [a_comment("just words"), a_comment(None), a_comment("")])
def test_other_comments_are_not_for_us(payload: dict[str, Any]):
    assert TRIGGER.hear(payload) is None


@pytest.mark.parametrize("action", ["edited", "deleted"])
def test_what_was_changed_afterwards_is_no_command(action: str):
    assert TRIGGER.hear(a_comment(action=action)) is None


def test_machines_do_not_command_us():
    assert TRIGGER.hear(a_comment(type="Bot", by="helper[bot]")) is None


def test_a_comment_of_a_deleted_account_is_nobodys():
    payload = a_comment()
    payload["comment"]["user"] = None
    assert TRIGGER.hear(payload) is None


def test_what_cannot_be_understood_is_heard_so_that_it_can_be_answered():
    assert isinstance(heard(a_comment("/intern --modle x train")).command, NotUnderstood)


def test_the_same_event_again_has_the_same_key_and_any_other_has_not():
    key = heard(a_comment()).key
    assert heard(a_comment()).key == key == heard(a_comment(repository="ours/repo")).key
    others = [a_comment("/intern train X on Z"), a_comment(id=100), a_comment(repository="theirs/repo")]
    assert len({key, *(heard(other).key for other in others)}) == 4


@pytest.mark.parametrize("payload", [{}, {"action": "created"}, {**a_comment(), "issue": {"number": "twelve"}}])
def test_a_payload_of_another_shape_is_refused(payload: dict[str, Any]):
    with pytest.raises(Misconfigured, match="no issue_comment event"):
        TRIGGER.hear(payload)


def test_the_file_is_the_plugin():
    assert TRIGGER in plugins(intern_action.triggers, "TRIGGER", IssueComment)
    assert TRIGGER.event == "issue_comment"
