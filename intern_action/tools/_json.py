"""Walks through decoded JSON and YAML of strangers: what is not there, or is something else, is empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from intern_action.core.types import EMPTY, JsonObject


def items(value: object) -> list[object]:
    """Return the items of a list, nothing for what is none."""
    return cast("list[object]", value) if isinstance(value, list) else []


def one_or_more(value: object) -> list[object]:
    """Return the items of a list; anything else is the only item."""
    return cast("list[object]", value) if isinstance(value, list) else [value]


def mapping(value: object) -> JsonObject:
    """Return an object, empty for what is none."""
    return cast("JsonObject", value) if isinstance(value, Mapping) else EMPTY


def mappings(value: object) -> list[JsonObject]:
    """Return the objects in a list."""
    return [cast("JsonObject", one) for one in items(value) if isinstance(one, Mapping)]


def texts(value: object) -> list[str]:
    """Return a list, the values of an object, or one value, as texts; nothing for None."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        return [str(one) for one in cast("JsonObject", value).values()]
    return [str(one) for one in one_or_more(value)]
