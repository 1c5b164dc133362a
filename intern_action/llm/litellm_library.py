"""The litellm library: imported late and once, with its switches set, and its objects as plain JSON. Only this module imports it.

It takes more than a second to import, so `warm` does it in a thread while other things are waited for. It reads the environment
by itself, so what it must find there is handed to `__main__` (`litellm_environment`).
"""

from __future__ import annotations

import gc
import importlib
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from intern_action.core.frozen import frozen
from intern_action.core.types import JsonObject
from intern_action.llm._lazily import lazily
from intern_action.llm._litellm_parts import OTHERS, TOUCHED, UNTOUCHED
from intern_action.llm._standins import standing_in


def litellm_environment() -> Mapping[str, str]:
    """Return the variables that litellm reads at import, for `__main__` to set before anything else.

    Without the first it loads any `.env` it finds; without the `LOCAL` ones it asks the network for tables it has on disk;
    without the last it goes through a client that walks the whole history again with each request, and retries by itself.
    """
    return {
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
        "LITELLM_LOCAL_BLOG_POSTS": "True",
        "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
        "EXPERIMENTAL_OPENAI_BASE_LLM_HTTP_HANDLER": "True",
    }


@frozen
class Library:
    """What we use of litellm: its one function, and the roots of what that raises."""

    completion: Callable[..., object]
    faults: tuple[type[Exception], ...]


@dataclass(slots=True)
class _Loading:
    lock: threading.Lock = field(default_factory=threading.Lock)
    library: Library | None = None


_LOADING = _Loading()


def warm() -> threading.Thread:
    """Start to import litellm in a thread, so that it is there when the first question is asked."""
    thread = threading.Thread(target=load, name="warm-litellm", daemon=True)
    thread.start()
    return thread


def load() -> Library:
    """Return litellm, imported once, with its switches set."""
    with _LOADING.lock:
        if _LOADING.library is None:
            _LOADING.library = _imported()
        return _LOADING.library


def _imported() -> Library:
    """Collecting garbage while 2,600 modules are made finds none and costs a quarter of the time; nor does it find any later."""
    gc.disable()
    try:
        with (
            lazily("openai.types", without=("httpx._main",)),  # its command line, with all that paints a terminal
            standing_in(*UNTOUCHED, real=TOUCHED, for_now=OTHERS),
        ):
            library = _switched()
            _rehearse(library)
    finally:
        gc.freeze()
        gc.set_threshold(2000, 10, 10)
        gc.enable()
    return library


def _switched() -> Library:
    module = importlib.import_module("litellm")
    for name, value in _SWITCHES.items():
        setattr(module, name, value)
    vars(importlib.import_module("litellm.main"))["_encoding_cache"] = _Estimate()
    faults = (importlib.import_module("openai").OpenAIError, importlib.import_module("httpx").HTTPError)
    return Library(completion=module.completion, faults=faults)


class _Estimate:
    """What litellm takes for OpenAI's tokenizer: it hands one to every adapter, to be used when a provider counts nothing.

    The real one takes 50 MiB and a quarter of a second, and would be wrong for every provider that comes this way.
    """

    def encode(self, text: str, **_: object) -> list[int]:
        """Return about as many tokens as there are."""
        return [0] * (len(text) // 4)


def _rehearse(library: Library) -> None:
    """Half of litellm is only imported when it is first used: use it, without a network."""
    said = library.completion(
        model="openai/rehearsal", messages=[{"role": "user", "content": "-"}], mock_response="-", stream=True
    )
    for _ in cast("Iterable[object]", said):
        pass


_SWITCHES: Mapping[str, object] = {
    "suppress_debug_info": True,
    "telemetry": False,
    "drop_params": True,
    "disable_streaming_logging": True,
    "disable_token_counter": True,
}

# --- its objects as plain JSON, without what `model_dump` costs ---------------------------------------------------------


def piece(chunk: object) -> JsonObject:
    """Return a chunk of a stream in OpenAI's shape."""
    return {"choices": [_choice(choice, "delta") for choice in _items(chunk, "choices")], "usage": _usage(chunk)}


def whole(answer: object) -> JsonObject:
    """Return a whole answer in OpenAI's shape."""
    return {"choices": [_choice(choice, "message") for choice in _items(answer, "choices")], "usage": _usage(answer)}


def counted(stream: object) -> bool:
    """Return whether the last thing that a stream tells was told: how many tokens there were, after everything else."""
    return getattr(stream, "sent_stream_usage", False) is True


def let_go(stream: object, *, complete: bool) -> None:
    """Close a stream, so that its connection can be used again (when the answer was complete) or is dropped.

    One that is left to the garbage collector may be collected while httpcore's connection pool holds its lock, which that
    closing wants too: the process then waits for itself for ever (seen after an error event inside of a stream).
    """
    source = cast("object", getattr(stream, "completion_stream", None))
    lines = (cast("object", getattr(source, name, None)) for name in ("response_iterator", "streaming_response"))
    for holder in (*lines, source):
        if complete and isinstance(holder, Generator):
            for _ in cast("Generator[object]", holder):
                pass  # the last empty lines
        close = cast("object", getattr(cast("object", holder), "close", None))
        if callable(close):
            close()


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


def _usage(answer: object) -> JsonObject | None:
    """The library's own `cost` is left out: it comes from the same table as ours, and is 0 where the table knows nothing."""
    usage = cast("object", getattr(answer, "usage", None))
    if usage is None:
        return None
    details = cast("object", getattr(usage, "prompt_tokens_details", None))
    return {
        "prompt_tokens": getattr(usage, "prompt_tokens", 0),
        "completion_tokens": getattr(usage, "completion_tokens", 0),
        "cache_creation_input_tokens": getattr(usage, "cache_creation_input_tokens", 0),
        "prompt_tokens_details": {"cached_tokens": getattr(details, "cached_tokens", 0)},
    }


def _items(owner: object, name: str) -> Iterator[object]:
    yield from cast("Iterable[object]", getattr(owner, name, None) or ())
