"""The words of `/intern why`, from the template in `configs/texts`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from intern_action.core.digests import plan_code, plan_digest
from intern_action.core.judgement import Approved, Judgement
from intern_action.core.types import Plan
from intern_action.settings.places import configs

if TYPE_CHECKING:
    from jinja2 import Template


def why(judgement: Judgement, plan: Plan) -> str:
    """Return, as Markdown, whether the plan may start, and if not, which condition fails, for whom, and what to do."""
    approved = isinstance(judgement, Approved)
    return (
        _template()
        .render(
            plan=plan,
            code=plan_code(plan_digest(plan)),
            by=judgement.by if approved else (),
            failing=() if approved else judgement.failing,
            waiting=not approved and judgement.waiting,
        )
        .strip()
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    # Markdown, not HTML: the forge makes people's words harmless when it renders them.
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701
    return environment.from_string((configs() / "texts" / "why.md.j2").read_text())
