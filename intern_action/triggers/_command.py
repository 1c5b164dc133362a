"""What a person writes to us: the first line of a comment, read into one of a few commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from datetime import timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Literal, TypeAlias, TypeVar

from intern_action.core.durations import duration, duration_words, minutes
from intern_action.core.frozen import frozen
from intern_action.settings.quantities import money_usd

_T = TypeVar("_T")


@frozen
class Bounds:
    """The most a comment may ask for; None is no bound. Whoever hands them in takes them from the settings."""

    max_turns: int | None = None
    max_cost_usd: Decimal | None = None
    timeout: timedelta | None = None
    flavors: tuple[str, ...] = ()


@frozen
class Wishes:
    """What the flags of a task said; None is "not said"."""

    model: str | None = None
    max_turns: int | None = None
    max_cost_usd: Decimal | None = None
    sandbox_tools: bool = False
    flavor: str | None = None
    timeout_minutes: int | None = None


@frozen
class Begin:
    """`/intern [flags] TASK`. The task goes on over further lines and fenced blocks."""

    task: str
    wishes: Wishes = field(default_factory=Wishes)


@frozen
class Say:
    """`/intern help|status|why|stop|retry|budget`."""

    verb: Literal["help", "status", "why", "stop", "retry", "budget"]


@frozen
class Approve:
    """`/intern approve intern:1a2b3c4d`. It is a wish, not evidence: the gate looks at reviews."""

    code: str


@frozen
class NotUnderstood:
    """It was meant for us and cannot be done as written; the words say why and what to write instead."""

    words: str


Command: TypeAlias = Begin | Say | Approve | NotUnderstood

_VERBS: Mapping[str, Literal["help", "status", "why", "stop", "retry", "budget"]] = {
    "help": "help",
    "status": "status",
    "why": "why",
    "stop": "stop",
    "retry": "retry",
    "budget": "budget",
}
_CODE = re.compile(r"intern:[0-9a-f]{8}")
_CALL = re.compile(r"/intern(?:[ \t]+(?P<rest>.*))?", re.IGNORECASE)
_WORD = re.compile(r"\S+")


def parse_command(text: str, bounds: Bounds | None = None) -> Command | None:
    """Read a comment.

    Args:
        text: the whole comment, as it was written.
        bounds: the most its flags may ask for.

    Returns:
        a command, or None when the first line is not addressed to us.
    """
    first, _, more = text.replace("\r\n", "\n").lstrip("\ufeff").partition("\n")
    call = _CALL.fullmatch(first.rstrip())
    if call is None:
        return None
    rest = (call["rest"] or "").strip()
    if not rest and not more.strip():
        return Say(verb="help")
    return _spoken(rest, more) or _begin(rest, more, bounds or Bounds())


def _spoken(rest: str, more: str) -> Command | None:
    """Return a verb that stands alone. `stop` counts however it goes on: nobody means it to start something."""
    words = rest.split()
    verb = words[0].lower().rstrip(".!?") if words else ""
    if verb == "approve":
        return _approve(words[1:])
    if verb == "option":
        return NotUnderstood(
            words="an option is chosen in the review that approves: write `/intern option fastest` in its body"
        )
    if verb == "stop":
        return Say(verb="stop")
    alone = len(words) == 1 and not more.strip()
    return Say(verb=_VERBS[verb]) if alone and verb in _VERBS else None


def _approve(words: list[str]) -> Command:
    code = words[0].lower() if len(words) == 1 else ""
    if _CODE.fullmatch(code):
        return Approve(code=code)
    return NotUnderstood(words="`approve` needs the plan's code alone, such as `/intern approve intern:1a2b3c4d`")


# --- a task and its flags ----------------------------------------------------------------------------------------------


class _Refused(Exception):
    """A flag that cannot be taken; the message says why."""


def _begin(rest: str, more: str, bounds: Bounds) -> Command:
    try:
        wishes, task = _flags(rest, bounds)
    except _Refused as refused:
        return NotUnderstood(words=str(refused))
    task = "\n".join(part for part in (task, more.rstrip()) if part).strip()
    if not task:
        return NotUnderstood(words="there is no task; write it behind the flags, or on the lines below")
    return Begin(task=task, wishes=wishes)


def _flags(rest: str, bounds: Bounds) -> tuple[Wishes, str]:
    """Take flags from the front until something else stands there; `--` ends them."""
    wishes = Wishes()
    while rest.startswith("--"):
        word, rest = _word(rest)
        if word == "--":
            break
        name, equals, value = word.partition("=")
        take = _FLAGS.get(name)
        if take is None:
            raise _Refused(_unknown(name))
        if name != "--sandbox-tools" and not equals:
            value, rest = _word(rest)
        wishes = take(wishes, value, bounds)
    return wishes, rest


def _word(rest: str) -> tuple[str, str]:
    """Return the first word and what follows it, its inner spaces untouched."""
    found = _WORD.match(rest)
    return (found[0], rest[found.end() :].lstrip()) if found else ("", "")


def _unknown(name: str) -> str:
    near = get_close_matches(name, _FLAGS, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(_FLAGS)}"
    return f"there is no flag `{name}`; {hint}"


def _model(wishes: Wishes, value: str, _bounds: Bounds) -> Wishes:
    if not value or value.startswith("-"):
        raise _Refused("`--model` needs a name, such as `anthropic/claude-opus-4.8`")
    return replace(wishes, model=value)


def _max_turns(wishes: Wishes, value: str, bounds: Bounds) -> Wishes:
    if not value.isascii() or not value.isdecimal() or int(value) < 1:
        raise _Refused(f"`--max-iterations {value}`: a whole number from 1 is needed")
    if bounds.max_turns is not None and int(value) > bounds.max_turns:
        raise _Refused(f"`--max-iterations {value}`: at most {bounds.max_turns} are allowed here (`max_turns`)")
    return replace(wishes, max_turns=int(value))


def _max_cost(wishes: Wishes, value: str, bounds: Bounds) -> Wishes:
    usd = _read(money_usd, value, "--max-cost")
    if bounds.max_cost_usd is not None and usd > bounds.max_cost_usd:
        raise _Refused(f"`--max-cost {value}`: at most ${bounds.max_cost_usd} are allowed here (`max_cost_usd`)")
    return replace(wishes, max_cost_usd=usd)


def _sandbox_tools(wishes: Wishes, value: str, _bounds: Bounds) -> Wishes:
    if value:
        raise _Refused("`--sandbox-tools` takes no value")
    return replace(wishes, sandbox_tools=True)


def _flavor(wishes: Wishes, value: str, bounds: Bounds) -> Wishes:
    if not value or value.startswith("-"):
        raise _Refused("`--flavor` needs the name of some hardware, such as `t4-small`")
    if bounds.flavors and value not in bounds.flavors:
        raise _Refused(f"`--flavor {value}`: allowed here are {', '.join(bounds.flavors)}")
    return replace(wishes, flavor=value)


def _timeout(wishes: Wishes, value: str, bounds: Bounds) -> Wishes:
    length = _read(duration, value, "--timeout")
    if bounds.timeout is not None and length > bounds.timeout:
        raise _Refused(
            f"`--timeout {value}`: at most {duration_words(bounds.timeout)} are allowed here (`jobs.local.timeout`)"
        )
    return replace(wishes, timeout_minutes=minutes(length))


def _read(reader: Callable[[str], _T], value: str, flag: str) -> _T:
    try:
        return reader(value)
    except ValueError as error:
        raise _Refused(f"`{flag}`: {error}") from error


_FLAGS: Mapping[str, Callable[[Wishes, str, Bounds], Wishes]] = {
    "--model": _model,
    "--max-iterations": _max_turns,
    "--max-cost": _max_cost,
    "--sandbox-tools": _sandbox_tools,
    "--flavor": _flavor,
    "--timeout": _timeout,
}
