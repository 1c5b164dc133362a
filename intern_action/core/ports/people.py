"""Somebody to ask and somebody who looks on: time, models, watchers, redaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from intern_action.core.events import Event
from intern_action.core.types import (
    Conversation,
    JsonObject,
    Reply,
)


class Clock(Protocol):
    """Time. Nobody else asks the machine for it."""

    def now(self) -> datetime:
        """Return the aware time, UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""
        ...

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


class Model(Protocol):
    """Somebody who goes on from a conversation."""

    @property
    def name(self) -> str:
        """The name the user gave, e.g. `anthropic/claude-opus-4.8`."""
        ...

    def answer(self, conversation: Conversation, hear: Callable[[str], None] | None = None) -> Reply:
        """Return the next reply; `hear` gets the text as it streams in.

        Raises:
            ModelError: one leaf for each fault; a reply whose finish reason never came is `ModelCut`, not a reply.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class Watcher(Protocol):
    """Somebody who shows a running session to people: a bar on a terminal, quiet lines in CI."""

    def happened(self, event: Event) -> None:
        """One event was taken in."""
        ...

    def streamed(self, text: str) -> None:
        """A piece of the model's text came."""
        ...


class Redactor(Protocol):
    """Takes secrets out of what comes in at the door."""

    def text(self, text: str) -> str:
        """Return the text with every known secret and token pattern masked."""
        ...

    def data(self, data: JsonObject) -> JsonObject:
        """The same for nested data, keys included."""
        ...

    def finds(self, text: str) -> bool:
        """Whether the text holds a secret."""
        ...
