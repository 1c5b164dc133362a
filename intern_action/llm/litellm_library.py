"""The litellm library: imported late and once, with its switches set. Only this module imports it.

It takes more than a second to import, so `warm` does it in a thread while other things are waited for. It reads the environment
by itself, so what it must find there is handed to `__main__` (`litellm_environment`).
"""

from __future__ import annotations

import copy
import gc
import importlib
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import NoneType
from typing import cast

from intern_action.core.frozen import frozen
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
    """What we use of litellm: its one function, the type of a streamed chunk, and the roots of what is raised."""

    completion: Callable[..., object]
    chunk: type
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
    vars(importlib.import_module("litellm.llms.anthropic.chat.handler"))["copy"] = _Copies()
    faults = (importlib.import_module("openai").OpenAIError, importlib.import_module("httpx").HTTPError)
    chunk = importlib.import_module("litellm.types.utils").ModelResponseStream
    return Library(completion=module.completion, chunk=chunk, faults=faults)


class _Estimate:
    """What litellm takes for OpenAI's tokenizer: it hands one to every adapter, to be used when a provider counts nothing.

    The real one takes 50 MiB and a quarter of a second, and would be wrong for every provider that comes this way.
    """

    def encode(self, text: str, **_: object) -> list[int]:
        """Return about as many tokens as there are."""
        return [0] * (len(text) // 4)


class _Copies:
    """What litellm takes for the module `copy`: it copies the whole history in each turn, which is plain JSON.

    Python's own takes 8 ms for 600 messages, a fifth of a turn.
    """

    def deepcopy(self, value: object) -> object:
        """Return a copy that shares nothing that can be changed."""
        if type(value) is dict:
            return {key: self.deepcopy(item) for key, item in cast("dict[object, object]", value).items()}
        if type(value) is list:
            return [self.deepcopy(item) for item in cast("list[object]", value)]
        return value if type(value) in _UNCHANGING else copy.deepcopy(value)


_UNCHANGING = (str, int, float, bool, NoneType)


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
