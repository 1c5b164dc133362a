"""What a person writes to us: the first line of a comment, read into one of a few commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from datetime import timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Literal, TypeVar

from intern_action.core.durations import duration, duration_words, minutes
from intern_action.core.frozen import frozen
from intern_action.core.hidden import reveal
from intern_action.core.incoming import Approve, Begin, Command, NotUnderstood, Say, Wishes
from intern_action.core.patterns import is_listed
from intern_action.settings.quantities import money_usd
from intern_action.settings.words import text as words_for

_T = TypeVar("_T")
LABEL = "intern"


@frozen
class Bounds:
    """The most a comment may ask for; None is no bound. Whoever hands them in takes them from settings and policy.

    `timeout_from` is the setting that bounds the time; `presets` are the labels that begin a session, each with the flags it
    stands for.
    """

    max_turns: int | None = None
    max_cost_usd: Decimal | None = None
    timeout: timedelta | None = None
    timeout_from: str = "jobs.local.timeout"
    flavors: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    presets: Mapping[str, str] = field(default_factory=lambda: {LABEL: ""})


_VERBS: Mapping[str, Literal["help", "status", "why", "stop", "retry", "budget"]] = {
    "help": "help",
    "status": "status",
    "why": "why",
    "stop": "stop",
    "retry": "retry",
    "budget": "budget",
}
_CODE = re.compile(r"intern:[0-9a-f]{8}")
_CALL = re.compile(r"/intern(?:[ \t]+(?P<rest>[^\n]*))?[ \t]*(?=\n|\Z)", re.IGNORECASE)
_WORD = re.compile(r"\S+")
_NAME = re.compile(r"[^\s=]+")
_QUOTED = re.compile(r"(?P<mark>[\"'])(?P<inside>[^\"'\n]*)(?P=mark)(?=\s|$)")
_LONG_DASH = re.compile(r"[\u2012-\u2015\u2212]-?(?=[A-Za-z])")  # what telephones make of `--`
_LONGEST_VALUE = 200


def parse_command(text: str, bounds: Bounds | None = None) -> Command | None:
    """Read a comment.

    Args:
        text: the whole comment, as it was written.
        bounds: the most its flags may ask for.

    Returns:
        a command, or None when the first line is not addressed to us.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    if _CALL.match(plain) is None:
        return None
    first, _, more = reveal(plain).partition(
        "\n"
    )  # as a whole: what is code, and what hides, is seen from the beginning
    call = _CALL.match(first)
    rest = (call["rest"] or "").strip() if call else ""
    if not rest and not more.strip():
        return Say(verb="help")
    return _spoken(rest, more) or _begin(rest, more, bounds or Bounds())


def preset_command(label: str, flags: str, task: str, bounds: Bounds) -> Command:
    """Return what a label on an issue asks for.

    Args:
        label: its name.
        flags: what the policy says it stands for.
        task: the issue's words, without what hides in them.
        bounds: the most it may ask for.
    """
    try:
        wishes, more = _flags(flags, bounds)
    except _Refused as refused:
        return _not("label", label=_code(label), because=refused.words)
    if more:
        return _not("label-words", label=_code(label), value=_code(more))
    return Begin(task=task, wishes=wishes) if task else _not("no-task")


def _spoken(rest: str, more: str) -> Command | None:
    """Return a verb that stands alone. `stop` counts however it goes on: nobody means it to start something."""
    words = rest.split()
    verb = words[0].lower().rstrip(".!?") if words else ""
    if verb == "approve":
        return _approve(words[1:])
    if verb == "option":
        return _not("option")
    if verb == "stop":
        return Say(verb="stop")
    alone = len(words) == 1 and not more.strip()
    return Say(verb=_VERBS[verb]) if alone and verb in _VERBS else None


def _approve(words: list[str]) -> Command:
    code = words[0].lower() if len(words) == 1 else ""
    if _CODE.fullmatch(code):
        return Approve(code=code)
    return _not("approve")


def _not(why: str, **values: str) -> NotUnderstood:
    """Return a refusal in the words of `configs/texts/not-understood.md`."""
    return NotUnderstood(words=words_for("not-understood", why=why, **values).strip())


def _code(said: str) -> str:
    """Return somebody's words, short and so that they can stand between backticks."""
    plain = " ".join(said.replace("`", "'").split())
    return plain if len(plain) <= _SHOWN else f"{plain[:_SHOWN]}…"


# --- a task and its flags ----------------------------------------------------------------------------------------------

_SHOWN = 60


class _Refused(Exception):
    """A flag that cannot be taken; `words` say why."""

    def __init__(self, why: str, **values: str) -> None:
        self.words = _not(why, **values).words
        super().__init__(self.words)


def _begin(rest: str, more: str, bounds: Bounds) -> Command:
    try:
        wishes, task = _flags(rest, bounds)
    except _Refused as refused:
        return NotUnderstood(words=refused.words)
    task = "\n".join(part for part in (task, more.rstrip()) if part).strip()
    return Begin(task=task, wishes=wishes) if task else _not("no-task")


