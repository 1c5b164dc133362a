"""What an error of the Hub's client means for something that is done once: certainly not done, not done now, or nobody knows."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator

from intern_action.core.errors import HubError, JobError

_BAD, _TIMED_OUT, _TOO_MANY, _BROKEN = 400, 408, 429, 500
_MOST_LETTERS = 300


class Unanswered(HubError):
    """The request was sent and nobody knows whether it was carried out."""


@contextlib.contextmanager
def doing_once(tell: Callable[[int, str], str]) -> Generator[None]:
    """Say what went wrong with something that must not be done twice.

    Args:
        tell: from an HTTP status (0: no answer) and what was said, in one line, to words for people.

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
        words = tell(status, _line(str(error.server_message or "")))
        if status == _TOO_MANY:
            raise HubError(words) from error
        if _BAD <= status < _BROKEN and status != _TIMED_OUT:
            raise JobError(words) from error
        raise Unanswered(words) from error
    except httpx.ConnectError as error:
        raise HubError(tell(0, _line(str(error) or type(error).__name__))) from error
    except (
        httpx.HTTPError,
        OSError,
        ValueError,
        KeyError,
    ) as error:  # the last two: an answer that is not what it should be
        raise Unanswered(tell(0, _line(str(error) or type(error).__name__))) from error


def _line(said: str) -> str:
    return " ".join(said.split())[:_MOST_LETTERS]
