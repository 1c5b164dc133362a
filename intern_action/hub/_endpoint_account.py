"""Whose inference endpoints these are: where they are asked for, with which tokens, and on whose machines."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from dataclasses import field
from urllib.parse import urlsplit

from intern_action.core.errors import HubError, JobError
from intern_action.core.frozen import frozen
from intern_action.hub._doubt import doing_once

OFFICIAL_HUB, OFFICIAL = "https://huggingface.co", "https://api.endpoints.huggingface.cloud/v2"
"""Inference endpoints have an address of their own."""


@frozen
class EndpointAccount:
    """What inference endpoints are had with.

    Args:
        hub: the Hub's address.
        token: control's token; makes, looks at and ends endpoints.
        asking_token: a reading token; it is shown to the endpoint, where a model's own code may run.
        address: of the endpoints' API, "" for the Hub's own.
        namespace: who pays, "" for the token's own account.
        vendor, region: whose machines, and where.
        home: whose ledger knows these endpoints; nobody sweeps away those of another.
        refusal: puts a refusal into words: `status` (0 without an answer), what we were `doing`, `address`, `hub`, `namespace`,
            and what the other side `said`.
    """

    hub: str
    token: str = field(repr=False)
    asking_token: str = field(repr=False)
    refusal: Callable[..., str] = field(repr=False)
    address: str = ""
    namespace: str = ""
    vendor: str = "aws"
    region: str = "us-east-1"
    home: str = "here"

    @property
    def api(self) -> str:
        """Where endpoints are asked for."""
        usual = OFFICIAL if self.hub == OFFICIAL_HUB else f"{self.hub}/v2"
        return (self.address or usual).rstrip("/")

    def may_see_the_token(self, url: str) -> bool:
        """Whether an endpoint's address is one of those that this API gives out; no other is shown a token."""
        there, here = urlsplit(url), urlsplit(self.api)
        host, ours = there.hostname or "", here.hostname or ""
        return there.scheme == here.scheme and (host == ours or host.endswith(f".{ours.partition('.')[2]}"))


def making(doing: str, account: EndpointAccount) -> contextlib.AbstractContextManager[None]:
    """Say what went wrong with something that makes an endpoint; raises what `doing_once` raises."""
    return doing_once(lambda status, said: _words(doing, account, status, said))


@contextlib.contextmanager
def looking(doing: str, account: EndpointAccount) -> Generator[None]:
    """Say what went wrong with what may be asked again.

    Raises:
        HubError: always that.
    """
    try:
        with making(doing, account):
            yield
    except JobError as error:
        raise HubError(str(error)) from error


def status_of(error: BaseException) -> int:
    """Return the HTTP status behind an error of ours, 0 when there was no answer."""
    from huggingface_hub.errors import HfHubHTTPError

    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, HfHubHTTPError):
        cause = cause.__cause__
    return cause.response.status_code if cause is not None else 0


def _words(doing: str, account: EndpointAccount, status: int, said: str) -> str:
    return account.refusal(
        status=status,
        doing=doing,
        address=account.api,
        hub=account.hub,
        namespace=account.namespace or "your account",
        said=said,
    ).strip()