def _flags(rest: str, bounds: Bounds) -> tuple[Wishes, str]:
    """Take flags from the front until something else stands there; `--` ends them."""
    wishes, seen = Wishes(), set[str]()
    while rest.startswith("--"):
        if _word(rest)[0] == "--":
            return wishes, _word(rest)[1]
        name, value, rest = _flag(rest)
        if name in seen:
            raise _Refused("twice", flag=name)
        seen.add(name)
        wishes = _FLAGS[name](wishes, value, bounds)
    if _LONG_DASH.match(rest):
        meant = f"--{_LONG_DASH.sub('', _word(rest)[0], count=1)}"
        if meant.partition("=")[0] in _FLAGS:
            raise _Refused("dash", flag=_code(_word(rest)[0]), meant=_code(meant))
    return wishes, rest


def _flag(rest: str) -> tuple[str, str, str]:
    """Return a flag's name, its value ("" for one that takes none) and what follows; a value may stand between quotes."""
    found = _NAME.match(rest)
    name = found[0] if found else ""
    after = rest[len(name) :]
    if name not in _FLAGS:
        raise _unknown(name)
    glued = after.startswith("=")
    if name == "--sandbox-tools" and not glued:
        return name, "", after.lstrip()
    value, rest = _value(name, after[1:] if glued else after.lstrip())
    return name, value, rest


def _value(name: str, rest: str) -> tuple[str, str]:
    if rest.startswith(("'", '"')):
        found = _QUOTED.match(rest)
        if found is None:
            raise _Refused("quote", flag=name)
        value, after = found["inside"].strip(), rest[found.end() :].lstrip()
    else:
        found = _WORD.match(rest)
        value = found[0] if found else ""
        after = rest[len(value) :].lstrip()
    if len(value) > _LONGEST_VALUE or "`" in value:
        raise _Refused("value", flag=name, most=str(_LONGEST_VALUE))
    return value, after


def _word(rest: str) -> tuple[str, str]:
    """Return the first word and what follows it, its inner spaces untouched."""
    found = _WORD.match(rest)
    return (found[0], rest[found.end() :].lstrip()) if found else ("", "")


def _unknown(name: str) -> _Refused:
    near = get_close_matches(name[:_SHOWN], _FLAGS, n=1)
    return _Refused("unknown", flag=_code(name), near=near[0] if near else "", all=", ".join(_FLAGS))


def _model(wishes: Wishes, value: str, bounds: Bounds) -> Wishes:
    if not value or value.startswith("-"):
        raise _Refused("model")
    if not is_listed(value, bounds.models):
        raise _Refused("other-model", value=value, all=", ".join(bounds.models))
    return replace(wishes, model=value)


def _max_turns(wishes: Wishes, value: str, bounds: Bounds) -> Wishes:
    if not value.isascii() or not value.isdecimal() or int(value) < 1:
        raise _Refused("whole-number", flag="--max-iterations", value=value)
    if bounds.max_turns is not None and int(value) > bounds.max_turns:
        raise _above("--max-iterations", value, str(bounds.max_turns), "max_turns")
    return replace(wishes, max_turns=int(value))


def _max_cost(wishes: Wishes, value: str, bounds: Bounds) -> Wishes:
    usd = _read(money_usd, value, "--max-cost")
    if bounds.max_cost_usd is not None and usd > bounds.max_cost_usd:
        raise _above("--max-cost", value, f"${bounds.max_cost_usd}", "max_cost_usd")
    return replace(wishes, max_cost_usd=usd)


def _sandbox_tools(wishes: Wishes, value: str, _bounds: Bounds) -> Wishes:
    if value:
        raise _Refused("no-value", flag="--sandbox-tools")
    return replace(wishes, sandbox_tools=True)


def _flavor(wishes: Wishes, value: str, bounds: Bounds) -> Wishes:
    if not value or value.startswith("-"):
        raise _Refused("flavor")
    if bounds.flavors and value not in bounds.flavors:
        raise _Refused("other-flavor", value=value, all=", ".join(bounds.flavors))
    return replace(wishes, flavor=value)


def _timeout(wishes: Wishes, value: str, bounds: Bounds) -> Wishes:
    length = _read(duration, value, "--timeout")
    if bounds.timeout is not None and length > bounds.timeout:
        raise _above("--timeout", value, duration_words(bounds.timeout), bounds.timeout_from)
    return replace(wishes, timeout_minutes=minutes(length))


def _above(flag: str, value: str, most: str, setting: str) -> _Refused:
    return _Refused("above", flag=flag, value=value, most=most, setting=setting)


def _read(reader: Callable[[str], _T], value: str, flag: str) -> _T:
    try:
        return reader(value)
    except ValueError as error:
        raise _Refused("unreadable", flag=flag, because=str(error)) from error


_FLAGS: Mapping[str, Callable[[Wishes, str, Bounds], Wishes]] = {
    "--model": _model,
    "--max-iterations": _max_turns,
    "--max-cost": _max_cost,
    "--sandbox-tools": _sandbox_tools,
    "--flavor": _flavor,
    "--timeout": _timeout,
}
