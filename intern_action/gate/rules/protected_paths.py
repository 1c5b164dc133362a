"""Files that a team keeps to itself are not published: whoever wants them changed does it in a pull request of their own."""

from __future__ import annotations

from collections.abc import Sequence

from intern_action.core.effects import Effect, Pushes
from intern_action.core.judgement import ApprovalPolicy
from intern_action.core.patterns import touched


def protected_paths(effects: Sequence[Effect], policy: ApprovalPolicy) -> str | None:
    """Hold a push that touches what the policy protects."""
    pushed = (path for effect in effects if isinstance(effect, Pushes) for path in effect.paths)
    paths = sorted({*touched(pushed, policy.protected)})
    return f"it changes {', '.join(paths)}, which `protected` in the policy keeps as it is" if paths else None


RULE = protected_paths
