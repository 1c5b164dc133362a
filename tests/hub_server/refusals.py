"""A no of the Hub: status, code and words as its clients look for them."""

from __future__ import annotations

from collections.abc import Mapping


class Refused(Exception):
    """The request ends here, with this status.

    Args:
        status: of HTTP.
        message: goes into `X-Error-Message` and the body's `error`.
        code: goes into `X-Error-Code`, by which clients tell refusals of one status apart.
        headers: more of them.
        more: fields of the body beside `error`.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = "",
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code
        self.headers, self.more = dict(headers or {}), dict(more or {})


INVALID_TOKEN = "Invalid credentials in Authorization header"
NOT_LOGGED_IN = "Invalid username or password."


def repository_not_found(*, logged_in: bool) -> Refused:
    """What is not there and what may not be seen look the same."""
    if logged_in:
        return Refused(404, "Repository not found", code="RepoNotFound")
    return Refused(401, NOT_LOGGED_IN, code="RepoNotFound")


def revision_not_found(revision: str) -> Refused:
    """No branch, tag or commit of that name."""
    return Refused(404, f"Invalid rev id: {revision}", code="RevisionNotFound")


def entry_not_found(path: str) -> Refused:
    """No file or folder of that name at this revision."""
    return Refused(404, f"{path} does not exist" if path else "Entry not found", code="EntryNotFound")


def unknown_address(path: str) -> Refused:
    """No route; not the words of a missing repository."""
    return Refused(404, f"Sorry, we can't find the page you are looking for: {path}")
