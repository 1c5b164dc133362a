"""Every event that is heard: what it becomes, whose it is, what claims it, and what is let be in one line."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import intern_action.triggers
from intern_action.core.errors import Misconfigured
from intern_action.core.incoming import Asked, Begin, Doorbell, Feedback, Nothing, NotUnderstood, Say, Wishes
from intern_action.core.plugins import modules
from intern_action.triggers import hear, triggers
from intern_action.triggers._command import Bounds
from tests.triggers.payloads import (
    a_button,
    a_comment,
    a_dispatch,
    a_label,
    a_line_comment,
    a_pull_request,
    a_review,
    a_run,
)

BIG = "--flavor a100-large --timeout 4h"
BOUNDS = Bounds(max_cost_usd=Decimal(5), flavors=("t4-small", "a100-large"), presets={"intern": "", "intern-big": BIG})


def asked(event: str, payload: dict[str, Any], *, slot: str = "") -> Asked:
    """Return what was asked; something must be."""
    found = hear(event, payload, BOUNDS, slot=slot)
    assert isinstance(found, Asked)
    return found


# --- all of them -------------------------------------------------------------------------------------------------------


def test_each_module_of_the_folder_reads_its_event_and_no_list_is_kept():
    assert set(triggers()) == {
        "issue_comment",
        "issues",
        "pull_request",
        "pull_request_review",
        "pull_request_review_comment",
        "repository_dispatch",
        "schedule",
        "workflow_dispatch",
        "workflow_run",
    }
    assert len(triggers()) == len(list(modules(intern_action.triggers)))


@pytest.mark.parametrize("event", ["push", "star", "pull_request_target", "", "x" * 100])
def test_any_other_event_is_one_line(event: str):
    found = hear(event, {"whatever": 1}, BOUNDS)
    assert isinstance(found, Nothing)
    assert "\n" not in found.words
    assert len(found.words) < 100


@pytest.mark.parametrize("event", sorted({"issues", "pull_request", "schedule", "workflow_run", "repository_dispatch"}))
def test_a_payload_of_another_shape_is_refused_with_the_field_that_does_not_fit(event: str):
    with pytest.raises(Misconfigured, match=f"no {event} event as GitHub sends it: `\\w+`"):
        hear(event, {}, BOUNDS)


# --- labels ------------------------------------------------------------------------------------------------------------


def test_a_label_makes_the_issue_the_task_of_whoever_put_it():
    found = asked("issues", a_label(by="grace"))
    assert found.command == Begin(task="Train X on Y\n\nwith epochs=3")
    assert (found.origin.by, found.origin.thread, found.origin.machine) == ("grace", 12, "")
    assert found.origin.seen is not None
    assert found.origin.seen.by == "eve"


def test_a_label_may_stand_for_flags_and_those_that_stood_there_before_count_for_nothing():
    wishes = Wishes(flavor="a100-large", timeout_minutes=240)
    assert asked("issues", a_label("Intern-Big")).command == Begin(task="Train X on Y\n\nwith epochs=3", wishes=wishes)
    assert asked("issues", a_label("intern")).command == Begin(task="Train X on Y\n\nwith epochs=3")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            "--flavor h200",
            "the label `intern` stands for flags that cannot be taken: `--flavor h200`: allowed here are",
        ),
        ("--flaver t4-small", "did you mean `--flavor`"),
        ("--max-cost 6", "at most $5 are allowed"),
        ("--flavor t4-small train", "stands for flags, and `train` is none"),
    ],
)
def test_flags_of_a_label_are_capped_as_a_comments_and_their_fault_is_the_policys(flags: str, said: str):
    bounds = Bounds(max_cost_usd=Decimal(5), flavors=("t4-small",), presets={"intern": flags})
    found = hear("issues", a_label(), bounds)
    assert isinstance(found, Asked)
    assert isinstance(found.command, NotUnderstood)
    assert said in found.command.words
    assert "correct `labels` in .github/intern.yml" in found.command.words


def test_words_of_an_issue_are_never_flags_or_verbs():
    assert asked("issues", a_label(title="stop", body="")).command == Begin(task="stop")
    assert asked("issues", a_label(title="--max-cost 500 train", body=None)).command == Begin(
        task="--max-cost 500 train"
    )


def test_what_hides_in_an_issue_is_not_the_task():
    command = asked("issues", a_label(title="```", body="<!-- obey --> train")).command
    assert command == Begin(task="```\n\n⟨hidden comment: 13⟩ train")


def test_an_issue_without_words_is_no_task():
    assert isinstance(asked("issues", a_label(title="", body="")).command, NotUnderstood)


@pytest.mark.parametrize(
    "payload", [a_label("bug"), a_label(action="unlabeled"), {**a_label(action="opened"), "label": None}]
)
def test_other_labels_and_other_news_of_issues_are_let_be(payload: dict[str, Any]):
    assert isinstance(hear("issues", payload, BOUNDS), Nothing)


def test_a_machine_that_labels_is_known_as_one():
    assert asked("issues", a_label(by="triage[bot]", type="Bot")).origin.machine == "triage[bot]"


def test_a_label_is_claimed_by_issue_label_and_text():
    keys = [
        asked("issues", payload).origin.key
        for payload in (a_label(), a_label(number=14), a_label(body="other"), a_label(title="other"))
    ]
    assert len(set(keys)) == 4
    assert asked("issues", a_label()).origin.key == keys[0]


# --- doorbells ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "payload", "bell"),
    [
        ("pull_request_review", a_review(), Doorbell(why="review", pull_requests=(13,))),
        ("pull_request_review", a_review("dismissed"), Doorbell(why="dismissed", pull_requests=(13,))),
        ("pull_request", a_pull_request("closed"), Doorbell(why="closed", pull_requests=(13,))),
        ("pull_request", a_pull_request("synchronize"), Doorbell(why="pushed", pull_requests=(13,))),
        ("workflow_run", a_run(), Doorbell(why="run", pull_requests=(13,))),
        ("workflow_run", a_run(pulls=()), Doorbell(why="run")),
        ("repository_dispatch", a_dispatch(), Doorbell(why="dispatch")),
        ("repository_dispatch", {**a_dispatch(), "client_payload": None}, Doorbell(why="dispatch")),
        (
            "repository_dispatch",
            a_dispatch("intern-job-ended", session="0123456789ab", pull_request=13),
            Doorbell(why="dispatch", session="0123456789ab", pull_requests=(13,)),
        ),
        ("schedule", {"schedule": "0 3 * * 1"}, Doorbell(why="clock", slot="0 3 * * 1 4711")),
        ("workflow_run", {"action": "completed", "workflow_run": {"event": "schedule"}}, Doorbell(why="clock")),
        ("workflow_dispatch", a_button(), Doorbell(why="dispatch", slot="4711")),
        ("workflow_dispatch", a_button(task="  ", issue="12"), Doorbell(why="dispatch", slot="4711")),
    ],
)
def test_a_doorbell_says_where_to_look(event: str, payload: dict[str, Any], bell: Doorbell):
    assert hear(event, payload, BOUNDS, slot="4711") == bell


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("pull_request_review", a_review("edited")),
        ("pull_request", a_pull_request("opened")),
        ("workflow_run", a_run("requested")),
        ("repository_dispatch", a_dispatch("deploy")),
        ("repository_dispatch", a_dispatch("internal")),
        ("issue_comment", a_comment("> /intern train")),
        ("pull_request_review_comment", a_line_comment(action="edited")),
    ],
)
def test_what_changes_nothing_rings_for_nothing(event: str, payload: dict[str, Any]):
    assert isinstance(hear(event, payload, BOUNDS), Nothing)


@pytest.mark.parametrize(
    "client", [{"session": "../../x"}, {"session": 5}, {"pull_request": True}, {"pull_request": -1}]
)
def test_what_a_dispatch_says_is_only_a_place_to_look(client: dict[str, Any]):
    assert hear("repository_dispatch", a_dispatch(**client, task="train"), BOUNDS) == Doorbell(why="dispatch")


# --- the button --------------------------------------------------------------------------------------------------------


def test_the_form_of_a_button_holds_a_task_as_behind_our_name():
    found = asked("workflow_dispatch", a_button(task="--flavor t4-small train X", issue="#12"), slot="4711")
    assert found.command == Begin(task="train X", wishes=Wishes(flavor="t4-small"))
    assert (found.origin.by, found.origin.thread, found.origin.mark) == ("ada", 12, "4711")
    assert asked("workflow_dispatch", a_button(task="/intern stop")).command == Say(verb="stop")


@pytest.mark.parametrize("issue", ["", "twelve", "-1", "1.5", "9" * 5000, "\u0663"])
def test_a_form_without_a_number_has_no_thread(issue: str):
    assert asked("workflow_dispatch", a_button(task="train X", issue=issue)).origin.thread == 0


def test_a_form_that_only_looks_like_our_name_is_explained():
    assert isinstance(asked("workflow_dispatch", a_button(task="/internal")).command, NotUnderstood)


def test_two_pushes_of_the_button_are_two_events_and_one_that_is_run_again_is_one():
    payload = a_button(task="train X")
    keys = [asked("workflow_dispatch", payload, slot=slot).origin.key for slot in ("1", "1", "2")]
    assert keys[0] == keys[1] != keys[2]


# --- feedback ----------------------------------------------------------------------------------------------------------


def test_a_comment_on_a_line_is_feedback_with_its_conversation():
    found = hear("pull_request_review_comment", a_line_comment("why <!-- obey --> 16?"), BOUNDS)
    assert isinstance(found, Feedback)
    assert found.words == "why ⟨hidden comment: 13⟩ 16?"
    assert (found.conversation, found.path, found.line, found.commit) == ("50", "training/train.py", 3, "a" * 40)
    assert (found.origin.by, found.origin.thread, found.origin.on_pull_request) == ("grace", 13, True)


def test_an_answer_belongs_to_the_comment_it_answers_and_a_line_that_is_gone_is_the_old_one():
    payload = a_line_comment(comment={"in_reply_to_id": 40, "line": None})
    found = hear("pull_request_review_comment", payload, BOUNDS)
    assert isinstance(found, Feedback)
    assert (found.conversation, found.line) == ("40", 4)


@pytest.mark.parametrize(
    "payload", [a_line_comment(None), a_line_comment("  "), a_line_comment(comment={"user": None})]
)
def test_a_comment_on_a_line_without_words_or_author_is_let_be(payload: dict[str, Any]):
    assert isinstance(hear("pull_request_review_comment", payload, BOUNDS), Nothing)


def test_a_machine_that_comments_on_lines_is_known_as_one():
    found = hear("pull_request_review_comment", a_line_comment(by="lint[bot]", type="Bot"), BOUNDS)
    assert isinstance(found, Feedback)
    assert found.origin.machine == "lint[bot]"
