"""How providers write an answer down: OpenAI's chat completions and Anthropic's messages, whole and streamed.

Sources: https://platform.openai.com/docs/api-reference/chat-streaming, https://docs.anthropic.com/en/docs/build-with-claude/streaming
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

JsonObject = Mapping[str, object]


class Called(Protocol):
    """A call as the script has it."""

    @property
    def name(self) -> str: ...
    @property
    def arguments(self) -> JsonObject | str: ...
    @property
    def id(self) -> str: ...


class Said(Protocol):
    """An answer as the script has it."""

    @property
    def text(self) -> str: ...
    @property
    def calls(self) -> Sequence[Called]: ...
    @property
    def reasoning(self) -> str: ...
    @property
    def signature(self) -> str: ...
    @property
    def details(self) -> Sequence[JsonObject]: ...
    @property
    def finish(self) -> str: ...
    @property
    def input_tokens(self) -> int: ...
    @property
    def output_tokens(self) -> int: ...
    @property
    def cache_read_tokens(self) -> int: ...
    @property
    def cache_write_tokens(self) -> int: ...
    @property
    def usage_extra(self) -> JsonObject: ...


def openai_whole(say: Said, model: str) -> JsonObject:
    """Return a `chat.completion`."""
    message: dict[str, object] = {"role": "assistant", "content": say.text or None, **_openai_reasoning(say)}
    if say.calls:
        message["tool_calls"] = [_openai_call(call, place) for place, call in enumerate(say.calls)]
    choice: JsonObject = {"index": 0, "message": message, "finish_reason": _openai_finish(say), "logprobs": None}
    return {**_OPENAI, "object": "chat.completion", "model": model, "choices": [choice], "usage": _openai_usage(say)}


def openai_chunks(say: Said, model: str) -> Iterator[bytes]:
    """Yield the events of a streamed answer, `[DONE]` at the end."""
    head = {**_OPENAI, "object": "chat.completion.chunk", "model": model}
    for delta in _openai_deltas(say):
        yield _event({**head, "choices": [_choice(delta, None)]})
    yield _event({**head, "choices": [_choice({}, _openai_finish(say))]})
    yield _event({**head, "choices": [], "usage": _openai_usage(say)})
    yield b"data: [DONE]\n\n"


def _choice(delta: JsonObject, finish: str | None) -> JsonObject:
    return {"index": 0, "delta": delta, "finish_reason": finish}


def anthropic_whole(say: Said, model: str) -> JsonObject:
    """Return a `message`."""
    return {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": _anthropic_blocks(say),
        "stop_reason": _anthropic_stop(say),
        "stop_sequence": None,
        "usage": _anthropic_usage(say),
    }


def anthropic_chunks(say: Said, model: str) -> Iterator[bytes]:
    """Yield the events of a streamed message, `message_stop` at the end."""
    opening: JsonObject = {**anthropic_whole(say, model), "content": [], "stop_reason": None}
    yield _named("message_start", {"message": opening})
    for index, block in enumerate(_anthropic_blocks(say)):
        empty, deltas = _anthropic_pieces(block)
        yield _named("content_block_start", {"index": index, "content_block": empty})
        for delta in deltas:
            yield _named("content_block_delta", {"index": index, "delta": delta})
        yield _named("content_block_stop", {"index": index})
    usage = {"output_tokens": say.output_tokens}
    yield _named(
        "message_delta", {"delta": {"stop_reason": _anthropic_stop(say), "stop_sequence": None}, "usage": usage}
    )
    yield _named("message_stop", {})


_OPENAI: JsonObject = {"id": "chatcmpl-1", "created": 1_700_000_000}


def _openai_reasoning(say: Said) -> dict[str, object]:
    fields: dict[str, object] = {}
    if say.reasoning:
        fields["reasoning_content"] = say.reasoning
    if say.details:
        fields["reasoning_details"] = list(say.details)
    return fields


def _openai_call(call: Called, place: int) -> JsonObject:
    return {
        "id": call.id or f"call_{place}",
        "type": "function",
        "function": {"name": call.name, "arguments": _arguments(call)},
    }


def _openai_deltas(say: Said) -> Iterator[JsonObject]:
    yield {"role": "assistant", "content": ""}
    for piece in _halves(say.reasoning):
        yield {"reasoning_content": piece}
    for detail in say.details:
        yield {"reasoning_details": [detail]}
    for piece in _halves(say.text):
        yield {"content": piece}
    for place, call in enumerate(say.calls):
        opening = {"index": place, "id": call.id or f"call_{place}", "type": "function"}
        yield {"tool_calls": [{**opening, "function": {"name": call.name, "arguments": ""}}]}
        for piece in _halves(_arguments(call)):
            yield {"tool_calls": [{"index": place, "function": {"arguments": piece}}]}


def _openai_finish(say: Said) -> str:
    return say.finish or ("tool_calls" if say.calls else "stop")


def _openai_usage(say: Said) -> JsonObject:
    return {
        "prompt_tokens": say.input_tokens,
        "completion_tokens": say.output_tokens,
        "total_tokens": say.input_tokens + say.output_tokens,
        "prompt_tokens_details": {
            "cached_tokens": say.cache_read_tokens,
            "cache_creation_tokens": say.cache_write_tokens,
        },
        **say.usage_extra,
    }


def _anthropic_blocks(say: Said) -> list[dict[str, object]]:
    blocks: list[dict[str, object]] = []
    if say.reasoning:
        blocks.append({"type": "thinking", "thinking": say.reasoning, "signature": say.signature})
    if say.text:
        blocks.append({"type": "text", "text": say.text})
    for place, call in enumerate(say.calls):
        asked = call.arguments  # a string is sent as it is: broken arguments are part of many tests
        blocks.append({"type": "tool_use", "id": call.id or f"toolu_{place}", "name": call.name, "input": asked})
    return blocks


def _anthropic_pieces(block: Mapping[str, object]) -> tuple[JsonObject, Iterator[JsonObject]]:
    """Return a block as it opens, and its deltas."""
    match block["type"]:
        case "thinking":
            pieces: list[JsonObject] = [
                {"type": "thinking_delta", "thinking": piece} for piece in _halves(str(block["thinking"]))
            ]
            pieces.append({"type": "signature_delta", "signature": block["signature"]})
            return {"type": "thinking", "thinking": "", "signature": ""}, iter(pieces)
        case "text":
            return {"type": "text", "text": ""}, (
                {"type": "text_delta", "text": piece} for piece in _halves(str(block["text"]))
            )
        case _:
            asked = block["input"] if isinstance(block["input"], str) else json.dumps(block["input"])
            return {**block, "input": {}}, (
                {"type": "input_json_delta", "partial_json": piece} for piece in _halves(asked)
            )


def _anthropic_stop(say: Said) -> str:
    return {"length": "max_tokens", "content_filter": "refusal"}.get(
        say.finish, "tool_use" if say.calls else "end_turn"
    )


def _anthropic_usage(say: Said) -> JsonObject:
    """Anthropic counts what was read from or written to the cache beside the input, OpenAI inside of it."""
    return {
        "input_tokens": say.input_tokens - say.cache_read_tokens - say.cache_write_tokens,
        "output_tokens": say.output_tokens,
        "cache_read_input_tokens": say.cache_read_tokens,
        "cache_creation_input_tokens": say.cache_write_tokens,
    }


def _arguments(call: Called) -> str:
    return call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments)


def _halves(text: str) -> Iterator[str]:
    """Cut a text in two, so that putting it together again is part of every test."""
    middle = len(text) // 2
    return (piece for piece in (text[:middle], text[middle:]) if piece)


def _event(data: JsonObject) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n\n"


def _named(kind: str, data: JsonObject) -> bytes:
    return (
        b"event: "
        + kind.encode()
        + b"\ndata: "
        + json.dumps({"type": kind, **data}, ensure_ascii=False).encode()
        + b"\n\n"
    )
