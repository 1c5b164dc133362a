"""Money is spent only after an approval."""

from __future__ import annotations

from collections.abc import Sequence

from intern_action.core.effects import Effect, Spends
from intern_action.core.judgement import ApprovalPolicy


def spending(effects: Sequence[Effect], _policy: ApprovalPolicy) -> str | None:
    """Hold every job."""
    jobs = [effect.job for effect in effects if isinstance(effect, Spends)]
    if not jobs:
        return None
    words = " and ".join(f"up to {job.attempts} x {job.timeout_minutes} minutes on {job.flavor}" for job in jobs)
    return f"it costs money ({words}), so people approve it first"


RULE = spending
