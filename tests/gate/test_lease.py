"""When the approval of a lease counts: what is asked of every plan, and nothing of the bytes on the branch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from intern_action.core.errors import NotAllowed
from intern_action.core.judgement import Facts
from intern_action.core.types import LeaseSpec
from intern_action.gate.approval import judge
from intern_action.gate.quote import lease_quote
from tests.fakes.approvals import (
    CPU,
    FLAVORS,
    LEASE,
    MADE_AT,
    OLDER_HEAD,
    a_lease_plan,
    a_review,
    facts,
    failing,
    minutes,
    with_plan,
)


def world() -> Facts:
    """A world in which grace's approval of a lease counts, though nothing was ever smoke-tested."""
    plan = a_lease_plan()
    return replace(with_plan(facts(), plan), quote=plan.quote, smoke=None)


def test_a_lease_needs_no_smoke_test():
    assert failing(judge(world())) == set()


SURVIVED: dict[str, Callable[[Facts], Facts]] = {
    "a push": lambda w: replace(w, live_head=OLDER_HEAD, live_tree="9" * 40),
    "a push that the pull request shows": lambda w: replace(
        w, pull_request=replace(w.pull_request, head_sha=OLDER_HEAD, pushed_at=MADE_AT + minutes(5))
    ),
    "another merge base": lambda w: replace(w, merge_base="9" * 40),
    "a review of another commit": lambda w: replace(w, reviews=(a_review(commit_sha=OLDER_HEAD),)),
}


@pytest.mark.parametrize("change", SURVIVED.values(), ids=SURVIVED)
def test_a_lease_survives(change: Callable[[Facts], Facts]):
    assert failing(judge(change(world()))) == set()


def _lease(w: Facts, **changes: object) -> Facts:
    return with_plan(w, a_lease_plan(replace(LEASE, **changes)))


def _quoted(w: Facts, **changes: object) -> Facts:
    quote = a_lease_plan().quote
    assert quote is not None
    return with_plan(w, replace(w.plan, quote=replace(quote, **changes)))


BROKEN: dict[str, tuple[Callable[[Facts], Facts], str]] = {
    "the hardware is not allowed": (
        lambda w: replace(w, policy=replace(w.policy, flavors=("t4-small",))),
        "flavor-allowed",
    ),
    "the quote is for other hardware": (lambda w: _lease(w, flavor="a100-large"), "quote-of-this-lease"),
    "the quote is for more time": (lambda w: _lease(w, minutes=59), "quote-of-this-lease"),
    "the quote is for no time": (lambda w: _quoted(w, timeout_minutes=0), "quote-of-this-lease"),
    "the quote is for several machines": (lambda w: _quoted(w, attempts=2), "quote-of-this-lease"),
    "the cap of the plan is above the lease's": (lambda w: _lease(w, cap_usd=Decimal("0.59")), "quote-of-this-lease"),
    "the cap of the plan is above the price": (
        lambda w: with_plan(w, replace(w.plan, cap_usd=Decimal("0.61"))),
        "quote-of-this-lease",
    ),
    "it has no price": (lambda w: with_plan(w, replace(w.plan, quote=None)), "quote-of-this-lease"),
    "the price cannot be read": (lambda w: replace(w, quote=None), "price-known"),
    "the budget has no room": (lambda w: replace(w, room_usd=Decimal("0.59")), "budget-room"),
    "it expired": (lambda w: replace(w, now=w.plan.expires_at), "plan-unexpired"),
    "the requester approves": (lambda w: replace(w, reviews=(a_review("ada"),)), "reviewer-not-requester"),
    "the review came before the plan": (
        lambda w: replace(w, reviews=(a_review(submitted_at=MADE_AT),)),
        "review-after-plan",
    ),
    "the policy changed": (lambda w: replace(w, policy_blob="9" * 40), "policy-unchanged"),
}


@pytest.mark.parametrize(("change", "condition"), BROKEN.values(), ids=BROKEN)
def test_it_is_a_no_when(change: Callable[[Facts], Facts], condition: str):
    assert condition in failing(judge(change(world())))


def test_a_lease_of_a_single_minute_is_a_yes():
    assert failing(judge(_quoted(world(), timeout_minutes=1))) == set()


def test_less_time_and_less_money_than_asked_for_is_a_yes():
    assert failing(judge(_lease(world(), minutes=61, cap_usd=None))) == set()


# --- the price -------------------------------------------------------------------------------------------------------


def quoted(**changes: object) -> tuple[int, Decimal]:
    """Minutes and ceiling of a lease that is LEASE but for some changes."""
    quote = lease_quote(replace(LEASE, **changes), FLAVORS, MADE_AT)
    assert (quote.attempts, quote.flavor, quote.quoted_at) == (1, CPU, MADE_AT)
    return quote.timeout_minutes, quote.ceiling_usd


def test_a_lease_costs_its_time_at_most():
    assert quoted(cap_usd=None) == quoted() == (60, Decimal("0.60"))


@pytest.mark.parametrize(
    ("cap", "time", "ceiling"), [("0.59", 59, "0.59"), ("0.105", 10, "0.10"), ("0.01", 1, "0.01"), ("5", 60, "0.60")]
)
def test_a_cap_buys_as_much_time_as_it_pays_for(cap: str, time: int, ceiling: str):
    assert quoted(cap_usd=Decimal(cap)) == (time, Decimal(ceiling))


def test_a_cap_that_just_pays_buys_no_more_time_than_was_asked_for():
    cheap = {"local-cpu": replace(CPU, usd_per_hour=Decimal("0.10"))}
    quote = lease_quote(replace(LEASE, minutes=1, cap_usd=Decimal("0.01")), cheap, MADE_AT)
    assert (quote.timeout_minutes, quote.ceiling_usd) == (1, Decimal("0.01"))


@pytest.mark.parametrize("change", [{"cap_usd": Decimal("0.009")}, {"minutes": 0}])
def test_less_than_a_minute_is_no_lease(change: dict[str, object]):
    with pytest.raises(NotAllowed, match="not a minute"):
        lease_quote(replace(LEASE, **change), FLAVORS, MADE_AT)


def test_unknown_hardware_has_no_price():
    with pytest.raises(NotAllowed, match="price table"):
        lease_quote(LeaseSpec(flavor="h900", minutes=1, cap_usd=None, purpose="x"), FLAVORS, MADE_AT)
