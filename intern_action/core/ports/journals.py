"""Where events are kept, and where the agent half works."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from intern_action.core.events import Entry, Event
from intern_action.core.ports.git import Checkout
from intern_action.core.ports.tools import Desk
from intern_action.core.types import (
    Answer,
)


class JournalFile(Protocol):
    """Where the entries of a running half are kept, durable after each append."""

    def append(self, event: Event) -> Entry:
        """Write one event and return its entry; on disk when this returns."""
        ...

    def entries(self) -> Iterator[Entry]:
        """Read everything again, oldest first."""
        ...


class ControlJournal(JournalFile, Protocol):
    """A session's journal in control's hands."""

    @property
    def head(self) -> Entry | None:
        """The newest entry, None for a new session."""
        ...

    def extend(self, segment: Sequence[Entry]) -> None:
        """Take in a segment that extends the head; entries that are already there are skipped.

        Raises:
            NotAllowed: it extends something else.
        """
        ...

    def save(self) -> None:
        """Store it where another machine finds it: `refs/intern/sessions/<id>`, or a `JournalHome`."""
        ...


class JournalHome(Protocol):
    """Where other machines find journals, besides the repository's refs."""

    def save(self, session: str, lines: bytes, *, expected_head: str, at: datetime) -> str:
        """Store a whole journal, by compare-and-swap on the head last seen ("" for a new session); return the new head."""
        ...

    def load(self, session: str) -> tuple[str, bytes] | None:
        """Return (head, lines), None for a session that is not there."""
        ...

    def drop(self, session: str) -> bool:
        """Take a journal away; return whether there was one."""
        ...


class JournalStore(Protocol):
    """All journals of control."""

    def open(self, session: str) -> ControlJournal:
        """Return a session's journal, a new one for a new session. One process at a time."""
        ...


class Workplace(Protocol):
    """Where the agent half works on one session."""

    @property
    def checkout(self) -> Checkout:
        """The work tree."""
        ...

    @property
    def fresh(self) -> bool:
        """Whether it was made anew just now: scratch files and processes of earlier runs are gone."""
        ...

    def segment(self, head: Entry) -> JournalFile:
        """Return the segment that extends `head`: the one an earlier, killed run left, or a new one."""
        ...

    def desk(self, past: Callable[[str], Sequence[Answer]]) -> Desk:
        """Return what the tools have at hand."""
        ...

    def commits(self, commit: str) -> str:
        """Write a git bundle with a snapshot commit; return its path."""
        ...
