"""What others may already use on the Hub is not overwritten unseen, and a list of own repositories is kept to."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from intern_action.core.effects import Effect, WritesHub
from intern_action.core.judgement import ApprovalPolicy


def hub_writes(effects: Sequence[Effect], policy: ApprovalPolicy) -> str | None:
    """Hold a write over other content, and one outside of the policy's list."""
    writes = [effect for effect in effects if isinstance(effect, WritesHub)]
    reasons = [
        *(
            f"{write.repository} holds other content, which would be overwritten"
            for write in writes
            if write.overwrites
        ),
        *(
            f"{write.repository} is not on the policy's list"
            for write in writes
            if not _listed(write.repository, policy)
        ),
    ]
    return " and ".join(reasons) or None


def _listed(repository: str, policy: ApprovalPolicy) -> bool:
    """Whether nobody keeps a list, or the repository is on it. The Hub's names do not tell upper from lower case."""
    listed = policy.hub_repositories
    return not listed or any(_matches(repository.casefold(), pattern.casefold()) for pattern in listed)


def _matches(repository: str, pattern: str) -> bool:
    """Whether owner matches owner and name matches name: a `*` does not reach over the slash."""
    owner, _, name = repository.partition("/")
    owner_pattern, _, name_pattern = pattern.partition("/")
    return fnmatchcase(owner, owner_pattern) and fnmatchcase(name, name_pattern)


RULE = hub_writes
