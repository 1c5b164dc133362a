"""What comes in: the pieces of one answer, put together to a reply. A whole answer is an answer in one piece.

Source: https://platform.openai.com/docs/api-reference/chat-streaming, and what servers of that shape really send.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from intern_action.core.errors import ModelCut, ModelGarbled, ModelUnreachable
from intern_action.core.types import Call, FinishReason, JsonObject, Reply, Usage
from intern_action.llm.arguments import read_arguments, whole_text
from intern_action.llm.call_ids import Place
from intern_action.llm.narrow import as_count, as_list, as_object, as_text
from intern_action.llm.thoughts import Thinking

Hear = Callable[[str], None]

FINISH_REASONS: Mapping[str, FinishReason] = {
    "stop": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "eos": FinishReason.STOP,
    "tool_calls": FinishReason.CALLS,
    "tool_use": FinishReason.CALLS,
    "function_call": FinishReason.CALLS,
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "model_length": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "content_filter": FinishReason.FILTER,
    "refusal": FinishReason.FILTER,
    "safety": FinishReason.FILTER,
}
"""Providers' words for why a model stopped. A word that is not here means it stopped by itself."""

_FAILED_MIDWAY = frozenset({"error", "insufficient_system_resource", "network_error"})


@dataclass(slots=True)
class _HeardCall:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Hearing:
    """One answer while it is heard.

    Args:
        model: the name that stands in the reply.
        hear: gets the text as it comes.
    """

    model: str
    hear: Hear | None = None
    finish: str = ""
    usage: Usage = Usage()
    _text: list[str] = field(default_factory=list[str])
    _refusal: list[str] = field(default_factory=list[str])
    _calls: list[_HeardCall] = field(default_factory=list[_HeardCall])
    _by_index: dict[int, _HeardCall] = field(default_factory=dict[int, _HeardCall])
    _thinking: Thinking = field(default_factory=Thinking)

    def piece(self, data: JsonObject) -> None:
        """Take in one chunk of a stream, or a whole answer."""
        if data.get("usage"):
            self.usage = read_usage(as_object(data["usage"]))
        choices = as_list(data.get("choices"))
        if not choices:
            return
        choice = as_object(choices[0])
        self.message(as_object(choice.get("delta") or choice.get("message")))
        self.finish = as_text(choice.get("finish_reason")) or self.finish

    def message(self, message: JsonObject) -> None:
        """Take in a message, or a piece of one."""
        if text := _content_text(message.get("content")):
            self._text.append(text)
            if self.hear is not None:
                self.hear(text)
        if refusal := as_text(message.get("refusal")):
            self._refusal.append(refusal)
        self._thinking.take(message)
        for item in as_list(message.get("tool_calls")):
            self._call(as_object(item))

    def reply(self, place: Place) -> Reply:
        """Return the whole reply.

        Raises:
            ModelCut: no finish reason came.
            ModelGarbled: nothing was said and nothing was called.
            ModelUnreachable: the provider says that it failed on the way.
        """
        if not self.finish:
            raise ModelCut(f"{self.model} stopped sending before its answer was complete; what had come is discarded")
        if self.finish in _FAILED_MIDWAY:
            raise ModelUnreachable(
                f"{self.model} ended its answer with `{self.finish}`: its provider failed on the way"
            )
        text = whole_text("".join([*self._text, *self._refusal]))
        calls = tuple(_finished(call, place.call_id(index, call.id)) for index, call in enumerate(self._calls))
        finish = self._finish_reason(calls)
        if not text.strip() and not calls and finish in {FinishReason.STOP, FinishReason.CALLS}:
            raise ModelGarbled(f"{self.model} answered with neither text nor a tool call")
        return Reply(
            text=text,
            calls=calls,
            thoughts=self._thinking.thoughts(),
            finish=finish,
            usage=self.usage,
            model=self.model,
        )

    def _finish_reason(self, calls: tuple[Call, ...]) -> FinishReason:
        """Servers are careless with `stop` and `tool_calls`, so those two are told apart by the calls themselves."""
        finish = FINISH_REASONS.get(self.finish.lower(), FinishReason.STOP)
        if self._refusal:
            return FinishReason.FILTER
        if finish in {FinishReason.STOP, FinishReason.CALLS}:
            return FinishReason.CALLS if calls else FinishReason.STOP
        return finish

    def _call(self, piece: JsonObject) -> None:
        function = as_object(piece.get("function"))
        call = self._call_of(piece, as_text(function.get("name")))
        call.id = call.id or as_text(piece.get("id"))
        call.name = call.name or as_text(function.get("name"))  # some servers repeat it with every piece
        arguments = function.get("arguments")
        if isinstance(arguments, str):
            call.arguments.append(arguments)
        elif arguments is not None:  # some local servers send the object itself
            call.arguments.append(json.dumps(arguments))

    def _call_of(self, piece: JsonObject, name: str) -> _HeardCall:
        """Pieces belong together by index. Servers that leave it out, or say 0 for all, begin a call with a new id and a name."""
        index = piece.get("index")
        place = index if isinstance(index, int) else -1
        known = self._by_index.get(place)
        new_id = as_text(piece.get("id"))
        if known is None or (name and (place < 0 or (new_id and known.id and new_id != known.id))):
            known = _HeardCall()
            self._by_index[place] = known
            self._calls.append(known)
        return known


def read_usage(usage: JsonObject) -> Usage:
    """Return tokens; `input_tokens` holds all that was read, from the cache or not, as in OpenAI's counting.

    `cost_usd` is what the provider itself says it costs (OpenRouter does), else None.
    """
    details = as_object(usage.get("prompt_tokens_details"))
    read = as_count(details.get("cached_tokens")) or as_count(usage.get("cache_read_input_tokens"))
    written = as_count(usage.get("cache_creation_input_tokens")) or as_count(details.get("cache_creation_tokens"))
    cost = usage.get("cost")
    return Usage(
        input_tokens=as_count(usage.get("prompt_tokens")),
        output_tokens=as_count(usage.get("completion_tokens")),
        cache_read_tokens=read or as_count(usage.get("prompt_cache_hit_tokens")),
        cache_write_tokens=written,
        cost_usd=Decimal(str(cost)) if isinstance(cost, int | float) and not isinstance(cost, bool) else None,
    )


def _content_text(content: object) -> str:
    """Content is a string, or a list of parts of which the texts count."""
    if isinstance(content, str):
        return content
    return "".join(as_text(as_object(part).get("text")) for part in as_list(content))


def _finished(call: _HeardCall, unique_id: str) -> Call:
    arguments, flaw = read_arguments("".join(call.arguments))
    if not call.name:
        flaw = "the call has no name; name one of the tools"
    return Call(id=whole_text(unique_id), name=whole_text(call.name), arguments=arguments, flaw=flaw)
