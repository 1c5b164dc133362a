"""When an approval of a write to the Hub counts: jobs and money are not asked about, what stands and what goes there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from intern_action.core.effects import Contacts, Spends
from intern_action.core.judgement import Approved, Facts, NotApproved
from intern_action.core.types import Verdict
from intern_action.gate.approval import judge
from intern_action.gate.texts import awaited, why
from tests.fakes.approvals import JOB, OLDER_HEAD, a_review, failing, overwriting, waits, with_plan


def test_an_approval_of_a_write_needs_no_job_no_smoke_test_no_price_and_no_budget() -> None:
    assert judge(overwriting()) == Approved(by=("grace",), reviews=("review-of-grace",))


def _plan(world: Facts, **changes: object) -> Facts:
    return with_plan(world, replace(world.plan, **changes))


def _policy(world: Facts, **changes: object) -> Facts:
    return replace(world, policy=replace(world.policy, **changes))


BROKEN: dict[str, tuple[Callable[[Facts], Facts], str]] = {
    "another revision stands there": (lambda w: replace(w, parent="9" * 40), "parent-unchanged"),
    "the repository is gone": (lambda w: replace(w, parent=""), "parent-unchanged"),
    "somebody made the repository that was to be made": (lambda w: _plan(w, parent=""), "parent-unchanged"),
    "the files are others": (lambda w: replace(w, content="0" * 40), "content-unchanged"),
    "the files are gone": (lambda w: replace(w, content=""), "content-unchanged"),
    "neither the plan nor the world has files": (lambda w: replace(_plan(w, content=""), content=""), "content-pinned"),
    "money is set aside without a price": (lambda w: _plan(w, cap_usd=Decimal("0.01")), "no-price-no-money"),
    "the kill switch is pulled": (lambda w: _policy(w, enabled=False), "policy-enabled"),
    "the list of repositories changed": (lambda w: replace(w, policy_blob="f" * 40), "policy-unchanged"),
    "the branch moved": (lambda w: replace(w, live_head=OLDER_HEAD), "head-unchanged"),
    "the approval was used": (lambda w: replace(w, consumed=True), "plan-unused"),
    "a newer plan came": (lambda w: replace(w, newest_digest="9" * 64), "plan-newest"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_one_thing_that_is_not_as_planned_is_a_no_that_no_approval_can_turn(case: str) -> None:
    change, name = BROKEN[case]
    judgement = judge(change(overwriting()))
    assert failing(judgement) == {name}
    assert not waits(judgement)
    assert isinstance(judgement, NotApproved)
    assert all(len(condition.words) > 20 for condition in judgement.failing)


def test_the_policys_list_of_hardware_is_not_asked_about_a_write() -> None:
    assert isinstance(judge(_policy(overwriting(), flavors=("t4-small",))), Approved)


def test_a_new_repository_is_pinned_to_nothing() -> None:
    assert isinstance(judge(replace(_plan(overwriting(), parent=""), parent="")), Approved)


def test_a_write_needs_no_plan_code_however_low_the_limit() -> None:
    assert isinstance(judge(_policy(overwriting(), code_above_usd=Decimal(0))), Approved)


def test_a_write_needs_as_many_people_as_the_policy_says() -> None:
    alone = _policy(overwriting(), people_needed=2)
    assert failing(judge(alone)) == {"people-enough"}
    assert isinstance(judge(replace(alone, reviews=(a_review(), a_review("hedy")))), Approved)


def test_the_requester_does_not_approve_a_write() -> None:
    judgement = judge(replace(overwriting(), reviews=(a_review("ada"),)))
    assert failing(judgement) == {"people-enough", "reviewer-not-requester"}


def test_a_request_for_changes_stands_against_a_write() -> None:
    world = overwriting()
    objection = a_review("hedy", verdict=Verdict.CHANGES_REQUESTED)
    assert failing(judge(replace(world, reviews=(*world.reviews, objection)))) == {"no-objection"}


def test_of_a_message_nothing_more_is_asked_than_of_every_plan() -> None:
    message = Contacts(destination="#ml", text="it is out")
    assert isinstance(judge(_plan(overwriting(), asks=message, parent="", content="")), Approved)


def test_a_job_without_a_price_is_never_approved() -> None:
    world = _plan(overwriting(), asks=Spends(job=JOB))
    assert "quote-of-this-job" in failing(judge(world))


def test_the_words_of_why_say_what_would_be_overwritten_and_that_it_costs_nothing() -> None:
    world = replace(overwriting(), parent="9" * 40)
    words = why(judge(world), world.plan)
    assert "overwrites grace/spam-filter, which stands at 1a2b3c4; costs nothing, asked for by ada." in words
    assert (
        "`parent-unchanged`: grace/spam-filter stands at 999999999999 by now, the plan was made over 1a2b3c4d1a2b"
        in words
    )


def test_where_nothing_stands_the_words_say_so() -> None:
    world = replace(overwriting(), parent="")
    assert "stands at nothing by now, the plan was made over 1a2b3c4d1a2b" in why(judge(world), world.plan)
    new = _plan(overwriting(), parent="")
    assert "stands at 1a2b3c4d1a2b by now, the plan was made over nothing" in why(judge(new), new.plan)


def test_what_is_awaited_is_said_in_one_line() -> None:
    plan = overwriting().plan
    assert awaited(plan) == "needs a review: it overwrites grace/spam-filter, which stands at 1a2b3c4; costs nothing"
    assert awaited(replace(plan, parent="")) == "needs a review: it makes grace/spam-filter on the Hub; costs nothing"
