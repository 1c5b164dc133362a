"""Makes a `Tool` out of a name, a class of arguments and a function; words come from `configs/prompts/tools/<name>.md`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Generic, TypeVar

from intern_action.core.effects import Effect
from intern_action.core.errors import Misconfigured
from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import JsonObject, ToolResult, ToolSpec
from intern_action.settings.places import configs
from intern_action.tools._arguments import parse
from intern_action.tools._governor import governed
from intern_action.tools._schema import schema_of

A = TypeVar("A")

QUEUED = "Queued: it is carried out at the next boundary, and its outcome is reported then."

_ARGUMENT = re.compile(r"^- `(?P<name>\w+)`: (?P<words>.+)$")


@frozen
class ToolOf(Generic[A]):
    """A tool over one class of arguments.

    Args:
        name: as the model calls it, and of the file with its words.
        arguments: a frozen dataclass with `__pydantic_config__ = STRICT`.
        work: does it; what it returns is redacted and governed afterwards.
        consequences: effects of a call; None for a tool without any. It is given no desk, so it is pure.
        aliases: other names.
        repeatable: running it again after a crash does no harm.
        parallel: it reads only.
    """

    name: str
    arguments: type[A]
    work: Callable[[A, Desk], ToolResult]
    consequences: Callable[[A], tuple[Effect, ...]] | None = None
    aliases: tuple[str, ...] = ()
    repeatable: bool = False
    parallel: bool = False

    @property
    def spec(self) -> ToolSpec:
        return _spec(self.name, self.arguments)

    def effects(self, arguments: JsonObject) -> tuple[Effect, ...]:
        if self.consequences is None:
            return ()
        return self.consequences(self._parsed(arguments))

    def run(self, arguments: JsonObject, desk: Desk) -> ToolResult:
        result = self.work(self._parsed(arguments), desk)
        text = governed(desk.redactor.text(result.text), desk, tool=self.name)
        return replace(result, text=text, data=desk.redactor.data(result.data))

    def _parsed(self, arguments: JsonObject) -> A:
        return parse(self.name, self.arguments, arguments, _words(self.name)[1])


@cache
def _spec(name: str, arguments: type) -> ToolSpec:
    description, words = _words(name)
    return ToolSpec(name=name, description=description, parameters=schema_of(arguments, words))


@cache
def _words(name: str) -> tuple[str, Mapping[str, str]]:
    """Return a tool's description and the words on each argument (lines such as "- `path`: where it lies")."""
    path = configs() / "prompts" / "tools" / f"{name}.md"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise Misconfigured(f"the tool {name} has no words: write {path} (CONTRIBUTING.md, “Add a tool”)") from None
    found = [_ARGUMENT.match(line) for line in lines]
    words = {one["name"]: one["words"] for one in found if one}
    return "\n".join(line for line, one in zip(lines, found, strict=True) if not one).strip(), words
