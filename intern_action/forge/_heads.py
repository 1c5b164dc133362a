"""What front matter may say, strictly: an unknown key or a wrong type is an error with file and line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from intern_action.core.errors import ForgeError
from intern_action.core.types import Conclusion, Permission, Reaction, Verdict
from intern_action.forge._pages import Part


def _in_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a time needs its zone, e.g. 2026-11-23T12:00:00+00:00")
    return at.astimezone(UTC)


Name = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=100, pattern=r"^\S[^\n]*$")]
Line = Annotated[str, StringConstraints(strict=True, max_length=500)]
Sha = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{40}$")]
Time = Annotated[datetime, AfterValidator(_in_utc)]


class Head(BaseModel):
    """Front matter of anything: who, when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Name
    at: Time


class IssueHead(Head):
    """Front matter of an issue."""

    title: Line
    state: Literal["open", "closed"] = "open"
    reactions: tuple[Reaction, ...] | None = None


class PullHead(Head):
    """Front matter of a pull request."""

    title: Line
    state: Literal["open", "closed", "merged"] = "open"
    draft: bool = True
    base: Name
    head: Name
    reviewers: tuple[Name, ...] | None = None
    reactions: tuple[Reaction, ...] | None = None


class CommentHead(Head):
    """Front matter of a comment."""

    id: Name
    reactions: tuple[Reaction, ...] | None = None


class ReviewHead(Head):
    """Front matter of a review, pinned to a commit."""

    id: Name
    verdict: Verdict
    commit: Sha
    dismissed_by: Name | None = None


class CheckHead(BaseModel):
    """Front matter of a check; its text is the check's summary."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Line
    commit: Sha
    title: Line
    conclusion: Conclusion | None = None
    url: str | None = None


class Person(BaseModel):
    """One person of `people.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    permission: Permission
    email: tuple[str, ...] = ()
    bot: bool = False


HeadT = TypeVar("HeadT", bound=BaseModel)


def read(kind: type[HeadT], part: Part, name: str) -> HeadT:
    """Return a part's front matter.

    Raises:
        ForgeError: naming file, line, key and what is wrong with it.
    """
    try:
        return kind.model_validate(dict(part.head))
    except ValidationError as error:
        raise ForgeError(f"{name}:{part.line}: front matter {complaint(error)}") from error


def complaint(error: ValidationError) -> str:
    """Return the first thing pydantic complains of, in one line."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "as a whole"
    return f"`{where}`: {first['msg']}"


def written(head: BaseModel) -> dict[str, object]:
    """Return front matter as it is written: plain strings, times with their zone, nothing that says nothing."""
    return head.model_dump(mode="json", exclude_none=True)
