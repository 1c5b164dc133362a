"""What the Hub's errors mean for a start: certainly not done, or nobody knows."""

from __future__ import annotations

import contextlib
from collections.abc import Generator

from intern_action.core.errors import HubError, JobError
from intern_action.launches.account import HubAccount
from intern_action.settings.words import text

_BAD, _TIMED_OUT, _TOO_MANY, _BROKEN = 400, 408, 429, 500
CONFLICT = frozenset({409, 412})


class Unanswered(HubError):
    """The request was sent and nobody knows whether it was carried out."""


@contextlib.contextmanager
def starting(doing: str, account: HubAccount) -> Generator[None]:
    """Say what went wrong with something that starts or stages a job.

    Raises:
        JobError: it was refused, so it was certainly not done.
        Unanswered: nobody knows.
        HubError: it was not done now, and may be done later.
    """
    import httpx
    from huggingface_hub.errors import HfHubHTTPError

    try:
        yield
    except HfHubHTTPError as error:
        status = error.response.status_code
        words = _words(doing, account, status, error)
        if status == _TOO_MANY:
            raise HubError(words) from error
        if _BAD <= status < _BROKEN and status != _TIMED_OUT:
            raise JobError(words) from error
        raise Unanswered(words) from error
    except httpx.ConnectError as error:
        raise HubError(_words(doing, account, 0, error)) from error
    except (httpx.HTTPError, OSError, ValueError) as error:  # ValueError: an answer that is no JSON
        raise Unanswered(_words(doing, account, 0, error)) from error


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


def _words(doing: str, account: HubAccount, status: int, error: Exception) -> str:
    said = str(getattr(error, "server_message", None) or "") if status else (str(error) or type(error).__name__)
    namespace = account.namespace or "your account"
    one_line = " ".join(said.split())[:300]
    return text(
        "hub-refusals", status=status, doing=doing, endpoint=account.endpoint, namespace=namespace, said=one_line
    ).strip()
