"""Models whose providers speak a wire of their own (Anthropic, Gemini, Bedrock and others), through litellm.

What litellm gets wrong is put right here: a stream that was cut looks like a success to it, with an invented finish reason and
usage. Keys are passed as arguments.

Source: https://docs.litellm.ai/docs/completion/input, https://docs.litellm.ai/docs/exception_mapping
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import cast

from intern_action.core.errors import ContextOverflow, ModelCut, ModelError, ModelGarbled
from intern_action.core.frozen import frozen
from intern_action.core.ports import Clock
from intern_action.core.types import Conversation, JsonObject, Reply
from intern_action.llm._litellm_objects import whole
from intern_action.llm._litellm_stream import Stream
from intern_action.llm.draft import Draft
from intern_action.llm.faults import Asked, error_words, fault, retry_after_seconds, window_told
from intern_action.llm.hearing import Hear, Hearing
from intern_action.llm.line import Patience
from intern_action.llm.litellm_library import load
from intern_action.llm.pool import Drafts
from intern_action.llm.prices import Price, priced
from intern_action.llm.wire import tools


@frozen
class Through:
    """How a model is reached through litellm.

    Args:
        name: the model's name as the user gave it.
        model: its name there, `provider/model`.
        provider: the provider's name, for messages.
        arguments: passed with each request: key, base URL and the like.
        key_variable: the setting that holds the key.
        secret: the key, so that it can be kept out of messages.
        answer_tokens: the most of one answer, 0 for what litellm takes. Anthropic counts it as part of the window.
    """

    name: str
    model: str
    provider: str
    arguments: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    key_variable: str = ""
    secret: str = field(default="", repr=False)
    answer_tokens: int = 0


class _Draft(Draft):
    """`was_cut`: the last stream ended as if it were whole, and was not.

    A provider that fails does that, but so does litellm itself at a raw U+2028 in an answer, which it takes for the end of a
    line: asked again for a stream it would be cut again, so the next answer is asked for whole.
    """

    was_cut = False


class LiteLLM:
    """The `Model` port over `litellm.completion`. One try, no retry: that is `retry`'s.

    Args:
        through: where and as whom.
        clock: for `Retry-After` dates and the limit of a whole answer.
        price: what a usage costs, None when that is not known.
        stream: have the answer streamed.
    """

    def __init__(
        self, through: Through, *, clock: Clock, price: Price, stream: bool = True, patience: Patience | None = None
    ) -> None:
        self._through = through
        self._asked = Asked(
            model=through.name, where=through.provider, key_variable=through.key_variable, secret=through.secret
        )
        self._clock = clock
        self._price = price
        self._stream = stream
        self._patience = patience or Patience()
        self._marks_cache = "claude" in through.model
        self._drafts = Drafts(lambda: _Draft(model=through.name))

    @property
    def name(self) -> str:
        """The name the user gave."""
        return self._through.name

    def answer(self, conversation: Conversation, hear: Hear | None = None) -> Reply:
        """Return the next reply; see `Model`."""
        with self._drafts.lent(conversation) as draft:
            streamed = self._stream and not draft.was_cut
            messages, place = draft.messages(conversation)
            hearing = Hearing(model=self.name, hear=hear)
            if self._marks_cache:
                _mark(messages)
            self._ask(self._request(conversation, messages, streamed=streamed), hearing, streamed=streamed)
            draft.was_cut = not hearing.finish
            return priced(hearing.reply(place), self._price)

    def close(self) -> None:
        """The library holds its connections, not we."""

    def _ask(self, request: Mapping[str, object], hearing: Hearing, *, streamed: bool) -> None:
        """Take in the answer. What breaks after the finish reason has done no harm."""
        library = load()
        try:
            answer = library.completion(**request)
            if streamed:
                self._listen(Stream(answer, library.chunk), hearing)
            else:
                hearing.piece(whole(answer))
        except library.faults as error:
            if not hearing.finish:
                raise self._fault(error) from error

    def _request(
        self, conversation: Conversation, messages: list[JsonObject], *, streamed: bool
    ) -> Mapping[str, object]:
        usage = {"stream_options": {"include_usage": True}} if streamed else {}
        offered = {"tools": tools(conversation.tools), "_skip_mcp_handler": True} if conversation.tools else {}
        return {
            "model": self._through.model,
            "messages": messages,
            "stream": streamed,
            "timeout": self._patience.most(self._patience.silence_seconds),
            "num_retries": 0,
            "max_retries": 0,
            "no-log": True,
            **({"max_tokens": self._through.answer_tokens} if self._through.answer_tokens else {}),
            **usage,
            **offered,
            **self._through.arguments,
        }

    def _listen(self, stream: Stream, hearing: Hearing) -> None:
        """Take in a stream. The finish reason that counts is the one litellm received, not the one it ends with."""
        began = self._clock.monotonic()
        deadline = began + self._patience.most(self._patience.answer_seconds)
        try:
            for piece in stream:
                hearing.piece(piece)
                if self._clock.monotonic() > deadline:
                    raise ModelCut(
                        f"{self.name} was not done after {deadline - began:.0f} s; what had come is discarded"
                    )
        finally:
            hearing.finish = stream.finish
            stream.close(complete=bool(stream.finish))

    def _fault(self, error: Exception) -> ModelError:
        """Return the fault that an exception of litellm's means: by its kind where that says more than its status."""
        origin = cast("Exception | None", getattr(error, "original_exception", None)) or error
        text = str(origin)
        if type(origin).__name__ == "ContextWindowExceededError":
            said = _words(text)
            return ContextOverflow(
                f"{self.name}: {self._asked.shown(said)}. The conversation is longer than it reads",
                window_tokens=window_told(said),
            )
        if _CUT.search(text) is not None:
            return ModelCut(f"{self.name} broke off in the middle of its answer; what had come is discarded")
        if _NO_JSON.search(text) is not None:
            return ModelGarbled(f"{self.name} sent what is not an answer: {self._asked.shown(text)}")
        headers = cast("Mapping[str, str]", getattr(origin, "litellm_response_headers", None) or {})
        wait = retry_after_seconds({name.lower(): value for name, value in headers.items()}, self._clock.now())
        return fault(_status(origin), _words(text), self._asked, retry_after_seconds=wait)


def _mark(messages: list[JsonObject]) -> None:
    """Say how far a prompt may be cached: the instructions (and the tools before them), and all that was said so far.

    Claude alone wants to be told. What was marked in the last request is marked again: from a mark, Anthropic looks back over
    twenty blocks only, and one reply with its answers may have more. litellm can do it by itself; it takes 20 ms a turn to find
    the places. Source: https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching
    """
    last_reply = next((at for at in range(len(messages) - 1, 0, -1) if messages[at].get("role") == "assistant"), 1)
    for place in {0, last_reply - 1, len(messages) - 1}:
        messages[place] = {**messages[place], "cache_control": {"type": "ephemeral"}}


_CUT = re.compile(r"peer closed connection|incomplete (?:chunked )?read", re.IGNORECASE)
_NO_JSON = re.compile(r"Unable to get json response|Expecting value: line", re.IGNORECASE)
_JSON = re.compile(r"\{.*\}", re.DOTALL)


def _words(text: str) -> str:
    """The library wraps the provider's error body into its own words, sometimes as the repr of bytes."""
    body = _JSON.search(text)
    return error_words(body.group().encode()) if body is not None else text


def _status(error: Exception) -> int:
    status = cast("object", getattr(error, "status_code", None))
    return status if isinstance(status, int) else 500
