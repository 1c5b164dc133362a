"""`${NAME}` and `${NAME:-default}` in a file's values, filled in from the environment; never in keys."""

from __future__ import annotations

import re
from collections.abc import Mapping

from intern_action.core.errors import Misconfigured
from intern_action.core.frozen import frozen
from intern_action.settings.document import Document, Leaf, Written

_PLACE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<otherwise>:-(?P<default>[^{}]*))?\}")
STRANGERS_PREFIX = "INTERN_VAR_"
"""A repository's own file may use only variables that somebody named for it: any other could be a secret on its way out."""


def fill(document: Document, variables: Mapping[str, str], *, only: str = "") -> Document:
    """Return the document with every `${...}` in its values filled in.

    Args:
        document: as it was read.
        variables: name to value.
        only: when set, variables must begin with this prefix.

    Raises:
        Misconfigured: a variable that is not set and has no default, or may not be used here; names file and line.
    """
    values = {path: _filled(document.name, written, variables, only) for path, written in document.values.items()}
    return Document(name=document.name, values=values)


def _filled(name: str, written: Written, variables: Mapping[str, str], only: str) -> Written:
    place = _Place(where=f"{name}:{written.line}", variables=variables, only=only)
    value: Leaf = written.value
    match value:
        case str():
            value = place.text(value)
        case tuple():
            value = tuple(place.text(item) if isinstance(item, str) else item for item in value)
        case _:
            return written
    return Written(value=value, line=written.line)


@frozen
class _Place:
    """A line of a file, and what may be filled in there."""

    where: str
    variables: Mapping[str, str]
    only: str

    def text(self, text: str) -> str:
        """Return one value, filled in. What was filled in is not looked at again."""
        if "${" in _PLACE.sub("", text):
            raise Misconfigured(
                f"{self.where}: `{text}` has a `${{` that is no `${{NAME}}` or `${{NAME:-default}}`; correct it"
            )
        return _PLACE.sub(self._value, text)

    def _value(self, found: re.Match[str]) -> str:
        name, default = found["name"], found["default"]
        if not name.startswith(self.only):
            raise Misconfigured(
                f"{self.where}: a repository's file may not read ${{{name}}}, which could be a secret; "
                f"use a variable that begins with {self.only}"
            )
        value = self.variables.get(name, "")
        if value:
            return value
        if default is None:
            raise Misconfigured(f"{self.where}: {name} is not set; set it, or write `${{{name}:-default}}`")
        return default
