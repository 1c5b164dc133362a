"""What a plan needs besides, because of its price: more people, or its code in their words."""

from __future__ import annotations

from decimal import Decimal

from intern_action.core.judgement import ApprovalPolicy


def people_needed(policy: ApprovalPolicy, ceiling_usd: Decimal) -> int:
    """Return how many distinct people must approve a plan that may cost so much; never nobody."""
    reached = (tier.people_needed for tier in policy.tiers if ceiling_usd > tier.above_usd)
    return max(1, policy.people_needed, *reached)


def code_above_usd(policy: ApprovalPolicy) -> Decimal | None:
    """Return above which price an approving review must contain the plan's code; None is never."""
    limits = [tier.above_usd for tier in policy.tiers if tier.code]
    if policy.code_above_usd is not None:
        limits.append(policy.code_above_usd)
    return min(limits, default=None)
