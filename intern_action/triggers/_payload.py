"""Payloads of GitHub, read at the door: the fields we use. GitHub sends many more, and adds some every year."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, TypeVar, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from intern_action.core.errors import Misconfigured
from intern_action.core.types import Thread
from intern_action.ledger import claims


def _aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


Time = Annotated[datetime, AfterValidator(_aware)]


class Loose(BaseModel):
    """A part of a payload; what it does not name is let be."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)  # of all events a run reads one


class Account(Loose):
    """Somebody, or some machine."""

    login: str
    type: str = "User"

    @property
    def machine(self) -> str:
        """The account's name unless it is a person's."""
        return "" if self.type == "User" and not self.login.endswith("[bot]") else self.login


class App(Loose):
    """An App that acts for somebody."""

    slug: str = "an App without a name"


class Repository(Loose):
    """The repository, by its full name."""

    full_name: str


class Issue(Loose):
    """An issue, or a pull request seen as one."""

    number: int
    title: str = ""
    body: str | None = None
    user: Account | None = None
    state: str = "open"
    pull_request: dict[str, object] | None = None

    def seen(self) -> Thread:
        """Return it as the event shows it."""
        return Thread(
            number=self.number,
            title=self.title,
            body=self.body or "",
            by=self.user.login if self.user else "ghost",
            open=self.state == "open",
        )


class Named(Loose):
    """A pull request, by its number."""

    number: int


PartT = TypeVar("PartT", bound=BaseModel)


def known(kind: type[PartT], payload: Mapping[str, object], event: str) -> PartT:
    """Return a payload's fields.

    Raises:
        Misconfigured: it has another shape; names the first field that does not fit.
    """
    try:
        return kind.model_validate(dict(payload))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, cast("tuple[object, ...]", first["loc"])))
        raise Misconfigured(f"this is no {event} event as GitHub sends it: `{where}` is not as it should be") from None


def key(repository: Repository, event: str, mark: str, words: str) -> str:
    """Return what an event is claimed under. Names of repositories differ in more than case."""
    return claims.event_key(repository=repository.full_name.casefold(), event=event, comment=mark, body=words)


def machine(*accounts: Account | None, app: App | None = None) -> str:
    """Return the machine that speaks, "" when only people do. An App that acts for a person is a machine, too."""
    if app is not None:
        return app.slug
    return next((account.machine for account in accounts if account is not None and account.machine), "")
