"""When the approval of an inference endpoint counts: as of a lease, and the model has to be pinned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from intern_action.core.effects import Serves
from intern_action.core.judgement import ApprovalPolicy, Facts
from intern_action.gate.approval import judge
from intern_action.gate.rules import held
from tests.fakes.approvals import (
    ENDPOINT,
    MADE_AT,
    OLDER_HEAD,
    SERVED,
    a_review,
    an_endpoint_plan,
    facts,
    failing,
    minutes,
    with_plan,
)


def world() -> Facts:
    """A world in which grace's approval of an endpoint counts, though nothing was ever smoke-tested."""
    plan = an_endpoint_plan()
    return replace(with_plan(facts(), plan), quote=plan.quote, smoke=None)


def _asked(w: Facts, **changes: object) -> Facts:
    return with_plan(w, an_endpoint_plan(replace(ENDPOINT, **changes)))


def _planned(w: Facts, **changes: object) -> Facts:
    return with_plan(w, replace(w.plan, **changes))


ALLOWED: dict[str, Callable[[Facts], Facts]] = {
    "nothing happened": lambda w: w,
    "a push came": lambda w: replace(w, live_head=OLDER_HEAD, live_tree="9" * 40),
    "the review is of another commit": lambda w: replace(w, reviews=(a_review(commit_sha=OLDER_HEAD),)),
    "the revision was asked for": lambda w: _asked(w, revision=SERVED),
    "it may stay awake": lambda w: _asked(w, min_replica=1),
    "the policy names the machine": lambda w: replace(w, policy=replace(w.policy, flavors=("local-cpu",))),
}


@pytest.mark.parametrize("change", ALLOWED.values(), ids=ALLOWED)
def test_it_is_a_yes_when(change: Callable[[Facts], Facts]):
    assert failing(judge(change(world()))) == set()


BROKEN: dict[str, tuple[Callable[[Facts], Facts], str]] = {
    "the model has no revision": (lambda w: _planned(w, parent=""), "served-model-pinned"),
    "another revision is pinned than asked for": (lambda w: _asked(w, revision="7" * 40), "served-model-pinned"),
    "no revision is pinned though one was asked for": (
        lambda w: _planned(_asked(w, revision=SERVED), parent=""),
        "served-model-pinned",
    ),
    "the machine is not allowed": (
        lambda w: replace(w, policy=replace(w.policy, flavors=("t4-small",))),
        "flavor-allowed",
    ),
    "the quote is for another machine": (lambda w: _asked(w, flavor="a100-large"), "quote-of-this-lease"),
    "the quote is for more time": (lambda w: _asked(w, minutes=59), "quote-of-this-lease"),
    "the cap of the plan is above the endpoint's": (
        lambda w: _asked(w, cap_usd=Decimal("0.59")),
        "quote-of-this-lease",
    ),
    "it has no price": (lambda w: _planned(w, quote=None), "quote-of-this-lease"),
    "the price cannot be read": (lambda w: replace(w, quote=None), "price-known"),
    "the budget has no room": (lambda w: replace(w, room_usd=Decimal("0.59")), "budget-room"),
    "it expired": (lambda w: replace(w, now=w.plan.expires_at), "plan-unexpired"),
    "the requester approves": (lambda w: replace(w, reviews=(a_review("ada"),)), "reviewer-not-requester"),
    "somebody who may only read approves": (lambda w: replace(w, reviews=(a_review("eve"),)), "reviewer-may-write"),
    "the review came before the plan": (
        lambda w: replace(w, reviews=(a_review(submitted_at=MADE_AT),)),
        "review-after-plan",
    ),
    "the code is missing": (
        lambda w: replace(w, policy=replace(w.policy, code_above_usd=Decimal("0.10"))),
        "review-names-plan",
    ),
}


@pytest.mark.parametrize(("change", "condition"), BROKEN.values(), ids=BROKEN)
def test_it_is_a_no_when(change: Callable[[Facts], Facts], condition: str):
    assert condition in failing(judge(change(world())))


def test_an_hour_later_it_is_the_same_answer():
    assert failing(judge(replace(world(), now=MADE_AT + minutes(60)))) == set()


def test_an_endpoint_is_always_held_and_the_words_say_for_what():
    why = held((Serves(endpoint=ENDPOINT),), ApprovalPolicy())
    assert why is not None
    assert "60 minutes of local-cpu for ada/spam" in why
