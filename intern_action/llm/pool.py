"""What requests in flight do not share: a draft each, a connection each. Both wait here between requests, for any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Generic, TypeVar

from intern_action.core.errors import ModelError
from intern_action.core.types import Conversation
from intern_action.llm.draft import Draft
from intern_action.llm.line import Line

_MOST_IDLE = 8

D = TypeVar("D", bound=Draft)


class Drafts(Generic[D]):
    """Drafts that nobody writes at, lent to who goes on with what was written there."""

    def __init__(self, make: Callable[[], D]) -> None:
        self._make = make
        self._idle: list[D] = []
        self._lock = threading.Lock()

    @contextmanager
    def lent(self, conversation: Conversation) -> Generator[D]:
        """Lend the draft with the most of this conversation, or a new one.

        It comes back unless something else than a `ModelError` happened: who was interrupted may have written half a turn.
        """
        draft = self._taken(conversation) or self._make()
        try:
            yield draft
        except ModelError:
            self._put_back(draft)
            raise
        self._put_back(draft)

    def _taken(self, conversation: Conversation) -> D | None:
        with self._lock:
            fitting = [draft for draft in self._idle if draft.fits(conversation)]
            if not fitting:
                return None
            draft = max(fitting, key=lambda draft: draft.turns)
            self._idle.remove(draft)
            return draft

    def _put_back(self, draft: D) -> None:
        with self._lock:
            self._idle = [*self._idle, draft][-_MOST_IDLE:]


class Lines:
    """Open connections to one destination."""

    def __init__(self, make: Callable[[], Line]) -> None:
        self._make = make
        self._idle: list[Line] = []
        self._lock = threading.Lock()

    @contextmanager
    def lent(self) -> Generator[Line]:
        """Lend the connection that was used last, or a new one. After any failure it is closed: nobody knows where it stands."""
        with self._lock:
            line = self._idle.pop() if self._idle else self._make()
        whole = False
        try:
            yield line
            whole = True
        finally:
            if whole:
                self._put_back(line)
            else:
                line.close()

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for line in idle:
            line.close()

    def _put_back(self, line: Line) -> None:
        with self._lock:
            self._idle.append(line)
            dropped, self._idle = self._idle[:-_MOST_IDLE], self._idle[-_MOST_IDLE:]
        for old in dropped:
            old.close()
