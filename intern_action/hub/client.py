"""The Hub's own client, as we use it: it does not wait for ever, and it shows a token to listed hosts alone."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import httpx
    from huggingface_hub import HfApi

TOKEN_HOSTS = ("huggingface.co", "*.huggingface.co", "*.hf.jobs", "*.endpoints.huggingface.cloud")
"""Who may be shown a token, over https alone: the Hub, its router, ports of jobs and sandboxes, endpoints and their API.

Stores of files (`*.hf.co`, buckets) are not among them: an address there is signed. The hosts of the settings `hub.endpoint` and
`endpoints.address` are, as they stand.
"""

_ANSWER_SECONDS, _CONNECT_SECONDS = 120.0, 20.0
_configured: set[tuple[str, str]] = set()
_laying = Lock()
_laid: list[bool] = []


def hub_client(endpoint: str, token: str | None, *, also: str = "") -> HfApi:
    """Return a client of the Hub.

    Args:
        endpoint: the Hub's address; its host may be shown tokens from now on.
        token: what it shows there; none to ask as nobody.
        also: the address of an API beside it, whose host may be shown tokens, too.
    """
    from huggingface_hub import HfApi

    _configured.update(_of(url) for url in (endpoint, also) if url)
    with _laying:
        if not _laid:  # once in a process: what is open is closed by it
            _lay()
    return HfApi(endpoint=endpoint, token=token or False, library_name="intern-action")


def may_see_a_token(url: str) -> bool:
    """Whether an address belongs to a host that may be shown a token."""
    scheme, host = _of(url)
    return (scheme, host) in _configured or (scheme == "https" and any(_is(host, listed) for listed in TOKEN_HOSTS))


def _of(endpoint: str) -> tuple[str, str]:
    there = urlsplit(endpoint)
    return there.scheme, (there.hostname or "").lower()


def _is(host: str, listed: str) -> bool:
    return host.endswith(listed[1:]) if listed.startswith("*") else host == listed


def _lay() -> None:
    from huggingface_hub import set_client_factory
    from huggingface_hub.utils import disable_progress_bars, logging

    disable_progress_bars()
    logging.set_verbosity_error()  # it warns of files that go by Git LFS, which is what we mean
    set_client_factory(_client)
    _laid.append(True)


def _client() -> httpx.Client:
    import httpx
    from huggingface_hub.utils._http import default_client_factory

    client = default_client_factory()
    client.timeout = httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS)
    client.event_hooks = {"request": [*client.event_hooks["request"], _withhold]}
    return client


def _withhold(request: httpx.Request) -> None:
    """Take the token off a request that leads elsewhere: a redirect, an address in an answer."""
    if "Authorization" in request.headers and not may_see_a_token(str(request.url)):
        del request.headers["Authorization"]
