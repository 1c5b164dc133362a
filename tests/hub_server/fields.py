"""A JSON object with its types asked for: what a client sent, or what the store kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import cast

from .refusals import Refused


class Fields:
    """Read access to one JSON object; a field of another type than asked for is the Hub's 400."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self.values = values

    @classmethod
    def parse(cls, data: bytes) -> Fields:
        """Read an object; no data is an empty one."""
        if not data:
            return cls({})
        try:
            value: object = json.loads(data)
        except ValueError as error:
            raise Refused(400, f"Invalid JSON: {error}") from None
        if not isinstance(value, dict):
            raise Refused(400, "Invalid JSON: an object is wanted")
        return cls(cast("dict[str, object]", value))

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def text(self, name: str, otherwise: str | None = None) -> str:
        """Return a string; required unless there is another value."""
        value = self.values.get(name)
        if value is None and otherwise is not None:
            return otherwise
        if not isinstance(value, str):
            raise _wrong(name, "string", value)
        return value

    def number(self, name: str, otherwise: int | None = None) -> int:
        """Return a whole number; required unless there is another value."""
        value = self.values.get(name)
        if value is None and otherwise is not None:
            return otherwise
        if not isinstance(value, int) or isinstance(value, bool):
            raise _wrong(name, "number", value)
        return value

    def flag(self, name: str) -> bool:
        """Return whether the field is there and true."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, bool):
            raise _wrong(name, "boolean", value)
        return bool(value)

    def fields(self, name: str) -> Fields:
        """Return an object; one that is not there is empty."""
        value = self.values.get(name)
        if value is None:
            return Fields({})
        if not isinstance(value, dict):
            raise _wrong(name, "object", value)
        return Fields(cast("dict[str, object]", value))

    def each(self, name: str) -> list[Fields]:
        """Return a list of objects; one that is not there is empty."""
        found = [cast("dict[str, object]", one) for one in self._list(name) if isinstance(one, dict)]
        if len(found) != len(self._list(name)):
            raise _wrong(name, "list of objects", self.values.get(name))
        return [Fields(one) for one in found]

    def texts(self, name: str) -> list[str]:
        """Return a list of strings; one that is not there is empty."""
        found = [one for one in self._list(name) if isinstance(one, str)]
        if len(found) != len(self._list(name)):
            raise _wrong(name, "list of strings", self.values.get(name))
        return found

    def numbers(self, name: str) -> list[int]:
        """Return a list of whole numbers; one that is not there is empty."""
        found = [one for one in self._list(name) if isinstance(one, int)]
        if len(found) != len(self._list(name)):
            raise _wrong(name, "list of numbers", self.values.get(name))
        return found

    def pairs(self, name: str) -> dict[str, str]:
        """Return an object whose values are strings."""
        inner = self.fields(name)
        return {key: inner.text(key) for key in inner}

    def _list(self, name: str) -> list[object]:
        value = self.values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise _wrong(name, "list", value)
        return cast("list[object]", value)


def _wrong(name: str, wanted: str, value: object) -> Refused:
    got = "undefined" if value is None else type(value).__name__
    return Refused(400, f'"{name}" must be a {wanted}, received {got}')
