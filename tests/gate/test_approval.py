"""When an approval counts: each condition of the gate, told as a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from intern_action.core.digests import plan_code, plan_digest
from intern_action.core.effects import Spends
from intern_action.core.judgement import Approved, Facts, NotApproved, Smoke, Tier
from intern_action.core.plan import Plan
from intern_action.core.types import Permission, Verdict
from intern_action.gate.approval import judge
from tests.fakes.approvals import (
    CPU,
    HEAD,
    JOB,
    MADE_AT,
    OLDER_HEAD,
    TREE,
    US,
    a_plan,
    a_quote,
    a_review,
    facts,
    failing,
    minutes,
    reviewed,
    waits,
    with_plan,
)


def test_an_approval_by_a_second_person_of_exactly_the_plan_is_a_yes():
    assert judge(facts()) == Approved(by=("grace",), reviews=("review-of-grace",))


def test_without_any_review_the_plan_waits_for_one():
    judgement = judge(reviewed())
    assert failing(judgement) == {"people-enough"}
    assert waits(judgement)
    assert isinstance(judgement, NotApproved)
    assert judgement.failing[0].words == "one more person must approve pull request #7"


def _pull(world: Facts, **changes: object) -> Facts:
    return replace(world, pull_request=replace(world.pull_request, **changes))


def _policy(world: Facts, **changes: object) -> Facts:
    return replace(world, policy=replace(world.policy, **changes))


def _plan(world: Facts, **changes: object) -> Facts:
    return with_plan(world, replace(world.plan, **changes))


def _job(world: Facts, **changes: object) -> Facts:
    return _plan(world, asks=Spends(job=replace(JOB, **changes)))


def _tampered(world: Facts) -> Facts:
    """Change the plan in the ledger after it was published."""
    return replace(world, plan=replace(world.plan, cap_usd=Decimal("0.10")))


DEARER = replace(a_quote(), flavor=replace(CPU, usd_per_hour=Decimal("0.61")))

BROKEN: dict[str, tuple[Callable[[Facts], Facts], str]] = {
    "the kill switch is pulled": (lambda w: _policy(w, enabled=False), "policy-enabled"),
    "the policy on the default branch changed": (lambda w: replace(w, policy_blob="f" * 40), "policy-unchanged"),
    "the policy was taken away": (lambda w: replace(w, policy_blob=""), "policy-unchanged"),
    "the policy does not allow the hardware": (lambda w: _policy(w, flavors=("t4-small",)), "flavor-allowed"),
    "the pull request is another one": (lambda w: _pull(w, number=8), "pull-request-planned"),
    "the pull request is closed": (lambda w: _pull(w, open=False), "pull-request-open"),
    "the pull request comes from a fork": (lambda w: _pull(w, same_repository=False), "pull-request-from-here"),
    "the base was changed": (lambda w: _pull(w, base="release"), "base-unchanged"),
    "a person opened the pull request": (lambda w: _pull(w, by="mallory"), "pull-request-ours"),
    "another pull request shows the same commit": (lambda w: replace(w, twins=(9, 12)), "no-twins"),
    "neither the plan nor the world names a head": (
        lambda w: _pull(
            replace(_plan(w, head_sha=""), live_head="", reviews=(a_review(commit_sha=""),)),
            head_sha="",
        ),
        "plan-whole",
    ),
    "neither the plan nor the world names a tree": (
        lambda w: replace(_plan(w, tree=""), live_tree="", smoke=Smoke(tree="", exit_code=0, script="train.py")),
        "plan-whole",
    ),
    "neither the plan nor the world names a merge base": (
        lambda w: replace(_plan(w, merge_base=""), merge_base=""),
        "plan-whole",
    ),
    "the plan names no requester": (lambda w: _plan(w, requester=""), "plan-whole"),
    "the stored plan is not the published one": (_tampered, "plan-intact"),
    "a newer plan came": (lambda w: replace(w, newest_digest="9" * 64), "plan-newest"),
    "the approval was used": (lambda w: replace(w, consumed=True), "plan-unused"),
    "the plan was taken back": (lambda w: replace(w, dropped=True), "plan-stands"),
    "the plan expires this very second": (lambda w: replace(w, now=w.plan.expires_at), "plan-unexpired"),
    "the plan expired": (lambda w: replace(w, now=MADE_AT + timedelta(days=4)), "plan-unexpired"),
    "the branch moved": (lambda w: replace(w, live_head=OLDER_HEAD), "head-unchanged"),
    "the branch is gone": (lambda w: replace(w, live_head=None), "head-unchanged"),
    "the pull request shows another head": (lambda w: _pull(w, head_sha=OLDER_HEAD), "pull-request-head-unchanged"),
    "the files are others": (lambda w: replace(w, live_tree="0" * 40), "tree-unchanged"),
    "the files are gone": (lambda w: replace(w, live_tree=None), "tree-unchanged"),
    "the merge base moved": (lambda w: replace(w, merge_base="0" * 40), "merge-base-unchanged"),
    "a protected file was changed": (
        lambda w: replace(_policy(w, protected=("deploy/**",)), changed=("train.py", "Deploy/prod.yaml")),
        "protected-untouched",
    ),
    "somebody pushed since": (lambda w: _pull(w, pushed_at=MADE_AT + minutes(1)), "no-push-since"),
    "nobody knows when the last push was": (lambda w: _pull(w, pushed_at=None), "no-push-since"),
    "there was no smoke test": (lambda w: replace(w, smoke=None), "smoke-test-there"),
    "the smoke test failed": (
        lambda w: replace(w, smoke=Smoke(tree=TREE, exit_code=1, script="train.py")),
        "smoke-test-green",
    ),
    "the smoke test was of other files": (
        lambda w: replace(w, smoke=Smoke(tree="0" * 40, exit_code=0, script="train.py")),
        "smoke-test-of-this-job",
    ),
    "the smoke test was of another script": (
        lambda w: replace(w, smoke=Smoke(tree=TREE, exit_code=0, script="other.py")),
        "smoke-test-of-this-job",
    ),
    "the quote is for other hardware": (
        lambda w: _job(w, flavor="a100-large"),
        "quote-of-this-job",
    ),
    "the quote is for less time": (
        lambda w: _job(w, timeout_minutes=60),
        "quote-of-this-job",
    ),
    "the quote is for fewer attempts": (lambda w: _job(w, attempts=4), "quote-of-this-job"),
    "the cap is above what people saw": (lambda w: _plan(w, cap_usd=Decimal("0.91")), "quote-of-this-job"),
    "nobody knows the price": (lambda w: replace(w, quote=None), "price-known"),
    "the price went up": (lambda w: replace(w, quote=DEARER), "price-within-quote"),
    "the budget is one cent short": (lambda w: replace(w, room_usd=Decimal("0.89")), "budget-room"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_one_thing_that_is_not_as_planned_is_a_no_that_no_approval_can_turn(case: str):
    change, name = BROKEN[case]
    judgement = judge(change(facts()))
    assert failing(judgement) == {name}
    assert not waits(judgement)


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_is_said_in_words_that_end_in_what_to_do(case: str):
    change, _ = BROKEN[case]
    judgement = judge(change(facts()))
    assert isinstance(judgement, NotApproved)
    assert all(len(condition.words) > 20 for condition in judgement.failing)


@pytest.mark.parametrize("case", BROKEN)
def test_a_plan_that_is_broken_does_not_wait_even_when_nobody_has_approved_it(case: str):
    change, name = BROKEN[case]
    judgement = judge(replace(change(facts()), reviews=()))
    assert failing(judgement) == {name, "people-enough"}
    assert not waits(judgement)


HARMLESS: dict[str, Callable[[Facts], Facts]] = {
    "a draft can be approved": lambda w: _pull(w, draft=True),
    "a ready pull request can be approved": lambda w: _pull(w, draft=False),
    "the policy allows the hardware by name": lambda w: _policy(w, flavors=("t4-small", "local-cpu")),
    "there is no policy file, as when the plan was made": lambda w: replace(_plan(w, policy_blob=""), policy_blob=""),
    "our name is written with a capital": lambda w: _pull(w, by="Intern-Action[bot]"),
    "the push came in the second of the plan": lambda w: _pull(w, pushed_at=MADE_AT),
    "a second before it expires": lambda w: replace(w, now=w.plan.expires_at - timedelta(seconds=1)),
    "the price went down": lambda w: replace(
        w, quote=replace(a_quote(), flavor=replace(CPU, usd_per_hour=Decimal("0.50")), ceiling_usd=Decimal("0.75"))
    ),
    "the budget has room for exactly the ceiling": lambda w: replace(w, room_usd=Decimal("0.90")),
    "there is no budget": lambda w: replace(w, room_usd=None),
    "the cap is below the ceiling": lambda w: _plan(w, cap_usd=Decimal("0.50")),
}


@pytest.mark.parametrize("case", HARMLESS)
def test_what_is_within_bounds_stays_a_yes(case: str):
    assert isinstance(judge(HARMLESS[case](facts())), Approved)


def test_a_plan_from_the_future_is_a_no_because_some_clock_is_wrong():
    judgement = judge(replace(reviewed(), now=MADE_AT - minutes(1)))
    assert failing(judgement) == {"clock-sane", "people-enough"}
    assert not waits(judgement)


def test_the_moment_of_the_plan_itself_is_not_the_future():
    world = replace(reviewed(), now=MADE_AT)
    assert waits(judge(world))


# --- the review --------------------------------------------------------------------------------------------------------

NOT_COUNTED: dict[str, tuple[Callable[[Facts], Facts], str]] = {
    "it is of an older commit": (
        lambda w: replace(w, reviews=(a_review(commit_sha=OLDER_HEAD),)),
        "review-of-this-commit",
    ),
    "it came before the plan": (
        lambda w: replace(w, reviews=(a_review(submitted_at=MADE_AT - minutes(1)),)),
        "review-after-plan",
    ),
    "it came in the very second of the plan": (
        lambda w: replace(w, reviews=(a_review(submitted_at=MADE_AT),)),
        "review-after-plan",
    ),
    "it is dated after now": (
        lambda w: replace(w, reviews=(a_review(submitted_at=MADE_AT + minutes(21)),)),
        "review-in-time",
    ),
    "the plan is costly and its code is missing": (
        lambda w: _policy(w, code_above_usd=Decimal("0.89")),
        "review-names-plan",
    ),
    "the plan reaches a tier that wants its code": (
        lambda w: _policy(w, tiers=(Tier(above_usd=Decimal("0.89"), code=True),)),
        "review-names-plan",
    ),
    "the plan reaches the lower of two limits for its code": (
        lambda w: _policy(
            w,
            code_above_usd=Decimal(5),
            tiers=(Tier(above_usd=Decimal(9), code=True), Tier(above_usd=Decimal(0), code=True)),
        ),
        "review-names-plan",
    ),
    "the plan is costly and the code is another plan's": (
        lambda w: _policy(
            replace(w, reviews=(a_review(body="intern:00000000"),)),
            code_above_usd=Decimal(0),
        ),
        "review-names-plan",
    ),
    "it is a machine's": (lambda w: replace(w, reviews=(a_review(by_a_person=False),)), "reviewer-a-person"),
    "its author is called a bot": (
        lambda w: replace(w, reviews=(a_review("helper[bot]"),), permissions={"helper[bot]": Permission.ADMIN}),
        "reviewer-a-person",
    ),
    "we gave it ourselves": (
        lambda w: replace(
            _pull(_policy(w, our_name="intern"), by="intern", commit_authors=("someone",)),
            reviews=(a_review("Intern"),),
            permissions={"intern": Permission.WRITE},
        ),
        "reviewer-not-us",
    ),
    "its author may only read": (lambda w: replace(w, reviews=(a_review("eve"),)), "reviewer-may-write"),
    "its author was asked about and is nobody": (
        lambda w: replace(w, permissions={"grace": Permission.NONE}),
        "reviewer-may-write",
    ),
    "nobody asked what its author may do": (lambda w: replace(w, permissions={}), "reviewer-may-write"),
    "the forge gave two answers about its author": (
        lambda w: replace(w, permissions={"grace": Permission.WRITE, "Grace": Permission.READ}),
        "reviewer-may-write",
    ),
    "its author is not on the policy's list": (lambda w: _policy(w, approvers=("hedy",)), "reviewer-listed"),
    "its author asked for the job": (lambda w: replace(w, reviews=(a_review("ada"),)), "reviewer-not-requester"),
    "its author asked for the job under a capital": (
        lambda w: replace(w, reviews=(a_review("Ada"),)),
        "reviewer-not-requester",
    ),
    "its author wrote a commit of the branch": (
        lambda w: _pull(w, commit_authors=(US, "Grace")),
        "reviewer-no-author",
    ),
    "nobody knows who wrote the commits": (lambda w: _pull(w, commit_authors=()), "reviewer-no-author"),
}


@pytest.mark.parametrize("case", NOT_COUNTED)
def test_a_review_does_not_count_and_the_plan_goes_on_waiting_when(case: str):
    change, name = NOT_COUNTED[case]
    judgement = judge(change(facts()))
    assert failing(judgement) == {name, "people-enough"}
    assert waits(judgement)
    assert isinstance(judgement, NotApproved)
    assert {condition.who for condition in judgement.failing if condition.name == name} <= {
        review.by for review in change(facts()).reviews
    }


@pytest.mark.parametrize("case", NOT_COUNTED)
def test_beside_a_review_that_does_not_count_one_of_somebody_else_does(case: str):
    world = NOT_COUNTED[case][0](facts())
    code = plan_code(world.digest)
    permissions = {**world.permissions, "hedy": Permission.ADMIN}
    authors = world.pull_request.commit_authors or (US,)
    listed = _pull(replace(world, permissions=permissions), commit_authors=authors)
    hedy = a_review("hedy", body=f"fine, {code}")
    judgement = judge(replace(listed, reviews=(*world.reviews, hedy)))
    assert isinstance(judgement, Approved)
    assert "hedy" in judgement.by


COUNTED: dict[str, Callable[[Facts], Facts]] = {
    "the requester may approve when the policy says so": lambda w: _policy(
        replace(w, reviews=(a_review("ada"),)), requester_may_approve=True
    ),
    "the list names the person in other letters": lambda w: _policy(w, approvers=("hedy", "GRACE")),
    "the ceiling is exactly the limit of a tier": lambda w: _policy(
        w, tiers=(Tier(above_usd=Decimal("0.90"), people_needed=2, code=True),)
    ),
    "a tier that is reached wants no code": lambda w: _policy(
        w, tiers=(Tier(above_usd=Decimal(0)), Tier(above_usd=Decimal(1), code=True))
    ),
    "what is changed is not what is protected": lambda w: replace(
        _policy(w, protected=("deploy/**",)), changed=("train.py", "docs/deploy.md")
    ),
    "the ceiling is exactly the limit": lambda w: _policy(w, code_above_usd=Decimal("0.90")),
    "the code is there, in capitals": lambda w: _policy(
        replace(w, reviews=(a_review(body=f"ok {plan_code(w.digest).upper()} go"),)), code_above_usd=Decimal(0)
    ),
    "an administrator": lambda w: replace(w, reviews=(a_review("hedy"),)),
    "the forge writes the name with a capital": lambda w: replace(w, permissions={"Grace": Permission.WRITE}),
    "the review came this very second": lambda w: replace(w, now=MADE_AT + minutes(10)),
    "another's pull request for changes was by somebody who may not write": lambda w: replace(
        w, reviews=(*w.reviews, a_review("eve", verdict=Verdict.CHANGES_REQUESTED))
    ),
}


@pytest.mark.parametrize("case", COUNTED)
def test_a_review_counts_when(case: str):
    assert isinstance(judge(COUNTED[case](facts())), Approved)


# --- the last word -----------------------------------------------------------------------------------------------------


def test_a_comment_after_an_approval_does_not_take_it_back():
    later = a_review(id="2", verdict=Verdict.COMMENTED, submitted_at=MADE_AT + minutes(15), body="nice")
    assert isinstance(judge(reviewed(a_review(), later)), Approved)


def test_a_comment_alone_is_no_approval():
    assert failing(judge(reviewed(a_review(verdict=Verdict.COMMENTED)))) == {"people-enough"}


def test_an_approval_that_was_dismissed_does_not_count_and_the_plan_waits():
    judgement = judge(reviewed(a_review(verdict=Verdict.DISMISSED)))
    assert failing(judgement) == {"people-enough", "review-stands"}
    assert waits(judgement)


def test_a_dismissal_after_an_approval_takes_it_back():
    later = a_review(id="2", verdict=Verdict.DISMISSED, submitted_at=MADE_AT + minutes(15))
    assert failing(judge(reviewed(a_review(), later))) == {"people-enough", "review-stands"}


def test_an_approval_after_a_dismissal_counts():
    earlier = a_review(id="0", verdict=Verdict.DISMISSED, submitted_at=MADE_AT + minutes(5))
    assert isinstance(judge(reviewed(earlier, a_review())), Approved)


def test_request_changes_after_the_plan_is_a_no_that_waits_for_nobody():
    judgement = judge(reviewed(a_review(), a_review("hedy", verdict=Verdict.CHANGES_REQUESTED)))
    assert failing(judgement) == {"no-objection"}
    assert not waits(judgement)
    assert isinstance(judgement, NotApproved)
    assert judgement.failing[0].who == "hedy"


def test_request_changes_on_an_earlier_plan_blocks_until_that_person_speaks_again():
    earlier = a_review("hedy", verdict=Verdict.CHANGES_REQUESTED, submitted_at=MADE_AT - minutes(60))
    judgement = judge(reviewed(earlier, a_review()))
    assert failing(judgement) == {"no-objection"}
    assert waits(judgement)


def test_request_changes_in_the_second_of_the_plan_belongs_to_the_plan_before():
    earlier = a_review("hedy", verdict=Verdict.CHANGES_REQUESTED, submitted_at=MADE_AT)
    assert waits(judge(reviewed(earlier, a_review())))


def test_ones_own_later_approval_takes_back_the_request_for_changes():
    earlier = a_review(id="0", verdict=Verdict.CHANGES_REQUESTED, submitted_at=MADE_AT + minutes(5))
    assert isinstance(judge(reviewed(earlier, a_review())), Approved)


def test_ones_own_later_request_for_changes_takes_back_the_approval():
    later = a_review(id="2", verdict=Verdict.CHANGES_REQUESTED, submitted_at=MADE_AT + minutes(15))
    assert failing(judge(reviewed(a_review(), later))) == {"no-objection", "people-enough"}


def test_a_dismissed_request_for_changes_blocks_nobody():
    later = a_review("hedy", id="2", verdict=Verdict.DISMISSED)
    assert isinstance(judge(reviewed(a_review(), later)), Approved)


def test_a_request_for_changes_of_somebody_nobody_asked_about_blocks():
    stranger = a_review("zoe", verdict=Verdict.CHANGES_REQUESTED)
    assert failing(judge(reviewed(a_review(), stranger))) == {"no-objection"}


def test_of_two_words_in_the_same_second_the_no_counts_whatever_their_order():
    yes, no = a_review(id="1"), a_review(id="2", verdict=Verdict.CHANGES_REQUESTED)
    dismissed = a_review(id="0", verdict=Verdict.DISMISSED)
    for pair in ((yes, no), (no, yes), (dismissed, no), (no, dismissed)):
        assert "no-objection" in failing(judge(reviewed(*pair)))
    for pair in ((yes, dismissed), (dismissed, yes)):
        assert failing(judge(reviewed(*pair))) == {"people-enough", "review-stands"}


def test_one_person_under_two_spellings_is_one_person():
    world = _policy(reviewed(a_review("grace", id="1"), a_review("Grace", id="2")), people_needed=2)
    assert failing(judge(world)) == {"people-enough"}


# --- how many ----------------------------------------------------------------------------------------------------------


def test_two_people_are_two_people_and_are_named_oldest_first():
    reviews = (a_review("hedy", submitted_at=MADE_AT + minutes(12)), a_review("grace"))
    world = _policy(reviewed(*reviews), people_needed=2)
    assert judge(world) == Approved(by=("grace", "hedy"), reviews=("review-of-grace", "review-of-hedy"))


@pytest.mark.parametrize(
    ("tiers", "needed"),
    [
        ((Tier(above_usd=Decimal("0.89"), people_needed=2),), 2),
        ((Tier(above_usd=Decimal("0.90"), people_needed=2),), 1),
        ((Tier(above_usd=Decimal("0.10"), people_needed=3), Tier(above_usd=Decimal("0.50"), people_needed=2)), 3),
        ((Tier(above_usd=Decimal("0.10"), people_needed=2), Tier(above_usd=Decimal(9), people_needed=3)), 2),
    ],
)
def test_a_dearer_plan_needs_as_many_people_as_the_tiers_it_reaches(tiers: tuple[Tier, ...], needed: int):
    world = _policy(facts(), tiers=tiers)
    judgement = judge(world)
    assert isinstance(judgement, Approved) is (needed == 1)
    if isinstance(judgement, NotApproved):
        (short,) = judgement.failing
        assert short.name == "people-enough"
        assert short.words.startswith("one more person" if needed == 2 else "2 more people")
        assert waits(judgement)


def test_a_tier_asks_for_no_fewer_people_than_the_policy_does_for_all():
    world = _policy(facts(), people_needed=2, tiers=(Tier(above_usd=Decimal(0), people_needed=1, code=True),))
    assert {"people-enough"} <= failing(judge(world))


def test_one_approval_where_two_are_needed_waits_for_one_more():
    judgement = judge(_policy(facts(), people_needed=2))
    assert isinstance(judgement, NotApproved)
    assert [condition.words for condition in judgement.failing] == ["one more person must approve pull request #7"]


def test_no_approval_where_two_are_needed_waits_for_two_more():
    judgement = judge(_policy(reviewed(), people_needed=2))
    assert isinstance(judgement, NotApproved)
    assert [condition.words for condition in judgement.failing] == ["2 more people must approve pull request #7"]


def test_a_policy_that_needs_nobody_still_needs_one():
    assert failing(judge(_policy(reviewed(), people_needed=0))) == {"people-enough"}


def test_more_approvals_than_needed_are_all_named():
    judgement = judge(reviewed(a_review("grace"), a_review("hedy")))
    assert judgement == Approved(by=("grace", "hedy"), reviews=("review-of-grace", "review-of-hedy"))


def test_the_digest_that_is_judged_is_the_one_people_were_shown():
    plan: Plan = a_plan()
    assert facts().digest == plan_digest(plan)
    assert facts().plan.head_sha == HEAD
