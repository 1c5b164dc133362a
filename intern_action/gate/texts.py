"""The words of `/intern why`, and of what a plan waits for, from the templates in `configs/texts`."""

from __future__ import annotations

from intern_action.core.digests import plan_code, plan_digest
from intern_action.core.judgement import Approved, Condition, Judgement
from intern_action.core.plan import Plan
from intern_action.settings.words import text


def why(judgement: Judgement, plan: Plan) -> str:
    """Return, as Markdown, whether the plan may start, and if not, which condition fails, for whom, and what to do."""
    match judgement:
        case Approved(by=by):
            return _page(plan, by=by, failing=(), waiting=False)
        case _:
            return _page(plan, by=(), failing=judgement.failing, waiting=judgement.waiting)


def awaited(plan: Plan, *, unasked: tuple[str, ...] = ()) -> str:
    """Return in one line what needs a review, and who of the policy could not be asked for one."""
    return text("awaited", plan=plan, unasked=unasked).strip()


def _page(plan: Plan, *, by: tuple[str, ...], failing: tuple[Condition, ...], waiting: bool) -> str:
    code = plan_code(plan_digest(plan))
    return text("why", plan=plan, code=code, by=by, failing=failing, waiting=waiting).strip()
