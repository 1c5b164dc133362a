"""The words of `/intern why`."""

from __future__ import annotations

from dataclasses import replace

from intern_action.core.digests import plan_code
from intern_action.core.types import Verdict
from intern_action.gate.approval import judge
from intern_action.gate.texts import why
from tests.fakes.approvals import a_plan, a_review, facts, reviewed


def test_an_approved_plan_says_who_approved_it_and_what_it_may_cost():
    words = why(judge(facts()), a_plan())
    assert words.startswith("**The plan may start**: approved by grace.")
    assert f"`{plan_code(facts().digest)}` is train.py on local-cpu, at most $0.90, asked for by ada." in words
    assert "- `" not in words


def test_a_plan_that_waits_says_for_whom_and_why_the_reviews_so_far_do_not_count():
    words = why(judge(reviewed(a_review("ada"))), a_plan())
    assert words.startswith("**The plan waits for people.**")
    assert "- `people-enough`: one more person must approve pull request #7" in words
    assert "- `reviewer-not-requester` (ada): ada asked for this; somebody else must approve" in words


def test_a_plan_that_cannot_start_says_so():
    words = why(judge(replace(facts(), consumed=True)), a_plan())
    assert words.startswith("**The plan may not start.**")
    assert "- `plan-unused`: this approval was used already; a further run needs a new plan" in words
    assert "waits" not in words


def test_every_failing_condition_has_its_line():
    world = replace(reviewed(a_review("hedy", verdict=Verdict.CHANGES_REQUESTED)), dropped=True, quote=None)
    lines = why(judge(world), a_plan()).splitlines()
    assert len([line for line in lines if line.startswith("- `")]) == 4
