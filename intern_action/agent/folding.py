"""Folding a conversation: the model is asked once to sum up what goes; where it cannot, a digest stands in its place."""

from __future__ import annotations

from collections.abc import Callable

from intern_action.agent.context import Context, Fold, size_of
from intern_action.agent.digest import digest, plan_lines
from intern_action.agent.door import masked
from intern_action.agent.memory import Memory
from intern_action.agent.shorten import bytes_of, shortened
from intern_action.agent.voice import Words
from intern_action.core.errors import ModelError
from intern_action.core.events import Event, Folded, Spent
from intern_action.core.ports import Model, Redactor
from intern_action.core.types import Conversation, FinishReason, Note, Reply

_SHORTEST_ASKED = 400
"""A note with less room than this is not worth a request."""
_FRAME_BYTES = 500
"""What the words around a summary take."""


class Folder:
    """Makes room in a conversation.

    Args:
        context: how much room there is.
        model: who sums up.
        words: the prompts.
        redactor: masks what a summary repeats.
        write: journals an event and takes it in.
    """

    def __init__(
        self,
        *,
        context: Context,
        model: Model,
        system: str,
        words: Words,
        redactor: Redactor,
        write: Callable[[Event], None],
    ) -> None:
        self._context = context
        self._model = model
        self._system = system
        self._words = words
        self._redactor = redactor
        self._write = write

    def fold(self, memory: Memory) -> None:
        """Fold the conversation once: one event, one break of the prefix that a provider keeps. One that is short stays whole.

        Raises:
            ContextOverflow: there is no room beside instructions and tools.
        """
        fold = self._context.fold(memory)
        if not fold.changes:
            return
        note = self._note(memory, fold) if fold.turns else ""
        self._write(Folded(turns=fold.turns, note=note, most_bytes=fold.most_bytes))

    def _note(self, memory: Memory, fold: Fold) -> str:
        room = max(fold.note_bytes - _FRAME_BYTES, fold.note_bytes // 2)
        plan = shortened(plan_lines(memory), room // 3)
        room -= bytes_of(plan)
        summary = self._summary(memory, fold, room)
        told = summary or digest(memory.turns[: fold.turns], room)
        return self._words("folded", turns=fold.turns, plan=plan, summary=summary, digest=told)

    def _summary(self, memory: Memory, fold: Fold, room: int) -> str:
        """Ask for a summary of what goes; "" when there is none that is smaller than that.

        What is asked is the very beginning of the conversation as it was sent all the time, so that a provider has it in its
        cache, and one note.
        """
        gone = memory.turns[: fold.turns]
        if room < _SHORTEST_ASKED or size_of(gone) <= room:
            return ""
        asked = Note(text=self._words("fold", words=room // 8))
        conversation = Conversation(
            system=self._system, tools=self._context.tools, turns=[*gone, asked], epoch=memory.epoch
        )
        try:
            reply = self._model.answer(conversation)
        except ModelError:
            return ""
        self._write(
            Spent(usd=reply.usage.cost_usd, why=f"{reply.model or self._model.name}, a summary", usage=reply.usage)
        )
        return _usable(masked(reply, self._redactor), size_of(gone), room)


def _usable(reply: Reply, replaced: int, room: int) -> str:
    """Return a summary that is whole and smaller than what it stands for, "" otherwise. One that rambles is cut."""
    text = reply.text.strip()
    if reply.finish in {FinishReason.LENGTH, FinishReason.FILTER} or bytes_of(text) >= replaced:
        return ""
    return shortened(text, room) if text else ""
