"""Which handler answers: every module of this folder with a constant `ROUTES` takes part, and the folder is the list."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast
from urllib.parse import unquote

from .request import Answer, Request

if TYPE_CHECKING:
    from .world import World

Handler: TypeAlias = "Callable[[World, Request], Answer]"

_ANY = "[^/]+"
_REF = "refs(?:/|%2[Ff])(?:pr|convert)(?:/|%2[Ff])"
_KINDS = {
    "repo": f"{_ANY}/{_ANY}",
    "kind": "models|datasets|spaces",
    "revision": rf"{_REF}{_ANY}|(?!{_REF}){_ANY}",
    "path": ".*",
}


@dataclass(frozen=True, kw_only=False)
class Route:
    """One address: a method, a pattern and who answers.

    `{name}` is one part of a path; `{repo}` is owner and name, `{kind}` is models, datasets or spaces, `{revision}` may be
    `refs/pr/N` with or without quoting, `{path}` is whatever is left. Of several patterns that fit, the most literal one answers.
    """

    method: str
    pattern: str
    handler: Handler

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """The pattern as a regular expression on the quoted path."""
        parts = re.split(r"\{(\w+)\}", self.pattern)
        made = [
            f"(?P<{part}>{_KINDS.get(part, _ANY)})" if place % 2 else re.escape(part)
            for place, part in enumerate(parts)
        ]
        return re.compile("".join(made))

    @cached_property
    def literal(self) -> int:
        """How much of the pattern is said outright."""
        return len(re.sub(r"\{\w+\}", "", self.pattern))


@cache
def areas() -> Sequence[object]:
    """Return the modules of this folder that have routes."""
    names = sorted(found.name for found in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = [importlib.import_module(f".{name}", __package__) for name in names if name != "__main__"]
    return [module for module in modules if hasattr(module, "ROUTES")]


@cache
def starters() -> Sequence[Callable[[World], None]]:
    """Return what the areas do before the server listens: their constant `START`, where there is one."""
    found = [getattr(area, "START", None) for area in areas()]
    return [cast("Callable[[World], None]", begin) for begin in found if begin is not None]


@cache
def routes() -> Sequence[Route]:
    """Return every route, the most literal first."""
    found: list[Route] = []
    for area in areas():
        found.extend(cast("tuple[Route, ...]", getattr(area, "ROUTES")))  # noqa: B009 -- a module's constant, found by name
    return sorted(found, key=lambda route: -route.literal)


def find(method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
    """Return who answers, and what the pattern found; a HEAD is answered by a GET without its body."""
    methods = {method, "GET"} if method == "HEAD" else {method}
    for route in routes():
        if route.method in methods and (match := route.expression.fullmatch(path)):
            return route, {name: unquote(value) for name, value in match.groupdict().items()}
    return None
