"""Whether a job that is asked for again lies inside a plan people approved: then nobody is asked a second time."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

from intern_action.core.frozen import frozen
from intern_action.core.plan import Plan
from intern_action.core.types import JobSpec, Parameters
from intern_action.gate.quote import cost_usd

_PINNED = ("script", "flavor", "dependencies", "model", "model_revision", "dataset", "dataset_revision", "output")
"""Fields of a job that an approval fixes. Parameters vary within the plan's list; time and attempts are counted."""


_AS_PLANNED: Parameters = {}


@frozen
class Inside:
    """The approval covers it. `variation` is the permitted change that was used (empty: the plan's own parameters)."""

    variation: Parameters
    attempt_usd: Decimal


@frozen
class Outside:
    """It needs a plan of its own, for each of these reasons."""

    reasons: tuple[str, ...]


Coverage: TypeAlias = Inside | Outside


def covers(plan: Plan, asked: JobSpec, *, tree: str, attempts_used: int, remaining_usd: Decimal) -> Coverage:
    """Return whether an approved plan covers one more attempt.

    Args:
        plan: the approved plan.
        asked: the job as it is asked for now. Its own `variations` and `attempts` are not looked at.
        tree: tree id of what would run now.
        attempts_used: how often the plan was started already.
        remaining_usd: what is left of the plan's cap.
    """
    job, quote = plan.job, plan.quote
    if job is None or quote is None:
        return Outside(reasons=("the approved plan is not of a job",))
    variation = _variation(job, asked.parameters)
    attempt_usd = cost_usd(quote.flavor, asked.timeout_minutes)
    reasons = [
        *_changed(job, asked),
        *([] if tree == plan.tree else ["the files are not the plan's"]),
        *_beyond(job, asked, attempts_used=attempts_used, remaining_usd=remaining_usd, attempt_usd=attempt_usd),
    ]
    if variation is None:
        return Outside(reasons=(*reasons, "its parameters are neither the plan's nor one of its permitted variations"))
    return Outside(reasons=tuple(reasons)) if reasons else Inside(variation=variation, attempt_usd=attempt_usd)


def _variation(job: JobSpec, asked: Parameters) -> Parameters | None:
    """Return the one permitted variation that makes the job's parameters the asked ones; empty for none, None if no one does."""
    for variation in (_AS_PLANNED, *job.variations):
        if {**job.parameters, **variation} == dict(asked):
            return variation
    return None


def _changed(job: JobSpec, asked: JobSpec) -> list[str]:
    """Return what is not as it was approved."""
    return [
        f"its {field.replace('_', ' ')} is not the plan's"
        for field in _PINNED
        if getattr(asked, field) != getattr(job, field)
    ]


def _beyond(
    job: JobSpec, asked: JobSpec, *, attempts_used: int, remaining_usd: Decimal, attempt_usd: Decimal
) -> list[str]:
    """Return which of the plan's limits one more attempt would pass."""
    limits = {
        f"its time limit is not between 1 and the plan's {job.timeout_minutes} minutes": (
            1 <= asked.timeout_minutes <= job.timeout_minutes
        ),
        f"the plan's {job.attempts} attempts are used up": attempts_used < job.attempts,
        f"one attempt may cost ${attempt_usd} and ${remaining_usd} are left of the plan": attempt_usd <= remaining_usd,
    }
    return [words for words, kept in limits.items() if not kept]
