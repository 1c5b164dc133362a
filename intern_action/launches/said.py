"""What the Hub's errors mean for a start: certainly not done, or nobody knows."""

from __future__ import annotations

import contextlib
from collections.abc import Generator

from intern_action.core.errors import HubError, JobError
from intern_action.hub._doubt import doing_once
from intern_action.launches.account import HubAccount
from intern_action.settings.words import text

CONFLICT = frozenset({409, 412})


def starting(doing: str, account: HubAccount) -> contextlib.AbstractContextManager[None]:
    """Say what went wrong with something that starts or stages a job; raises what `doing_once` raises."""
    return doing_once(lambda status, said: _words(doing, account, status, said))


@contextlib.contextmanager
def asking(doing: str, account: HubAccount) -> Generator[None]:
    """Say what went wrong with a question; it may be asked again.

    Raises:
        HubError: always that.
    """
    try:
        with starting(doing, account):
            yield
    except JobError as error:
        raise HubError(str(error)) from error


def status_of(error: BaseException | None) -> int:
    """Return the HTTP status behind an error of ours, 0 when there was no answer."""
    from huggingface_hub.errors import HfHubHTTPError

    cause = error.__cause__ if error is not None else None
    return cause.response.status_code if isinstance(cause, HfHubHTTPError) else 0


def _words(doing: str, account: HubAccount, status: int, said: str) -> str:
    namespace = account.namespace or "your account"
    return text(
        "hub-refusals", status=status, doing=doing, endpoint=account.endpoint, namespace=namespace, said=said
    ).strip()
