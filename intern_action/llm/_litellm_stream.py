"""An answer of litellm's as it comes.

litellm puts a wrapper around what its adapter of a provider yields: it makes each chunk anew, keeps them all, and at the end puts
them together for logs that we do not keep. That takes a third of a turn, and ends a stream that was cut with a finish reason of
its own. Most adapters yield chunks of litellm's own type: those are read without the wrapper, all others through it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import chain
from typing import Protocol, cast

from intern_action.core.types import JsonObject
from intern_action.llm._litellm_objects import piece
from intern_action.llm.narrow import as_count, as_list, as_object, as_text


class _Wrapper(Protocol):
    """What we use of litellm's `CustomStreamWrapper`, and of the plain generators that some calls return."""

    completion_stream: object

    def __iter__(self) -> Iterator[object]: ...
    def __next__(self) -> object: ...


class Stream:
    """A streamed answer. `finish` is the finish reason that the provider sent, "" until one came.

    Args:
        answer: what `litellm.completion` returned.
        chunk: litellm's own type of chunks.
    """

    def __init__(self, answer: object, chunk: type) -> None:
        self._answer = cast("_Wrapper", answer)
        self._chunk = chunk
        self._source = cast("object", getattr(answer, "completion_stream", None))
        self.finish = ""

    def __iter__(self) -> Iterator[JsonObject]:
        """Yield its pieces in OpenAI's shape; how many tokens there were, last. Raises what the library raises.

        What an adapter counts are totals so far, and not each of them has them all.
        """
        told: JsonObject = {}
        for chunk in self._heard():
            if _says_nothing(chunk):
                self.finish = self.finish or as_text(cast("JsonObject", chunk).get("finish_reason"))
                continue
            if not isinstance(chunk, self._chunk):
                yield from self._wrapped(chunk)
                break
            here = piece(chunk)
            told = _most(told, as_object(here["usage"]))
            self._take_finish(here)
            yield {"choices": here["choices"]}
        if told:
            yield {"choices": [], "usage": told}

    def close(self, *, complete: bool) -> None:
        """Close it, so that its connection can be used again (when the answer was complete) or is dropped.

        One that is left to the garbage collector may be collected while httpcore's connection pool holds its lock, which that
        closing wants too: the process then waits for itself for ever (seen after an error event inside of a stream).
        """
        lines = ("response_iterator", "streaming_response")
        for holder in (*(cast("object", getattr(self._source, name, None)) for name in lines), self._source):
            if complete and isinstance(holder, Generator):
                for _ in cast("Generator[object]", holder):
                    pass  # the last empty lines
            close = cast("object", getattr(cast("object", holder), "close", None))
            if callable(close):
                close()

    def _wrapped(self, first: object) -> Iterator[JsonObject]:
        """Read what the wrapper makes of it, from a chunk on, as long as it tells what is not yet known."""
        if isinstance(self._source, Iterator):
            self._answer.completion_stream = chain([first], cast("Iterator[object]", self._source))
        try:
            for chunk in self._answer:
                yield piece(chunk)
                if getattr(self._answer, "sent_stream_usage", False) is True:
                    break  # the last thing that it tells: who asks once more has the whole answer put together again
        finally:
            whence = (f"{which}_finish_reason" for which in ("received", "intermittent"))
            received = (cast("object", getattr(self._answer, name, None)) for name in whence)
            self.finish = self.finish or next((reason for reason in received if isinstance(reason, str)), "")

    def _take_finish(self, here: JsonObject) -> None:
        for choice in as_list(here["choices"]):
            self.finish = as_text(as_object(choice).get("finish_reason")) or self.finish

    def _heard(self) -> Iterator[object]:
        if not isinstance(self._source, Iterator):
            yield None  # it is made when the wrapper is asked, and is the wrapper's
            return
        try:
            yield from (chunk for chunk in cast("Iterator[object]", self._source) if chunk is not None)
        except Exception as error:
            raise self._as_the_wrapper_says_it(error) from error

    def _as_the_wrapper_says_it(self, error: Exception) -> Exception:
        """Return what litellm makes of an adapter's error: the wrapper is given one that raises it."""

        def raising() -> Iterator[object]:
            raise error
            yield

        self._answer.completion_stream = raising()
        try:
            next(self._answer)
        except Exception as said:  # noqa: BLE001 -- whichever it is
            return said
        return error


def _says_nothing(chunk: object) -> bool:
    """Anthropic's adapter makes such a chunk of every empty line, others of the mark at the end."""
    return isinstance(chunk, dict) and not any(cast("JsonObject", chunk).get(name) for name in _SAYING)


_SAYING = ("text", "tool_use", "usage", "provider_specific_fields")


def _most(told: JsonObject, more: JsonObject) -> JsonObject:
    """Return the higher of each count."""
    details = "prompt_tokens_details"
    if not more or not told:
        return more or told
    counts = {name: max(as_count(told.get(name)), as_count(more.get(name))) for name in more if name != details}
    cached = (as_count(as_object(one.get(details)).get("cached_tokens")) for one in (told, more))
    return {**counts, details: {"cached_tokens": max(cached)}}
