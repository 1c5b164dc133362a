"""Whether somebody who may write objects to a plan now."""

from __future__ import annotations

from intern_action.core.plan import Plan
from intern_action.core.types import Review, Verdict
from intern_action.session.office import Case


def objection_to(case: Case, plan: Plan) -> Review | None:
    """Return the standing request for changes of somebody who may write, given after the plan."""
    office = case.office
    latest: dict[str, Review] = {}
    for review in office.forge.reviews(plan.pull_request):
        if review.verdict is not Verdict.COMMENTED:
            latest[review.by] = review
    for person, review in latest.items():
        asked = review.verdict is Verdict.CHANGES_REQUESTED and review.submitted_at > plan.made_at
        if asked and office.forge.permission(person).writes:
            return review
    return None
