"""Reasoning as it streams in, put together without changing a byte of what will be given back.

Three shapes are in use: plain message fields (`reasoning_content`: DeepSeek, vLLM, Moonshot; `reasoning`: OpenRouter, Groq), a
list `reasoning_details` whose pieces carry an index (OpenRouter), and Anthropic's `thinking_blocks`, closed by a signature.

Sources: https://api-docs.deepseek.com/guides/thinking_mode, https://openrouter.ai/docs/use-cases/reasoning-tokens,
https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking
"""

from __future__ import annotations

from dataclasses import dataclass, field

from intern_action.core.types import JsonObject, Thought
from intern_action.llm.arguments import whole_text
from intern_action.llm.narrow import as_list, as_object, as_text

_PLAIN_FIELDS = ("reasoning_content", "reasoning")
_GROWING = frozenset({"text", "summary", "data"})


@dataclass(slots=True)
class Thinking:
    """The reasoning of one answer."""

    _plain: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    _details: dict[object, dict[str, object]] = field(default_factory=dict[object, dict[str, object]])
    _blocks: list[dict[str, object]] = field(default_factory=list[dict[str, object]])
    _open_block: bool = False

    def take(self, message: JsonObject) -> None:
        """Take in the reasoning of a message, or of one piece of it."""
        for name in _PLAIN_FIELDS:
            if text := as_text(message.get(name)):
                self._plain.setdefault(name, []).append(text)
        for item in as_list(message.get("reasoning_details")):
            self._take_detail(as_object(item))
        for item in as_list(message.get("thinking_blocks")):
            self._take_block(as_object(item))

    def thoughts(self) -> tuple[Thought, ...]:
        """Return the whole blocks, in the order they came."""
        plain = {name: whole_text("".join(pieces)) for name, pieces in self._plain.items()}
        if self._blocks:  # the plain text beside them is litellm's copy
            return tuple(Thought(text=as_text(block.get("thinking")), block=block) for block in self._blocks)
        if self._details:
            shown = next(iter(plain.values()), "")
            blocks = [Thought(text=_detail_text(block), block=block) for block in self._details.values()]
            return tuple(blocks) if any(block.text for block in blocks) or not shown else (*blocks, Thought(text=shown))
        return (Thought(text=next(iter(plain.values())), block=plain),) if plain else ()

    def _take_detail(self, piece: JsonObject) -> None:
        key = (piece.get("type"), piece.get("index", len(self._details)))
        known = self._details.setdefault(key, {})
        for name, value in piece.items():
            before = known.get(name)
            if name in _GROWING and isinstance(before, str) and isinstance(value, str):
                known[name] = before + value
            elif value is not None or name not in known:
                known[name] = value

    def _take_block(self, piece: JsonObject) -> None:
        """A piece with a signature closes the block it belongs to; one with `data` (redacted) is a block of its own."""
        if piece.get("type") != "thinking":
            self._blocks.append(dict(piece))
            self._open_block = False
            return
        if not self._open_block:
            self._blocks.append({"type": "thinking", "thinking": ""})
        block = self._blocks[-1]
        block["thinking"] = as_text(block.get("thinking")) + as_text(piece.get("thinking"))
        if signature := as_text(piece.get("signature")):
            block["signature"] = signature
        self._open_block = not signature


def _detail_text(block: JsonObject) -> str:
    return as_text(block.get("text")) or as_text(block.get("summary"))
