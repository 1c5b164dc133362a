"""`.github/intern.yml` of the default branch, as far as it says who may ask, whose approval counts and how much may be spent.

A repository without the file gets: everybody who may write may ask, no machine may, the label `intern` begins a session;
spending allowed, one person who may write, never the requester, no plan code, all hardware, and no limits beyond those of the
settings.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from intern_action.core.entries import Limits
from intern_action.core.errors import Misconfigured
from intern_action.core.judgement import ApprovalPolicy, Tier
from intern_action.core.types import Expense
from intern_action.settings.document import Document
from intern_action.settings.keys import is_policy
from intern_action.settings.settings import MoneyUsd, MoneyUsdOrNone
from intern_action.settings.sources import REPOSITORY_FILE, read_repository_file

OUR_NAME = ApprovalPolicy().our_name


def _names(value: object) -> object:
    """Return account names without the `@` people like to write."""
    return _without_at(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value


def _without_at(names: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(name.removeprefix("@") if isinstance(name, str) else name for name in names)


def _pattern(value: str) -> str:
    """Refuse what means nothing here, or something else than it looks like."""
    if not value.strip("/ ") or value.startswith("!"):
        raise ValueError(f"`{value}` is no path; write one from the top of the repository, such as `deploy/**`")
    return value


Name = Annotated[str, Field(min_length=1)]
Names = Annotated[tuple[Name, ...], BeforeValidator(_names)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Flags = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]


class _Section(BaseModel):
    # Strict: in a file that decides about money, "yes" is not true and 1 is not a name.
    model_config = ConfigDict(extra="forbid", strict=True)


class _Tier(_Section):
    above_usd: MoneyUsd
    people_needed: int = Field(default=1, ge=1, le=20)
    code: bool = False


class _Approvals(_Section):
    people: Names = ()
    people_needed: int = Field(default=1, ge=1, le=20)
    requester_may_approve: bool = False
    code_above_usd: MoneyUsdOrNone = None
    tiers: dict[str, _Tier] = Field(default_factory=dict)
    flavors: tuple[Name, ...] = ()
    models: tuple[Name, ...] = ()
    hub_repositories: tuple[Name, ...] = ()


class _Limits(_Section):
    month_usd: MoneyUsdOrNone = None
    session_usd: MoneyUsdOrNone = None
    requester_usd: MoneyUsdOrNone = None


class _Budget(_Limits):
    jobs: _Limits = _Limits()
    sandboxes: _Limits = _Limits()
    endpoints: _Limits = _Limits()
    model: _Limits = _Limits()


class PolicyFile(_Section):
    """What the file says to the gate; its other keys are settings of a run."""

    enabled: bool = True
    bots: Names = ()
    labels: dict[str, Flags] = Field(default_factory=dict)
    protected: tuple[Pattern, ...] = ()
    mcp_servers: tuple[Name, ...] = ()
    approvals: _Approvals = _Approvals()
    budget: _Budget = _Budget()


_BUDGET_KEYS = frozenset(f"budget.{name}" for name in _Limits.model_fields)
"""Limits that are settings of a run as well."""


def parse_policy(
    content: bytes | None, name: str = REPOSITORY_FILE, *, our_name: str = OUR_NAME, limits: Limits | None = None
) -> ApprovalPolicy:
    """Read the policy.

    Args:
        content: bytes of the file on the default branch, None when there is none.
        name: how messages call it.
        our_name: the account that opens pull requests; never taken from the file.
        limits: the settings' budget; of each limit the tighter one counts.

    Raises:
        Misconfigured: an unknown key, a wrong value, a `${...}`; names file and line. Nothing may be spent then.
    """
    document = read_repository_file(content or b"", name)
    file = _parsed(document)
    _check_people(document, file.approvals)
    return ApprovalPolicy(
        enabled=file.enabled,
        bots=file.bots,
        labels={**ApprovalPolicy().labels, **file.labels},
        approvers=file.approvals.people,
        people_needed=file.approvals.people_needed,
        tiers=_tiers(document, file.approvals),
        requester_may_approve=file.approvals.requester_may_approve,
        code_above_usd=file.approvals.code_above_usd,
        our_name=our_name,
        flavors=file.approvals.flavors,
        models=file.approvals.models,
        protected=file.protected,
        mcp_servers=file.mcp_servers,
        hub_repositories=file.approvals.hub_repositories,
        limits=tighter(_limits(file.budget), limits or Limits()),
    )


def _check_people(document: Document, said: _Approvals) -> None:
    """Refuse a policy that nobody could satisfy."""
    listed = len(set(map(str.casefold, said.people)))
    needed = max(said.people_needed, *(tier.people_needed for tier in said.tiers.values()), 1)
    if said.people and listed < needed:
        line = document.values["approvals.people"].line
        raise Misconfigured(
            f"{document.name}:{line}: {needed} people must approve and {listed} may; add people, or need fewer"
        )


def _tiers(document: Document, said: _Approvals) -> tuple[Tier, ...]:
    """Return the tiers; one that asks for nothing more is a mistake of whoever wrote it."""
    for name, tier in said.tiers.items():
        if tier.people_needed <= said.people_needed and not tier.code:
            path = f"approvals.tiers.{name}"
            raise Misconfigured(
                f"{document.name}:{_line(document, path)}: `{path}` asks for nothing more than other plans need; "
                "give it a larger `people_needed`, or `code: true`"
            )
    return tuple(
        Tier(above_usd=tier.above_usd, people_needed=tier.people_needed, code=tier.code) for tier in said.tiers.values()
    )


def _limits(budget: _Budget) -> Limits:
    """Return the limits of all together, and those of one kind alone that are limits at all."""
    kinds = {expense: Limits(**getattr(budget, expense.value).model_dump()) for expense in Expense}
    whole = budget.model_dump(include=set(_Limits.model_fields))
    return Limits(**whole, kinds={expense: one for expense, one in kinds.items() if one != Limits()})


def tighter(one: Limits, other: Limits) -> Limits:
    """Return of each kind of limit the smaller one; None is no limit."""
    return Limits(
        month_usd=_smaller(one.month_usd, other.month_usd),
        session_usd=_smaller(one.session_usd, other.session_usd),
        requester_usd=_smaller(one.requester_usd, other.requester_usd),
        kinds={
            kind: tighter(one.kinds.get(kind, Limits()), other.kinds.get(kind, Limits()))
            for kind in Expense
            if kind in one.kinds or kind in other.kinds
        },
    )


def _smaller(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return min((usd for usd in (one, other) if usd is not None), default=None)


def _parsed(document: Document) -> PolicyFile:
    """Validate what concerns the gate; say of a wrong value where it stands."""
    sections: dict[str, dict[str, object]] = {name: {} for name in ("", "approvals", "budget", "labels")}
    for path, written in document.values.items():
        if not is_policy(path) and path not in _BUDGET_KEYS:
            continue
        if "${" in str(written.value):
            raise Misconfigured(
                f"{document.name}:{written.line}: `{path}` takes no `${{...}}`: who may spend is written in the file"
            )
        section, _, key = path.rpartition(".")
        _below(sections, section)[key] = written.value
    try:
        return PolicyFile.model_validate({**sections.pop(""), **sections})
    except ValidationError as error:
        raise Misconfigured(_flaw(document, error)) from None


def _below(sections: dict[str, dict[str, object]], path: str) -> dict[str, object]:
    """Return the section of a path: one of the file's own, or one below such a one."""
    first, *names = path.split(".")
    section = sections[first]
    for name in names:
        section = cast("dict[str, object]", section.setdefault(name, {}))
    return section


def _flaw(document: Document, error: ValidationError) -> str:
    """Return the words for the first wrong value; an item of a list is found under the list."""
    flaw = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = ".".join(str(word) for word in flaw["loc"] if not isinstance(word, int))
    return f"{document.name}:{_line(document, path)}: `{path}`: {flaw['msg'].removeprefix('Value error, ')}"


def _line(document: Document, path: str) -> int:
    """Return where a key stands; where it is missing, where its section begins."""
    found = document.values.get(path)
    above = path.rpartition(".")[0]
    there = [written.line for one, written in document.values.items() if one.startswith((f"{path}.", f"{above}."))]
    return found.line if found else min(there)
