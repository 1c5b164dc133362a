"""How long huggingface_hub waits for an answer: by itself it waits for ever."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

_ANSWER_SECONDS, _CONNECT_SECONDS = 120.0, 20.0


@cache
def be_patient() -> None:
    """Give huggingface_hub a client that does not wait for ever, once in a process: the one before is closed."""
    import httpx
    from huggingface_hub import set_client_factory
    from huggingface_hub.utils import disable_progress_bars

    def client() -> httpx.Client:
        return httpx.Client(follow_redirects=True, timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS))

    disable_progress_bars()
    set_client_factory(client)
