"""litellm's objects as plain JSON in OpenAI's shape, without what `model_dump` costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from intern_action.core.types import JsonObject


def piece(chunk: object) -> JsonObject:
    """Return a chunk of a stream."""
    return {"choices": [_choice(choice, "delta") for choice in _items(chunk, "choices")], "usage": usage(chunk)}


def whole(answer: object) -> JsonObject:
    """Return a whole answer."""
    return {"choices": [_choice(choice, "message") for choice in _items(answer, "choices")], "usage": usage(answer)}


def usage(answer: object) -> JsonObject | None:
    """Return the tokens of an answer or a chunk, None where it tells none.

    The library's own `cost` is left out: it comes from the same table as ours, and is 0 where the table knows nothing.
    """
    told = cast("object", getattr(answer, "usage", None))
    if told is None:
        return None
    details = cast("object", getattr(told, "prompt_tokens_details", None))
    return {
        "prompt_tokens": getattr(told, "prompt_tokens", 0),
        "completion_tokens": getattr(told, "completion_tokens", 0),
        "cache_creation_input_tokens": getattr(told, "cache_creation_input_tokens", 0),
        "prompt_tokens_details": {"cached_tokens": getattr(details, "cached_tokens", 0)},
    }


def _choice(choice: object, part: str) -> JsonObject:
    message = cast("object", getattr(choice, part, None))
    fields = {name: cast("object", getattr(message, name, None)) for name in _MESSAGE_FIELDS}
    calls = [_call(call) for call in _items(message, "tool_calls")]
    return {"message": {**fields, "tool_calls": calls}, "finish_reason": getattr(choice, "finish_reason", None)}


_MESSAGE_FIELDS = ("content", "refusal", "reasoning_content", "thinking_blocks", "reasoning_details")


def _call(call: object) -> JsonObject:
    function = cast("object", getattr(call, "function", None))
    return {
        "id": getattr(call, "id", None),
        "index": getattr(call, "index", None),
        "function": {"name": getattr(function, "name", None), "arguments": getattr(function, "arguments", None)},
    }


def _items(owner: object, name: str) -> Iterator[object]:
    yield from cast("Iterable[object]", getattr(owner, name, None) or ())
