"""Desks: what one request in flight needs for itself, a draft and perhaps a connection. Threads never share one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from intern_action.core.errors import ModelError
from intern_action.core.types import Conversation
from intern_action.llm.draft import Draft

_MOST_IDLE = 8


class Desk(Protocol):
    """A place to write at."""

    @property
    def draft(self) -> Draft:
        """What was written here."""
        ...

    def hang_up(self) -> None:
        """Let go of a connection."""
        ...


D = TypeVar("D", bound=Desk)


class Desks(Generic[D]):
    """Idle desks, lent to who goes on with what was written there."""

    def __init__(self, make: Callable[[], D]) -> None:
        self._make = make
        self._idle: list[D] = []
        self._lock = threading.Lock()

    @contextmanager
    def lent(self, conversation: Conversation) -> Generator[D]:
        """Lend the desk with the most of this conversation, or a new one. A connection that failed is not used again."""
        desk = self._taken(conversation) or self._make()
        try:
            yield desk
        except ModelError:
            desk.hang_up()
            self._put_back(desk)
            raise
        except BaseException:  # interrupted anywhere: neither its connection nor its draft can be trusted
            desk.hang_up()
            raise
        self._put_back(desk)

    def close(self) -> None:
        """Hang up wherever nobody sits."""
        with self._lock:
            idle, self._idle = self._idle, []
        for desk in idle:
            desk.hang_up()

    def _taken(self, conversation: Conversation) -> D | None:
        with self._lock:
            fitting = [desk for desk in self._idle if desk.draft.fits(conversation)]
            if not fitting:
                return None
            desk = max(fitting, key=lambda desk: desk.draft.turns)
            self._idle.remove(desk)
            return desk

    def _put_back(self, desk: D) -> None:
        with self._lock:
            self._idle.append(desk)
            dropped, self._idle = self._idle[:-_MOST_IDLE], self._idle[-_MOST_IDLE:]
        for old in dropped:
            old.hang_up()
