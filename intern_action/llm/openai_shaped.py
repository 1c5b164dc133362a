"""A model behind an endpoint of OpenAI's shape, spoken to directly: the Hugging Face router, vLLM, Ollama, OpenAI and the like.

One try, no retry: that is `retry`'s. Safe for threads: each request in flight has a connection and a draft of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import field
from http import HTTPStatus

from intern_action.core.errors import ModelCut, ModelError, ModelGarbled, ModelUnreachable
from intern_action.core.frozen import frozen
from intern_action.core.ports import Clock
from intern_action.core.types import Conversation, JsonObject, Reply
from intern_action.llm.draft import BodyDraft
from intern_action.llm.faults import Asked, error_status, error_words, fault, retry_after_seconds, told
from intern_action.llm.hearing import Hear, Hearing
from intern_action.llm.line import Destination, HTTPException, HTTPResponse, Line, Patience, pieces
from intern_action.llm.narrow import as_object
from intern_action.llm.pool import Drafts, Lines
from intern_action.llm.prices import Price, priced
from intern_action.llm.sse import events

_MOST_BYTES = 16 * 1024 * 1024
_DONE = b"[DONE]"


@frozen
class Endpoint:
    """How a model is reached.

    Args:
        name: the model's name as the user gave it.
        model: its name there.
        base_url: up to and with `/v1`.
        key: sent as a bearer token, "" for none.
        key_variable: the setting the key came from, for messages.
        headers: sent with every request.
        proxy: an HTTP proxy's URL, "" for none.
    """

    name: str
    model: str
    base_url: str
    key: str = field(default="", repr=False)
    key_variable: str = ""
    headers: Mapping[str, str] | None = None
    proxy: str = ""


class OpenAIShaped:
    """The `Model` port over `POST {base_url}/chat/completions`.

    Args:
        endpoint: where and as whom.
        clock: for `Retry-After` dates and the limit of a whole answer.
        price: what a usage costs, None when that is not known.
        stream: ask for server-sent events.
    """

    def __init__(
        self, endpoint: Endpoint, *, clock: Clock, price: Price, stream: bool = True, patience: Patience | None = None
    ) -> None:
        self._endpoint = endpoint
        self._asked = Asked(
            model=endpoint.name, where=endpoint.base_url, key_variable=endpoint.key_variable, secret=endpoint.key
        )
        self._clock = clock
        self._price = price
        self._patience = patience or Patience()
        self._headers = _headers(endpoint)
        destination = Destination(base_url=endpoint.base_url, proxy=endpoint.proxy)
        fields = {"model": endpoint.model, **(_STREAMED if stream else {})}
        self._lines = Lines(lambda: Line(destination, self._patience))
        self._drafts = Drafts(lambda: BodyDraft(model=endpoint.name, fields=fields))

    @property
    def name(self) -> str:
        """The name the user gave."""
        return self._endpoint.name

    def answer(self, conversation: Conversation, hear: Hear | None = None) -> Reply:
        """Return the next reply; see `Model`."""
        with self._drafts.lent(conversation) as draft, self._lines.lent() as line:
            body, place = draft.body(conversation)
            hearing = Hearing(model=self.name, hear=hear)
            self._listen(self._post(line, body), hearing, line)
            reply = hearing.reply(place)
        return priced(reply, self._price)

    def close(self) -> None:
        """Hang up all idle connections."""
        self._lines.close()

    def _post(self, line: Line, body: tuple[bytes | bytearray, ...]) -> HTTPResponse:
        try:
            response = line.post("/chat/completions", self._headers, body)
            if response.status == HTTPStatus.OK:
                return response
            words = error_words(response.read(_MOST_ERROR_BYTES))
        except (OSError, HTTPException) as error:
            raise ModelUnreachable(self._silent(error)) from error
        headers = {name.lower(): value for name, value in response.getheaders()}
        raise fault(
            response.status, words, self._asked, retry_after_seconds=retry_after_seconds(headers, self._clock.now())
        )

    def _listen(self, response: HTTPResponse, hearing: Hearing, line: Line) -> None:
        """Take in the answer. A connection that breaks after the finish reason has done no harm."""
        streamed = response.headers.get_content_type() == "text/event-stream"
        try:
            if streamed:
                self._stream(response, hearing, line)
            else:
                self._piece(b"".join(self._pieces(response, line)), hearing)
        except (OSError, HTTPException) as error:
            if not hearing.finish:
                raise ModelCut(
                    f"{self.name} at {self._endpoint.base_url} broke off in the middle of its answer "
                    f"({_why(error)}); what had come is discarded"
                ) from error

    def _stream(self, response: HTTPResponse, hearing: Hearing, line: Line) -> None:
        ended = False
        for data in events(self._pieces(response, line)):
            if data == _DONE:
                ended = True  # read on to the end of the body, so that the connection can be used again
            elif not ended:
                self._piece(data, hearing)

    def _piece(self, data: bytes, hearing: Hearing) -> None:
        try:
            decoded = as_object(json.loads(data))
        except (ValueError, RecursionError) as error:
            raise self._unreadable(data) from error
        if decoded.get("error"):
            raise fault(error_status(decoded), told(decoded) or str(decoded["error"]), self._asked)
        if not decoded:
            raise self._unreadable(data)
        hearing.piece(decoded)

    def _pieces(self, response: HTTPResponse, line: Line) -> Iterator[bytes]:
        began = self._clock.monotonic()
        deadline = began + self._patience.most(self._patience.answer_seconds)
        size = 0
        for piece in pieces(response):
            size += len(piece)
            if size > _MOST_BYTES:
                raise ModelGarbled(f"{self.name} sent more than {_MOST_BYTES >> 20} MiB in one answer")
            yield piece
            if self._clock.monotonic() > deadline:
                raise ModelCut(f"{self.name} was not done after {deadline - began:.0f} s; what had come is discarded")
            line.hurry()

    def _unreadable(self, data: bytes) -> ModelError:
        shown = self._asked.shown(data[:200].decode("utf-8", "replace"))
        return ModelGarbled(f"{self.name} at {self._endpoint.base_url} sent what is not a chat completion: {shown}")

    def _silent(self, error: Exception) -> str:
        return (
            f"{self.name} at {self._endpoint.base_url} gave no answer ({_why(error)}). "
            "Check that the server runs and that the base URL is right"
        )


_STREAMED: JsonObject = {"stream": True, "stream_options": {"include_usage": True}}
_MOST_ERROR_BYTES = 64 * 1024


def _headers(endpoint: Endpoint) -> Mapping[str, str]:
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "User-Agent": "intern-action",
    }
    if endpoint.key:
        headers["Authorization"] = f"Bearer {endpoint.key}"
    return {**headers, **(endpoint.headers or {})}


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
