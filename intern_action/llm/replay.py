"""A model that says again what was said: recorded replies, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from intern_action.core.errors import ModelError
from intern_action.core.types import Conversation, Reply


class ReplayEnded(ModelError):
    """The conversation asks for more answers than the recording holds."""


class Replay:
    """The `Model` port over a recording.

    The n-th reply of a session is the n-th recorded one, so a resumed session goes on where it stood.

    Args:
        replies: every reply of the recorded session, in order, with their call ids as journaled.
        name: what the user called it, e.g. `replay:trace.jsonl`.
    """

    def __init__(self, replies: Sequence[Reply], *, name: str) -> None:
        self._replies = replies
        self._name = name
        self._asked = 0

    @property
    def name(self) -> str:
        """The name the user gave."""
        return self._name

    def answer(self, conversation: Conversation, hear: Callable[[str], None] | None = None) -> Reply:
        """Return the recorded reply that comes next.

        Raises:
            ReplayEnded: there is none.
        """
        shown = sum(isinstance(turn, Reply) for turn in conversation.turns)
        place = max(self._asked, shown)  # a fold hides replies that were given, so what was asked of us counts too
        if place >= len(self._replies):
            raise ReplayEnded(
                f"{self._name} holds {len(self._replies)} answers and the session asks for answer {place + 1}: "
                "it has left the recorded path. Record a longer session, or name a real model"
            )
        self._asked = place + 1
        reply = self._replies[place]
        if hear is not None and reply.text:
            hear(reply.text)
        return reply

    def close(self) -> None:
        """Nothing is held."""
