"""The most a comment may ask for, from the settings of a run and the policy of the default branch."""

from __future__ import annotations

from intern_action.core.judgement import ApprovalPolicy
from intern_action.settings.settings import Settings
from intern_action.triggers._command import Bounds


def bounds_of(settings: Settings, policy: ApprovalPolicy) -> Bounds:
    """Return the bounds: flags may ask for less than the settings say, never for more."""
    jobs = settings.jobs
    return Bounds(
        max_turns=settings.max_turns,
        max_cost_usd=settings.max_cost_usd,
        timeout=jobs.local.timeout if jobs.backend == "local" else jobs.hf.timeout,
        timeout_from=f"jobs.{'local' if jobs.backend == 'local' else 'hf'}.timeout",
        flavors=policy.flavors,
        models=policy.models,
        presets=policy.labels,
    )
