"""Money is spent only after an approval."""

from __future__ import annotations

from collections.abc import Sequence

from intern_action.core.effects import Effect, Leases, Serves, Spends
from intern_action.core.judgement import ApprovalPolicy


def spending(effects: Sequence[Effect], _policy: ApprovalPolicy) -> str | None:
    """Hold every job, every lease and every endpoint."""
    wanted = [
        *(
            f"up to {effect.job.attempts} x {effect.job.timeout_minutes} minutes on {effect.job.flavor}"
            for effect in effects
            if isinstance(effect, Spends)
        ),
        *(
            f"{effect.lease.minutes} minutes of {effect.lease.flavor}"
            for effect in effects
            if isinstance(effect, Leases)
        ),
        *(
            f"{effect.endpoint.minutes} minutes of {effect.endpoint.flavor} for {effect.endpoint.repository}"
            for effect in effects
            if isinstance(effect, Serves)
        ),
    ]
    return f"it costs money ({' and '.join(wanted)}), so people approve it first" if wanted else None


RULE = spending
