"""One condition of an approval: what it is called, whom it is about, and the words for it when it does not hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from intern_action.core.judgement import Condition, Facts

Check: TypeAlias = Callable[[Facts], Condition | None]
"""Looks at the facts; returns what is not as it must be, None when all is well."""


def unless(holds: bool, name: str, words: str, *, who: str = "") -> Condition | None:  # noqa: FBT001 - it is the question itself
    """Return the condition when it does *not* hold."""
    return None if holds else Condition(name=name, words=words, who=who)


def same_person(one: str, other: str) -> bool:
    """Whether two account names are one account: GitHub's names do not tell upper from lower case."""
    return one.casefold() == other.casefold()
