"""The gate under any mixture of facts: nothing makes up for something else, and order does not matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from intern_action.core.judgement import Approved, Facts, NotApproved, Smoke
from intern_action.core.types import Permission, Review, Verdict
from intern_action.gate.approval import judge
from tests.fakes.approvals import HEAD, MADE_AT, OLDER_HEAD, TREE, US, a_review, facts, failing

BAD: dict[str, Callable[[Facts], Facts]] = {
    "policy-enabled": lambda w: replace(w, policy=replace(w.policy, enabled=False)),
    "policy-unchanged": lambda w: replace(w, policy_blob=""),
    "flavor-allowed": lambda w: replace(w, policy=replace(w.policy, flavors=("h200",))),
    "pull-request-planned": lambda w: replace(w, pull_request=replace(w.pull_request, number=1)),
    "pull-request-open": lambda w: replace(w, pull_request=replace(w.pull_request, open=False)),
    "pull-request-from-here": lambda w: replace(w, pull_request=replace(w.pull_request, same_repository=False)),
    "base-unchanged": lambda w: replace(w, pull_request=replace(w.pull_request, base="x")),
    "pull-request-ours": lambda w: replace(w, pull_request=replace(w.pull_request, by="x")),
    "no-twins": lambda w: replace(w, twins=(1,)),
    "plan-intact": lambda w: replace(w, plan=replace(w.plan, cap_usd=Decimal("0.10"))),
    "plan-newest": lambda w: replace(w, newest_digest="1" * 64),
    "plan-unused": lambda w: replace(w, consumed=True),
    "plan-stands": lambda w: replace(w, dropped=True),
    "plan-unexpired": lambda w: replace(w, now=w.plan.expires_at + timedelta(days=1)),
    "head-unchanged": lambda w: replace(w, live_head=OLDER_HEAD),
    "pull-request-head-unchanged": lambda w: replace(w, pull_request=replace(w.pull_request, head_sha=OLDER_HEAD)),
    "tree-unchanged": lambda w: replace(w, live_tree=None),
    "merge-base-unchanged": lambda w: replace(w, merge_base="x"),
    "no-push-since": lambda w: replace(w, pull_request=replace(w.pull_request, pushed_at=None)),
    "smoke-test-green": lambda w: replace(w, smoke=Smoke(tree=TREE, exit_code=2, script="train.py")),
    "price-known": lambda w: replace(w, quote=None),
    "budget-room": lambda w: replace(w, room_usd=Decimal(0)),
    "people-enough": lambda w: replace(w, policy=replace(w.policy, people_needed=2)),
    "no-objection": lambda w: replace(w, reviews=(*w.reviews, a_review("hedy", verdict=Verdict.CHANGES_REQUESTED))),
    "reviewer-may-write": lambda w: replace(w, permissions={}),
    "reviewer-listed": lambda w: replace(w, policy=replace(w.policy, approvers=("hedy",))),
    "review-names-plan": lambda w: replace(w, policy=replace(w.policy, code_above_usd=Decimal(0))),
    "reviewer-no-author": lambda w: replace(w, pull_request=replace(w.pull_request, commit_authors=("grace",))),
}
"""Each makes exactly its own condition fail (a missing reviewer also leaves too few people)."""


@given(st.lists(st.sampled_from(sorted(BAD)), unique=True))
def test_the_gate_says_yes_only_when_nothing_at_all_is_wrong(wrong: list[str]):
    world = facts()
    for name in wrong:
        world = BAD[name](world)
    judgement = judge(world)
    assert isinstance(judgement, Approved) == (not wrong)
    assert set(wrong) <= failing(judgement)


@given(st.lists(st.sampled_from(sorted(BAD)), unique=True, min_size=1), st.data())
def test_putting_one_thing_right_takes_away_only_its_own_condition(wrong: list[str], data: st.DataObject):
    mended = data.draw(st.sampled_from(wrong))
    before, after = facts(), facts()
    for name in wrong:
        before = BAD[name](before)
        after = after if name == mended else BAD[name](after)
    gone = failing(judge(before)) - failing(judge(after))
    assert gone <= {mended, "people-enough"}
    assert isinstance(judge(after), Approved) == (wrong == [mended])


PEOPLE = ["ada", "grace", "Grace", "hedy", "eve", "zoe", US]

any_review = st.builds(
    Review,
    id=st.uuids().map(str),
    by=st.sampled_from(PEOPLE),
    verdict=st.sampled_from(Verdict),
    body=st.just(""),
    commit_sha=st.sampled_from([HEAD, OLDER_HEAD]),
    submitted_at=st.integers(-2, 6).map(lambda count: MADE_AT + timedelta(minutes=count * 4)),
    by_a_person=st.sampled_from([True, True, True, False]),
)
any_reviews = st.lists(any_review, max_size=8, unique_by=lambda review: review.id)


@given(any_reviews, st.integers(1, 3), st.data())
def test_the_order_in_which_reviews_are_listed_does_not_matter(reviews: list[Review], needed: int, data: st.DataObject):
    world = replace(facts(), policy=replace(facts().policy, people_needed=needed))
    shuffled = data.draw(st.permutations(reviews))
    assert judge(replace(world, reviews=tuple(reviews))) == judge(replace(world, reviews=tuple(shuffled)))


@given(any_reviews, any_review)
def test_a_comment_of_anybody_changes_nothing(reviews: list[Review], comment: Review):
    world = replace(facts(), reviews=tuple(reviews))
    more = replace(world, reviews=(*world.reviews, replace(comment, verdict=Verdict.COMMENTED)))
    assert judge(more) == judge(world)


@given(any_reviews, any_review.filter(lambda review: review.by in {"eve", "zoe", "ada", US}))
def test_nobody_without_a_say_can_turn_a_no_into_a_yes(reviews: list[Review], word: Review):
    reviews = [review for review in reviews if review.by != word.by]
    world = replace(facts(), reviews=tuple(reviews))
    more = replace(world, reviews=(*reviews, word))
    if isinstance(judge(world), NotApproved):
        assert isinstance(judge(more), NotApproved)


@given(any_reviews, st.integers(1, 3))
def test_a_yes_names_enough_people_who_may_write_and_are_not_the_requester(reviews: list[Review], needed: int):
    world = replace(facts(), reviews=tuple(reviews), policy=replace(facts().policy, people_needed=needed))
    judgement = judge(world)
    if isinstance(judgement, Approved):
        people = {name.casefold() for name in judgement.by}
        assert len(people) == len(judgement.by) >= needed
        assert people <= {"grace", "hedy"}


@given(any_reviews)
def test_taking_away_everybodys_right_to_write_is_always_a_no(reviews: list[Review]):
    nobody = dict.fromkeys(PEOPLE, Permission.READ)
    assert isinstance(judge(replace(facts(), reviews=tuple(reviews), permissions=nobody)), NotApproved)
