"""What each adapter of litellm's makes of a stream, as we read it and as litellm's own wrapper does, told as JSON.

    python -m tests.llm.litellm_streams_probe

Each is given streams in the shapes of several providers: most understand one of them. Nothing leaves the machine.
"""

from __future__ import annotations

import importlib
import json
import socket
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NoReturn

import httpx

from intern_action.core.types import JsonObject
from intern_action.llm._litellm_objects import piece
from intern_action.llm._litellm_stream import Stream
from intern_action.llm.hearing import Hearing
from intern_action.llm.litellm_library import load
from tests.llm.litellm_probe import TOOL

USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
DONE = "data: [DONE]\n\n"


def main() -> None:
    """Print for each stream and provider what was heard both ways."""
    socket.getaddrinfo = socket.socket.connect = _nowhere
    load()
    litellm = importlib.import_module("litellm")
    streams = _streams()
    names = sorted(one.value for one in litellm.LlmProviders)
    asked = [name for name in names if _told(litellm, name, _ours, streams["OpenAI"])]
    found = {
        f"{shape} {name}": [_told(litellm, name, way, body) for way in (_ours, _wrapped)]
        for shape, body in streams.items()
        for name in asked
    }
    json.dump(found, sys.stdout)


def _nowhere(*_: object, **__: object) -> NoReturn:
    raise OSError("nothing leaves this machine")


def _events(*events: JsonObject) -> str:
    named = (f"event: {event['type']}\n" if "type" in event else "" for event in events)
    return "".join(f"{name}data: {json.dumps(event)}\n\n" for name, event in zip(named, events, strict=True))


def _chunk(delta: JsonObject, finish: str | None = None, **more: object) -> JsonObject:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **more}


def _streams() -> dict[str, str]:
    start = {"index": 0, "id": "c1", "type": "function", "function": {"name": "look", "arguments": ""}}
    rest = {"index": 0, "function": {"arguments": '{"at": "it"}'}}
    text = (_chunk({"role": "assistant", "content": "Good "}), _chunk({"content": "morning."}))
    begun = {"input_tokens": 5, "output_tokens": 1, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 1}
    answers = {"promptTokenCount": 9, "candidatesTokenCount": 4, "totalTokenCount": 13}
    parts = ({"text": "Good "}, {"functionCall": {"name": "look", "args": {"at": 1}}})
    return {
        "OpenAI": _events(
            *text,
            _chunk({"tool_calls": [start]}),
            _chunk({"tool_calls": [rest]}),
            _chunk({}, "tool_calls"),
            {**_chunk({}), "choices": [], "usage": USAGE},
        )
        + DONE,
        "reasoning": _events(
            _chunk({"reasoning_content": "hm"}), text[0], _chunk({"content": "day"}, "length", usage=USAGE)
        )
        + DONE,
        "cut": _events(*text),
        "no reason": _events(*text) + DONE,
        "Anthropic": _events(
            {"type": "message_start", "message": {"id": "m", "role": "assistant", "content": [], "usage": begun}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Good"}},
            {"type": "content_block_stop", "index": 0},
            {
                "type": "content_block_start",
                "index": 1,
                "content_block": {"type": "tool_use", "id": "c1", "name": "look"},
            },
            {
                "type": "content_block_delta",
                "index": 1,
                "delta": {"type": "input_json_delta", "partial_json": '{"at": 1}'},
            },
            {"type": "content_block_stop", "index": 1},
            {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 7}},
            {"type": "message_stop"},
        ),
        "Gemini": _events(
            {"candidates": [{"content": {"role": "model", "parts": [parts[0]]}}], "usageMetadata": answers},
            {
                "candidates": [{"content": {"role": "model", "parts": [parts[1]]}, "finishReason": "STOP"}],
                "usageMetadata": answers,
            },
        ),
    }


def _ours(answer: object) -> Stream:
    return Stream(answer, load().chunk)


class _wrapped:  # noqa: N801 -- a way to read, as `_ours` is
    """All through litellm's wrapper, as far as it tells what is not yet known."""

    finish = ""

    def __init__(self, answer: Any) -> None:  # noqa: ANN401 -- litellm's
        self._answer = answer

    def __iter__(self) -> Iterator[JsonObject]:
        for chunk in self._answer:
            yield piece(chunk)
            if getattr(self._answer, "sent_stream_usage", False):
                break
        received = [getattr(self._answer, f"{which}_finish_reason", None) for which in ("received", "intermittent")]
        self.finish = next((reason for reason in received if isinstance(reason, str)), "")


def _told(litellm: ModuleType, provider: str, way: type[_wrapped] | Any, body: str) -> list[object]:  # noqa: ANN401
    """Return what is heard, in which words it ended, what was counted, and what went wrong; nothing where nobody asks."""

    def send(self: httpx.Client, request: httpx.Request, **_: object) -> httpx.Response:
        del self
        request.read()
        headers = {"content-type": "text/event-stream"}
        return httpx.Response(200, headers=headers, content=body.encode(), request=request)

    httpx.Client.send = send
    try:
        answer = litellm.completion(
            model=f"{provider}/some-model",
            messages=[{"role": "user", "content": "Look."}],
            tools=[TOOL],
            stream=True,
            stream_options={"include_usage": True},
            max_tokens=100,
            api_key="k",
            api_base="http://127.0.0.1:9/v1",
            num_retries=0,
            max_retries=0,
            _skip_mcp_handler=True,
        )
    except Exception:  # noqa: BLE001 -- `litellm_probe` looks at these
        return []
    hearing, said, fault, read = Hearing(model="m"), list[str](), "", way(answer)
    hearing.hear = said.append
    try:
        for one in read:
            hearing.piece(one)
    except Exception as error:  # noqa: BLE001 -- whichever
        fault = type(error).__name__
    calls = [(call.name, "".join(call.arguments)) for call in hearing._calls]
    return ["".join(said), read.finish, calls, str(hearing.usage), str(hearing._thinking), fault]


if __name__ == "__main__":
    main()
