"""Reasons to hold what would go out by itself: one file each. Any rule can hold, none can free, so their order cannot matter.

A rule is the constant `RULE` of a module in this folder: it gets the effects of a call and the policy, and returns words or None.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Protocol

from intern_action.core.effects import Disposition, Effect, natural_disposition
from intern_action.core.judgement import ApprovalPolicy
from intern_action.core.plugins import plugins


class Rule(Protocol):
    """One reason to hold a call."""

    def __call__(self, effects: Sequence[Effect], policy: ApprovalPolicy, /) -> str | None:
        """Return the reason in words, None when the rule has none."""
        ...


def held(effects: Sequence[Effect], policy: ApprovalPolicy) -> str | None:
    """Return why a call with these effects must wait for control, None when it may go out by itself."""
    return collect(rules(), effects, policy)


def collect(asked: Iterable[Rule], effects: Sequence[Effect], policy: ApprovalPolicy) -> str | None:
    """Ask every rule; what is held by nature stays held when none of them speaks."""
    reasons = {reason for rule in asked if (reason := rule(effects, policy)) is not None}
    by_nature = any(natural_disposition(effect) is Disposition.HELD for effect in effects)
    if by_nature and not reasons:
        return "what it does cannot be undone, so it waits for a person"
    return "; ".join(sorted(reasons)) or None


@cache
def rules() -> tuple[Rule, ...]:
    """Return the rules of this folder."""
    return plugins(sys.modules[__name__], "RULE", Rule)
