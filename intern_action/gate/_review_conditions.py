"""Whose word counts: each person's latest decisive review, and what must be true of it and of the person."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from intern_action.core.digests import plan_code
from intern_action.core.judgement import Condition, Facts
from intern_action.core.plan import RECOMMENDED, chosen, offered
from intern_action.core.types import Permission, Review, Verdict
from intern_action.gate._condition import same_person, unless
from intern_action.gate.options import options_named
from intern_action.gate.tiers import code_above_usd

ReviewCheck: TypeAlias = Callable[[Facts, Review], Condition | None]
"""Looks at one approving review; returns why it does not count, None when it does."""

_WEIGHT = {Verdict.APPROVED: 0, Verdict.DISMISSED: 1, Verdict.CHANGES_REQUESTED: 2}
"""Decisive verdicts. Of two in the same second the heavier counts as the later one: unclear is a no."""


def latest_decisive(facts: Facts) -> tuple[Review, ...]:
    """Return each person's latest review that is not a mere comment, oldest first, whatever order they came in."""
    latest: dict[str, Review] = {}
    for review in sorted(facts.reviews, key=_age):
        if review.verdict in _WEIGHT:
            latest[review.by.casefold()] = review
    return tuple(sorted(latest.values(), key=_age))


def _age(review: Review) -> tuple[float, int, str]:
    return (review.submitted_at.timestamp(), _WEIGHT.get(review.verdict, -1), review.id)


def may_write(facts: Facts, person: str) -> bool:
    """Whether the forge says, now, that the person may write. Nobody asked about is nobody who may."""
    return all(permission.writes for permission in _known(facts, person) or (Permission.NONE,))


def _known(facts: Facts, person: str) -> list[Permission]:
    return [permission for name, permission in facts.permissions.items() if same_person(name, person)]


# --- 4: the review -------------------------------------------------------------------------------------------------


def review_is_of_this_commit(facts: Facts, review: Review) -> Condition | None:
    """It was given on exactly the planned head."""
    return unless(
        review.commit_sha == facts.plan.head_sha,
        "review-of-this-commit",
        f"{review.by} approved {review.commit_sha[:12]}, the plan is {facts.plan.head_sha[:12]}; review the newest commit",
        who=review.by,
    )


def review_came_after_the_plan(facts: Facts, review: Review) -> Condition | None:
    """A review's commit can be re-pointed later, its time cannot: both are asked."""
    return unless(
        review.submitted_at > facts.plan.made_at,
        "review-after-plan",
        f"{review.by} approved before the plan was there; please review again",
        who=review.by,
    )


def review_has_happened(facts: Facts, review: Review) -> Condition | None:
    """Its time is not still to come."""
    return unless(
        review.submitted_at <= facts.now,
        "review-in-time",
        f"{review.by}'s review is dated after now; this machine's clock is behind, set it",
        who=review.by,
    )


def review_chooses_what_is_offered(facts: Facts, review: Review) -> Condition | None:
    """It names one of the plan's options, or none: then it is the recommended one."""
    named, there = options_named(review.body), offered(facts.plan)
    return unless(
        len(named) <= 1 and named <= there,
        "review-chooses-one",
        f"{review.by} chose {', '.join(sorted(named))}; a review names one of those the plan offers: {', '.join(sorted(there))}",
        who=review.by,
    )


def choice(facts: Facts, review: Review) -> str:
    """Return the option a review chooses, "" for the recommended one; of what is not offered nobody can choose."""
    named = options_named(review.body) & offered(facts.plan)
    return next(iter(named - {RECOMMENDED}), "") if len(named) == 1 else ""


# --- 5: costly plans need their code -------------------------------------------------------------------------------


def review_names_the_plan(facts: Facts, review: Review) -> Condition | None:
    """Above the policy's limit the reviewer has written the plan's code."""
    limit, ceiling = code_above_usd(facts.policy), chosen(facts.plan, choice(facts, review)).ceiling_usd
    code = plan_code(facts.digest)
    return unless(
        limit is None or ceiling <= limit or code in review.body.casefold(),
        "review-names-plan",
        f"the plan may cost ${ceiling}, more than ${limit}: {review.by}'s approving review must contain {code}",
        who=review.by,
    )


