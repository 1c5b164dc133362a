"""The gate: whether an approval counts, right now, and if not, which condition fails, for whom, and what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from intern_action.core.effects import Leases, Serves
from intern_action.core.judgement import Approved, Condition, Facts, Judgement, NotApproved
from intern_action.core.plan import RECOMMENDED, chosen
from intern_action.core.types import Review, Verdict
from intern_action.gate._asked_conditions import asked_conditions
from intern_action.gate._plan_conditions import BYTES_CONDITIONS, PLAN_CONDITIONS
from intern_action.gate._review_conditions import (
    BYTES_REVIEW_CONDITIONS,
    REVIEW_CONDITIONS,
    choice,
    dismissal,
    latest_decisive,
    new_objection,
    old_objection,
)
from intern_action.gate.tiers import people_needed

T = TypeVar("T")


def judge(facts: Facts) -> Judgement:
    """Judge a plan by the world as it is. Pure; anything unclear is a no.

    Args:
        facts: gathered anew right before, all times aware.

    Returns:
        `Approved` with the people (as many as count, at least as many as needed) and their reviews, oldest first; or
        `NotApproved` with every failing condition. `waiting` is True when people's approvals are all that is missing.
    """
    said = latest_decisive(facts)
    counting = tuple(review for review in said if _counts(facts, review))
    option = choice(facts, counting[0]) if counting else ""
    broken = _of_the_world(facts, said, option)
    wanted = _of_the_people(facts, said, counting, option)
    if broken or wanted:
        return NotApproved(failing=(*broken, *wanted), waiting=not broken)
    return Approved(
        by=tuple(review.by for review in counting), reviews=tuple(review.id for review in counting), option=option
    )


def _of_the_world(facts: Facts, said: tuple[Review, ...], option: str) -> tuple[Condition, ...]:
    """Return what no further approval could put right."""
    of_the_plan = (check(facts) for check in (*PLAN_CONDITIONS, *_where_bytes_count(facts, BYTES_CONDITIONS)))
    of_the_effect = asked_conditions(_as_chosen(facts, option))
    of_objectors = (new_objection(facts, review) for review in said)
    return tuple(condition for condition in (*of_the_plan, *of_the_effect, *of_objectors) if condition is not None)


def _of_the_people(
    facts: Facts, said: tuple[Review, ...], counting: tuple[Review, ...], option: str
) -> tuple[Condition, ...]:
    """Return whose word is still missing, and why the words that were given do not count."""
    objections = tuple(found for review in said if (found := old_objection(facts, review)) is not None)
    objections += _at_odds(facts, counting)
    missing = people_needed(facts.policy, chosen(facts.plan, option).ceiling_usd) - len(counting)
    if missing <= 0:
        return objections
    people = "one more person" if missing == 1 else f"{missing} more people"
    short = Condition(name="people-enough", words=f"{people} must approve pull request #{facts.plan.pull_request}")
    return (short, *objections, *(condition for review in said for condition in _against(facts, review)))


def _as_chosen(facts: Facts, option: str) -> Facts:
    """Return the facts of the option that people chose: its job, cap and price are what is judged."""
    if not option:
        return replace(facts, plan=chosen(facts.plan))
    return replace(facts, plan=chosen(facts.plan, option), quote=facts.option_quotes.get(option))


def _at_odds(facts: Facts, counting: tuple[Review, ...]) -> tuple[Condition, ...]:
    """Return the condition of reviews that choose different options: nobody can tell which one is approved."""
    choices = {review.by: choice(facts, review) or RECOMMENDED for review in counting}
    if len(set(choices.values())) <= 1:
        return ()
    said = ", ".join(f"{person} {option}" for person, option in choices.items())
    return (Condition(name="option-agreed", words=f"the reviews choose different options ({said}); agree on one"),)


def _counts(facts: Facts, review: Review) -> bool:
    return review.verdict is Verdict.APPROVED and not _against(facts, review)


def _against(facts: Facts, review: Review) -> tuple[Condition, ...]:
    """Return all that speaks against one review that was meant to approve."""
    if review.verdict is Verdict.APPROVED:
        checks = (*_where_bytes_count(facts, BYTES_REVIEW_CONDITIONS), *REVIEW_CONDITIONS)
        found = tuple(check(facts, review) for check in checks)
    else:
        found = (dismissal(review),)
    return tuple(condition for condition in found if condition is not None)


def _where_bytes_count(facts: Facts, checks: tuple[T, ...]) -> tuple[T, ...]:
    """Return the checks of what lies on the branch, none for a machine by the hour: that is not of any bytes there."""
    return () if isinstance(facts.plan.asks, Leases | Serves) else checks
