"""A comment on an issue or a pull request, in the shape GitHub sends it; the local forge writes the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from intern_action.core.digests import digest
from intern_action.core.errors import Misconfigured
from intern_action.core.frozen import frozen
from intern_action.triggers._command import Bounds, Command, parse_command


@frozen
class Heard:
    """A command with who gave it where.

    Args:
        key: claims the event: repository, kind, comment and its words at the trigger. A re-delivered event has the same.
        on_pull_request: the thread is a pull request.
    """

    command: Command
    by: str
    thread: int
    comment: str
    on_pull_request: bool
    key: str


class Trigger(Protocol):
    """What a module of this folder holds as `TRIGGER`: the event it reads, and how."""

    @property
    def event(self) -> str:
        """The event's name, as GitHub calls it."""
        ...

    def hear(self, payload: Mapping[str, object], bounds: Bounds | None = None) -> Heard | None:
        """Return what was asked, None when the event is not for us."""
        ...


class _Loose(BaseModel):
    """A part of a payload: the fields we use; GitHub sends and adds many more."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _User(_Loose):
    login: str
    type: str = "User"


class _Comment(_Loose):
    id: int | str
    body: str | None
    user: _User | None


class _Issue(_Loose):
    number: int
    pull_request: dict[str, object] | None = None


class _Repository(_Loose):
    full_name: str


class _Payload(_Loose):
    action: str
    comment: _Comment
    issue: _Issue
    repository: _Repository


@dataclass(frozen=True, slots=True)
class IssueComment:
    """Reads new comments of people. Edited ones are not commands: the words could change after somebody answered them."""

    event: str = "issue_comment"

    def hear(self, payload: Mapping[str, object], bounds: Bounds | None = None) -> Heard | None:
        """Return the command of a new comment by a person.

        Raises:
            Misconfigured: this is no payload of an issue comment.
        """
        known = _known(payload)
        user = known.comment.user
        if known.action != "created" or user is None or user.type != "User":
            return None
        command = parse_command(known.comment.body or "", bounds)
        if command is None:
            return None
        comment = str(known.comment.id)
        return Heard(
            command=command,
            by=user.login,
            thread=known.issue.number,
            comment=comment,
            on_pull_request=known.issue.pull_request is not None,
            key=digest([known.repository.full_name.casefold(), self.event, comment, known.comment.body]),
        )


def _known(payload: Mapping[str, object]) -> _Payload:
    try:
        return _Payload.model_validate(dict(payload))
    except ValidationError as error:
        where = ".".join(map(str, cast("tuple[object, ...]", error.errors()[0]["loc"])))
        raise Misconfigured(
            f"this is no issue_comment event as GitHub sends it: `{where}` is not as it should be"
        ) from None


TRIGGER = IssueComment()
