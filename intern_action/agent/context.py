"""How much a model may be shown: when a conversation is full, and what of it goes when it is folded. Decides; changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from intern_action.agent.brief import brief
from intern_action.agent.gauge import Gauge, fixed_weight, weight, weight_of
from intern_action.agent.memory import Memory
from intern_action.agent.shorten import NEWEST_SHARE, level, newest_from
from intern_action.core.errors import ContextOverflow
from intern_action.core.frozen import frozen
from intern_action.core.types import Answer, Reply, ToolSpec, Turn, Words

KEPT = 10
"""Messages at the end that a fold keeps, at least: a call is never parted from its answers."""

_MOST_OF_WINDOW = (85, 100)
"""The rest is for the answer, and for our guess at the number of tokens."""
_FIXED_PART = (2, 5)
"""Instructions and tools may have this part of what may be filled; beyond it the tools are described more briefly."""
_SMALLEST_BYTES = 1_500
"""Less room than this beside instructions and tools, and nothing can be worked on."""


@frozen
class Room:
    """What one model reads.

    Args:
        window_tokens: the most, 0 when nobody knows.
        fold_at_tokens: where a conversation is folded, however large the window; 0 for never (a planner of ours).
    """

    window_tokens: int = 0
    fold_at_tokens: int = 170_000

    @property
    def most_tokens(self) -> int:
        """How many tokens a conversation may have, 0 for any number."""
        if not self.window_tokens or not self.fold_at_tokens:
            return self.fold_at_tokens
        part, whole = _MOST_OF_WINDOW
        return min(self.fold_at_tokens, self.window_tokens * part // whole)


@frozen
class Fold:
    """What goes: the first `turns` turns, for a note of `note_bytes`; what stays is bounded by `most_bytes` (0: whole)."""

    turns: int
    note_bytes: int
    most_bytes: int

    @property
    def changes(self) -> bool:
        """Whether anything goes."""
        return bool(self.turns or self.most_bytes)


class Context:
    """The room for one session's conversation.

    Args:
        room: what the model reads; asked for once, when it is first needed.
        system, tools: what stands before every conversation.
    """

    def __init__(self, *, room: Callable[[], Room], system: str, tools: Sequence[ToolSpec]) -> None:
        self._system = system
        self._offered = tuple(tools)
        self._asked_room = room
        self._learned = 0

    @cached_property
    def tools(self) -> tuple[ToolSpec, ...]:
        """The tools as this model is told of them: in a small window more briefly."""
        most = self._room.most_tokens
        if not most:
            return self._offered
        part, whole = _FIXED_PART
        room = Gauge(0).bytes_in(most * part // whole) - fixed_weight(self._system, ())
        return brief(self._offered, room)

    def full(self, memory: Memory) -> bool:
        """Whether the conversation has to be folded before the model is asked."""
        most = self._most_tokens
        return bool(most) and self._gauge.tokens(memory) > most

    def overflowed(self, memory: Memory, window_tokens: int) -> None:
        """Take in that a provider found the conversation too long: it read less than we thought, or counted more.

        Args:
            memory: what was too long.
            window_tokens: what it said it reads, 0 when it did not say.
        """
        counted = self._gauge.tokens(memory)
        part, whole = _MOST_OF_WINDOW
        told = window_tokens * part // whole
        least = self._gauge.tokens_of(self._gauge.fixed + 2 * _SMALLEST_BYTES)
        self._learned = max(told if 0 < told < counted else counted * 7 // 10, least)
        self.__dict__.pop("tools", None)  # they may have to be told of more briefly now
        self.__dict__.pop("_gauge", None)

    def fold(self, memory: Memory) -> Fold:
        """Return how to make the conversation small enough: half of the room is free afterwards.

        Raises:
            ContextOverflow: instructions and tools alone fill the window.
        """
        gauge, turns = self._gauge, memory.turns
        free = gauge.bytes_in(self._most_tokens) - gauge.fixed
        if free < _SMALLEST_BYTES:
            raise ContextOverflow(
                f"the model reads {self._most_tokens} tokens at most, and instructions and tools take "
                f"{gauge.tokens_of(gauge.fixed)} of them: choose a model with a larger window, or correct `models.windows`"
            )
        room = free // 2
        gone = boundary(turns, len(turns) - KEPT)
        note_bytes = min(room // 3, _LONGEST_NOTE_BYTES) if _says(turns[:gone]) else 0
        return Fold(
            turns=gone if note_bytes else 0, note_bytes=note_bytes, most_bytes=_bound(turns, gone, room - note_bytes)
        )

    @cached_property
    def _room(self) -> Room:
        return self._asked_room()

    @cached_property
    def _gauge(self) -> Gauge:
        return Gauge(fixed_weight(self._system, self.tools))

    @property
    def _most_tokens(self) -> int:
        most = self._room.most_tokens
        return min(most, self._learned) if most and self._learned else most


_LONGEST_NOTE_BYTES = 16_000


def boundary(turns: Sequence[Turn], wanted: int) -> int:
    """Return the last place up to `wanted` at which a conversation may be cut: no call is parted from its answers."""
    place = max(0, wanted)
    before = next((at for at in range(place - 1, -1, -1) if isinstance(turns[at], Reply)), None)
    if before is None:
        return place
    reply = turns[before]
    ids = {call.id for call in reply.calls} if isinstance(reply, Reply) else set[str]()
    for turn in turns[place:]:
        match turn:
            case Answer(call=call) if call.id in ids:
                return before
            case Reply():
                break
            case _:
                pass
    return place


def _says(turns: Sequence[Turn]) -> bool:
    """Whether there is anything but people's words, which stay."""
    return any(not isinstance(turn, Words) for turn in turns)


def _bound(turns: Sequence[Turn], gone: int, room: int) -> int:
    """Return the bound of each turn that is kept, 0 when all fit as they are."""
    newest = gone + newest_from(turns[gone:])
    kept = [
        (weight(turn), NEWEST_SHARE if place >= newest else 1)
        for place, turn in enumerate(turns)
        if place >= gone or isinstance(turn, Words)
    ]
    return level(kept, room)


def size_of(turns: Sequence[Turn]) -> int:
    """Return the bytes that a fold of these turns would free."""
    return weight_of([turn for turn in turns if not isinstance(turn, Words)])
