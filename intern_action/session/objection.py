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


def objection_against(case: Case, digest: str) -> Review | None:
    """Return what was said against a machine by the hour that people approved, whatever was planned since.

    What came after a newer plan is about that one; once the session is over, it is about all that is left of it.
    """
    view = case.office.ledger.read()
    plan, newest = view.plan(digest), view.newest_plan(case.began.session)
    review = objection_to(case, plan) if plan else None
    if review is None or newest is None or newest.digest == digest or case.state.over:
        return review
    return review if review.submitted_at <= newest.plan.made_at else None


def said(review: Review) -> str:
    """Return a reviewer's words."""
    return review.body.strip() or "changes are requested, without words"
