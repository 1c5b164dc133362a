"""A model that says again what was said: recorded replies, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from intern_action.core.errors import ModelError
from intern_action.core.ports import Model
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
        place = max(self._asked, given(conversation))
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


class Forked:
    """The first replies of a recording, then somebody else's.

    Args:
        replies: the recorded ones that are said again.
        following: who goes on.
        name: what stands for both.
    """

    def __init__(self, replies: Sequence[Reply], following: Model, *, name: str) -> None:
        self._replay = Replay(replies, name=name)
        self._until = len(replies)
        self._following = following

    @property
    def name(self) -> str:
        """The name of both."""
        return self._replay.name

    def answer(self, conversation: Conversation, hear: Callable[[str], None] | None = None) -> Reply:
        """Return the recorded reply that comes next, and somebody else's once they are used up."""
        if given(conversation) < self._until:
            return self._replay.answer(conversation, hear)
        return self._following.answer(conversation, hear)

    def close(self) -> None:
        """Let go of connections."""
        self._following.close()


def given(conversation: Conversation) -> int:
    """Return how many replies the session has had; a fold hides some."""
    return max(conversation.heard, sum(isinstance(turn, Reply) for turn in conversation.turns))
