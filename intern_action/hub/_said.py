"""What the Hub's errors mean for whoever asked, and what to do about them."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable, Generator
from typing import NoReturn

from intern_action.core.errors import HubError, Misconfigured, ToolFailed
from intern_action.core.frozen import frozen
from intern_action.hub._names import Kind, NotHere, hint

_UNAUTHORISED, _FORBIDDEN, _TOO_MANY = 401, 403, 429


def _nobody(_kind: Kind, _repository: str) -> tuple[str, ...]:
    return ()


@frozen
class Asked:
    """What was asked of the Hub. `near` finds names that come near one that is not there."""

    kind: Kind
    repository: str
    endpoint: str
    revision: str = ""
    with_token: bool = False
    near: Callable[[Kind, str], tuple[str, ...]] = _nobody

    @property
    def page(self) -> str:
        """The repository's page, where people ask for access."""
        return f"{self.endpoint}/{'datasets/' if self.kind == 'dataset' else ''}{self.repository}"


@contextlib.contextmanager
def said(asked: Asked) -> Generator[None]:
    """Turn what huggingface_hub raises inside into our errors.

    Raises:
        ToolFailed: about the repository. HubError: about the Hub, the connection or the token.
    """
    import httpx
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError as error:
        raise ToolFailed(_gated(asked)) from error
    except errors.RepositoryNotFoundError as error:
        raise NotHere(_not_there(asked)) from error
    except errors.RevisionNotFoundError as error:
        raise ToolFailed(
            f"the {asked.kind} {asked.repository} has no revision {asked.revision}; see {asked.page}"
        ) from error
    except errors.HfHubHTTPError as error:
        _refused(asked, error.response.status_code, error)
    except (httpx.HTTPError, errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError) as error:
        raise HubError(
            f"{asked.endpoint} could not be reached for {asked.repository} ({_cause(error)}); look at the network, or use a "
            "local folder or a local hub"
        ) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise Misconfigured(
                f"the disk was full while {asked.repository} was fetched; make room for the cache"
            ) from error
        raise HubError(f"{asked.repository} could not be stored: {error}") from error


@contextlib.contextmanager
def said_of_writing(asked: Asked) -> Generator[None]:
    """The same for control's own token, which looks and writes.

    Raises:
        NotHere: there is no such repository, or it is hidden from this token. HubError: everything else.
    """
    import httpx
    from huggingface_hub import errors

    try:
        yield
    except errors.RepositoryNotFoundError as error:
        raise NotHere(_not_there(asked)) from error
    except errors.HfHubHTTPError as error:
        raise HubError(_not_written(asked, error.response.status_code, error.server_message or "")) from error
    except (
        httpx.HTTPError,
        OSError,
        RuntimeError,
    ) as error:  # the client's own word for a file that did not arrive is the last
        raise HubError(
            f"{asked.endpoint} could not be reached for {asked.repository} ({_cause(error)}); look at the network; what has "
            "arrived is not sent again"
        ) from error


def _not_written(asked: Asked, status: int, words: str) -> str:
    said_there = f" ({words.splitlines()[0][:200]})" if words else ""
    match status:
        case 401 | 403:
            return (
                f"{asked.endpoint} does not let control's token write {asked.repository}: {status}{said_there}; make one "
                f"that may at {asked.endpoint}/settings/tokens and set HF_WRITE_TOKEN to it"
            )
        case 409 | 412:
            return f"{asked.repository} was written by somebody else meanwhile ({status}); nothing was uploaded"
        case 402:
            return f"{asked.endpoint} wants to be paid first{said_there}; see {asked.endpoint}/settings/billing"
        case 429:
            return f"{asked.endpoint} asks for patience ({status}); run it again in some minutes"
        case _:
            return f"{asked.endpoint} failed for {asked.repository} with {status}{said_there}; run it again later"


def _refused(asked: Asked, status: int, error: Exception) -> NoReturn:
    if status in {_UNAUTHORISED, _FORBIDDEN}:
        raise HubError(
            f"{asked.endpoint} does not accept the token for {asked.repository} ({status}); make a new reading token at "
            f"{asked.endpoint}/settings/tokens and set HF_TOKEN to it"
        ) from error
    if status == _TOO_MANY:
        raise HubError(f"{asked.endpoint} asks for patience ({status}); run it again in some minutes") from error
    raise HubError(f"{asked.endpoint} failed for {asked.repository} with {status}; run it again later") from error


def _gated(asked: Asked) -> str:
    how = "with the account of HF_TOKEN" if asked.with_token else "and set HF_TOKEN to a reading token of that account"
    return f"the {asked.kind} {asked.repository} is gated: ask for access at {asked.page} {how}, or choose an open one"


def _not_there(asked: Asked) -> str:
    try:
        found = asked.near(asked.kind, asked.repository)
    except (HubError, ToolFailed):
        found = ()
    private = "" if asked.with_token else " (or it is private: then set HF_TOKEN)"
    return f"there is no {asked.kind} {asked.repository} on {asked.endpoint}{private}{hint(found)}"


def _cause(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
