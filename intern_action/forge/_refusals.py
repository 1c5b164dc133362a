"""What GitHub refuses, in words somebody can act on. A token never stands in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from intern_action.core.errors import ForgeError
from intern_action.core.frozen import frozen

if TYPE_CHECKING:
    from intern_action.forge._answers import Complaint

HTTP_UNAUTHORIZED, HTTP_FORBIDDEN, HTTP_NOT_FOUND, HTTP_GONE, HTTP_INVALID = 401, 403, 404, 410, 422
HTTP_LIMITED, HTTP_BROKEN = 429, 500
SAID_MOST = 500

TOKEN = re.compile(r"\b(gh[a-z]_\w{8,}|github_pat_\w{8,}|v1\.[0-9a-f]{40})")
MAY_NOT_OPEN = "not permitted to create or approve pull requests"
SECONDARY = re.compile(
    r"secondary rate limit|abuse detection|retry your request again later|wait a few minutes before", re.IGNORECASE
)


@frozen
class Answer:
    """One answer of GitHub's. Names of headers are lower case."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def complaint(self) -> Complaint:
        """What it complains of; nothing, when it does not say so in JSON."""
        from pydantic import ValidationError

        from intern_action.forge._answers import Complaint

        try:
            return Complaint.model_validate_json(self.text)
        except ValidationError:
            return Complaint()

    @property
    def limited(self) -> bool:
        """Whether it was refused for being asked too much, and therefore not carried out.

        docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api: status 403 or 429, with `retry-after`, with
        `x-ratelimit-remaining: 0`, or with words about a secondary limit.
        """
        if self.status == HTTP_LIMITED:
            return True
        told = "retry-after" in self.headers or self.headers.get("x-ratelimit-remaining") == "0"
        return self.status == HTTP_FORBIDDEN and (told or bool(SECONDARY.search(self.complaint.message)))

    @property
    def said(self) -> str:
        """GitHub's own words, in one line."""
        parts = [self.complaint.message, *_details(self.complaint)]
        return without_tokens("; ".join(dict.fromkeys(" ".join(part.split()) for part in parts if part)))[:SAID_MOST]


class Refused(ForgeError):
    """GitHub said no, and why."""

    def __init__(self, message: str, *, status: int, said: str) -> None:
        super().__init__(message)
        self.status = status
        self.said = said


class AnswerLost(ForgeError):
    """No answer came, or one that says nothing: whether GitHub did it is not known."""


def refusal(answer: Answer, asked: str) -> Refused:
    """Return the error for an answer that says no.

    Args:
        answer: with status 300 or more.
        asked: what GitHub was asked for, as in "GitHub was asked to …".
    """
    said = answer.said or "no words"
    return Refused(
        f"GitHub was asked to {asked} and said {answer.status}: {said}. {_advice(answer)}",
        status=answer.status,
        said=said,
    )


def _advice(answer: Answer) -> str:
    match answer.status:
        case status if status == HTTP_UNAUTHORIZED:
            return "The token is wrong, has expired or was revoked: give a new one as GITHUB_TOKEN"
        case status if status == HTTP_FORBIDDEN:
            return _permission_advice(answer)
        case status if status == HTTP_NOT_FOUND:
            return "It is not there, or the token may not see it: check number, repository and the token's access to it"
        case status if status == HTTP_GONE:
            return "It was deleted, or issues are switched off for the repository (Settings, General, Features)"
        case status if status == HTTP_INVALID:
            return "GitHub finds the request wrong as it stands; sending it again does not help"
        case status if status < HTTP_UNAUTHORIZED:
            return "It has moved: name the repository as it is called now in GITHUB_REPOSITORY"
        case status if status >= HTTP_BROKEN:
            return "GitHub itself is failing: run again later"
        case _:
            return "Run again; if it stays so, a person has to look"


def _permission_advice(answer: Answer) -> str:
    if MAY_NOT_OPEN in answer.said:
        return (
            "Allow it under Settings, Actions, General, Workflow permissions: "
            "“Allow GitHub Actions to create and approve pull requests”"
        )
    if "x-github-sso" in answer.headers:
        return "The organization wants the token authorised for single sign-on: do so where the token is listed in your settings"
    needed = " and ".join(f"`{one}`" for one in _needed(answer.headers.get("x-accepted-github-permissions", "")))
    if needed:
        return f"The token lacks a permission: add {needed} under `permissions:` of the job, or to the token"
    return "The token lacks a permission for this: look at `permissions:` of the job, or at what the token may do"


def _needed(header: str) -> tuple[str, ...]:
    """Return what the header `X-Accepted-GitHub-Permissions` asks for, as a workflow writes it: `issues: write`.

    docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api: sets of permissions that will do are divided by `;`,
    the permissions of a set by a comma. The first set is named.
    """
    first = header.partition(";")[0]
    pairs = (one.strip().partition("=") for one in first.split(",") if "=" in one)
    return tuple(f"{name.replace('_', '-')}: {level}" for name, _, level in pairs)


def _details(complaint: Complaint) -> list[str]:
    if isinstance(complaint.errors, str):
        return [complaint.errors]
    return [_detail(one) for one in complaint.errors]


def _detail(error: object) -> str:
    if not isinstance(error, dict):
        return str(error)
    told = cast("dict[str, object]", error)
    return str(told.get("message") or " ".join(str(told[key]) for key in ("field", "code") if key in told))


def without_tokens(words: str) -> str:
    """Return words without anything that looks like a token of GitHub's."""
    return TOKEN.sub("***", words)