# --- 6: the reviewer -----------------------------------------------------------------------------------------------


def reviewer_is_a_person(_facts: Facts, review: Review) -> Condition | None:
    """Not an app, not a bot."""
    return unless(
        review.by_a_person and not review.by.casefold().endswith("[bot]"),
        "reviewer-a-person",
        f"{review.by} is not a person; a person must approve",
        who=review.by,
    )


def reviewer_is_not_us(facts: Facts, review: Review) -> Condition | None:
    """We do not approve ourselves."""
    return unless(
        not same_person(review.by, facts.policy.our_name),
        "reviewer-not-us",
        f"{review.by} is the account that makes the plans; somebody else must approve",
        who=review.by,
    )


def reviewer_may_write(facts: Facts, review: Review) -> Condition | None:
    """Has write access now, by the forge's own word."""
    return unless(
        may_write(facts, review.by),
        "reviewer-may-write",
        f"{review.by} may not write to this repository; somebody who may must approve",
        who=review.by,
    )


def reviewer_is_on_the_list(facts: Facts, review: Review) -> Condition | None:
    """The policy's list of approvers, if there is one, names the person."""
    listed = facts.policy.approvers
    return unless(
        not listed or any(same_person(review.by, name) for name in listed),
        "reviewer-listed",
        f"{review.by} is not among those who may approve: {', '.join(listed)}",
        who=review.by,
    )


def reviewer_is_not_the_requester(facts: Facts, review: Review) -> Condition | None:
    """Two pairs of eyes, unless the policy is content with one."""
    return unless(
        facts.policy.requester_may_approve or not same_person(review.by, facts.plan.requester),
        "reviewer-not-requester",
        f"{review.by} asked for this; somebody else must approve",
        who=review.by,
    )


def reviewer_is_no_author(facts: Facts, review: Review) -> Condition | None:
    """Nobody approves code they have written. Where the authors are unknown nobody can be sure of that."""
    authors = facts.pull_request.commit_authors
    return unless(
        bool(authors) and not any(same_person(review.by, author) for author in authors),
        "reviewer-no-author",
        f"{review.by} wrote a commit of this branch, or its authors are not known; somebody else must approve",
        who=review.by,
    )


BYTES_REVIEW_CONDITIONS: tuple[ReviewCheck, ...] = (review_is_of_this_commit,)
"""Must hold for an approving review of a plan that acts on what lies on the branch."""

REVIEW_CONDITIONS: tuple[ReviewCheck, ...] = (
    review_came_after_the_plan,
    review_has_happened,
    review_chooses_what_is_offered,
    review_names_the_plan,
    reviewer_is_a_person,
    reviewer_is_not_us,
    reviewer_may_write,
    reviewer_is_on_the_list,
    reviewer_is_not_the_requester,
    reviewer_is_no_author,
)
"""All of them must hold for an approving review to count."""


# --- 7: nobody objects ---------------------------------------------------------------------------------------------


def new_objection(facts: Facts, review: Review) -> Condition | None:
    """Return a "request changes" that came after the plan: its words are for the agent, and a new plan has to follow."""
    return _objection(facts, review) if review.submitted_at > facts.plan.made_at else None


def old_objection(facts: Facts, review: Review) -> Condition | None:
    """Return a "request changes" on an earlier plan: this one may answer it, and only that person can say so."""
    return _objection(facts, review) if review.submitted_at <= facts.plan.made_at else None


def _objection(facts: Facts, review: Review) -> Condition | None:
    """Return the condition of a "request changes" of somebody who may write, or of whom we do not know whether."""
    if review.verdict is not Verdict.CHANGES_REQUESTED:
        return None
    stranger = bool(_known(facts, review.by)) and not may_write(facts, review.by)
    return unless(
        stranger,
        "no-objection",
        f"{review.by} requested changes; {review.by} must approve, or somebody must dismiss that review",
        who=review.by,
    )


def dismissal(review: Review) -> Condition | None:
    """Return the words for a review that was taken back."""
    return unless(
        review.verdict is not Verdict.DISMISSED,
        "review-stands",
        f"{review.by}'s review was dismissed; it does not count",
        who=review.by,
    )
