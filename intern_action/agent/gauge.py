"""How many tokens a conversation has: each turn is weighed once, and what a provider counted sets the scale.

No tokenizer: there is one for each model, the right one is mostly not at hand, and a guess that errs by a tenth is enough for
knowing when to fold. Bytes are a better measure than letters, because a letter of East Asia is about a token and three bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from intern_action.agent.memory import Memory
from intern_action.agent.shorten import bytes_of
from intern_action.core.types import Answer, Note, Reply, ToolSpec, Turn, Words

BYTES_PER_TOKEN = 3.2
"""On the careful side: prose has four, code and figures have three."""

FRAME_BYTES = 40
"""What stands around a turn on the wire: its role, its frame, an id."""

_PLAUSIBLE = (0.4, 2.5)
"""A provider that counts less or more than this part of our guess counts something else (or invents)."""
_SCALE = (0.75, 2.5)


class Gauge:
    """Counts the tokens of one memory's conversation, turn by turn.

    Args:
        fixed: the instructions and tools that stand before every conversation, in bytes.
    """

    def __init__(self, fixed: int) -> None:
        self.fixed = fixed
        self.scale = 1.0
        self._epoch: int = -1
        self._seen = 0
        self._bytes = 0
        self._known = 0
        self._known_at = 0

    def tokens(self, memory: Memory) -> int:
        """Return about how many tokens the next request has."""
        self._follow(memory)
        return self._known + self.tokens_of(self._bytes - self._known_at)

    def tokens_of(self, size: int) -> int:
        """Return about how many tokens so many bytes are."""
        return int(size * self.scale / BYTES_PER_TOKEN)

    def bytes_in(self, tokens: int) -> int:
        """Return how many bytes so many tokens hold."""
        return int(tokens * BYTES_PER_TOKEN / self.scale)

    def _follow(self, memory: Memory) -> None:
        if memory.epoch != self._epoch:
            self._epoch, self._seen, self._bytes = memory.epoch, 0, self.fixed
            self._known = self._known_at = 0
        while self._seen < len(memory.turns):
            turn = memory.turns[self._seen]
            if isinstance(turn, Reply) and self._seen >= memory.folded_to:
                self._calibrate(turn.usage.input_tokens)
            self._bytes += weight(turn)
            self._seen += 1

    def _calibrate(self, counted: int) -> None:
        """Take what the provider counted for all that stood before its reply."""
        ratio = counted / (self._bytes / BYTES_PER_TOKEN) if self._bytes else 0.0
        if _PLAUSIBLE[0] <= ratio <= _PLAUSIBLE[1]:
            self._known, self._known_at = counted, self._bytes
            self.scale = min(max(ratio, _SCALE[0]), _SCALE[1])


def weight(turn: Turn) -> int:
    """Return about how many bytes a turn is on the wire."""
    match turn:
        case Words(text=text) | Note(text=text):
            return FRAME_BYTES + bytes_of(text)
        case Answer(result=result):
            return FRAME_BYTES + bytes_of(result.text)
        case Reply(text=text, calls=calls, thoughts=thoughts):
            called = sum(2 * FRAME_BYTES + bytes_of(call.name) + _weight(call.arguments) for call in calls)
            thought = sum(bytes_of(one.text) + _weight(one.block) for one in thoughts) if calls else 0
            return FRAME_BYTES + bytes_of(text) + called + thought


def weight_of(turns: Sequence[Turn]) -> int:
    """Return the bytes of several turns."""
    return sum(map(weight, turns))


def fixed_weight(system: str, tools: Sequence[ToolSpec]) -> int:
    """Return the bytes of what stands before every conversation."""
    return FRAME_BYTES + bytes_of(system) + sum(spec_weight(spec) for spec in tools)


def spec_weight(spec: ToolSpec) -> int:
    """Return about how many bytes the description of a tool is."""
    return 2 * FRAME_BYTES + bytes_of(spec.name) + bytes_of(spec.description) + _weight(spec.parameters)


def _weight(value: object) -> int:
    match value:
        case str():
            return bytes_of(value) + 3
        case Mapping():
            items = cast("Mapping[str, object]", value).items()
            return 2 + sum(len(str(name)) + 4 + _weight(item) for name, item in items)
        case list() | tuple():
            return 2 + sum(_weight(item) + 1 for item in cast("Sequence[object]", value))
        case _:
            return 6
