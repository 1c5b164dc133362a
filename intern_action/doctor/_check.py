"""What a check is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING

from intern_action.core.frozen import frozen

if TYPE_CHECKING:
    from intern_action.doctor._site import Site


class Grade(StrEnum):
    """How bad it is. Wrong has to be changed before work can be trusted to it; unseen is for a person to look at."""

    WRONG = "wrong"
    CARE = "care"
    UNSEEN = "unseen"
    FINE = "fine"


@frozen
class Finding:
    """One thing that was looked at.

    Args:
        subject: what it is called on the page, in a word or two.
        kind: which words of the check's file say it.
        values: what those words name; never a secret's value.
    """

    subject: str
    grade: Grade
    kind: str
    values: Mapping[str, object] = field(default_factory=dict[str, object])


@frozen
class Check:
    """Looks at one thing.

    Args:
        name: of its module, and of the file with its words.
        subject: what it is called when it cannot be made.
        look: yields what it found, also what is fine.
        asks_github: whether it is left out where GitHub cannot be asked.
    """

    name: str
    subject: str
    look: Callable[[Site], Iterable[Finding]]
    asks_github: bool = False


def fine(subject: str, kind: str = "fine", **values: object) -> Finding:
    """Return that something is as it should be."""
    return Finding(subject=subject, grade=Grade.FINE, kind=kind, values=values)


def care(subject: str, kind: str, **values: object) -> Finding:
    """Return that something is worse than it need be."""
    return Finding(subject=subject, grade=Grade.CARE, kind=kind, values=values)


def wrong(subject: str, kind: str, **values: object) -> Finding:
    """Return that something has to be changed."""
    return Finding(subject=subject, grade=Grade.WRONG, kind=kind, values=values)
