"""`intern-action config`: each setting, its value and where it came from; secrets masked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import cast

from pydantic import BaseModel, SecretStr

from intern_action.core.durations import duration_words
from intern_action.settings.load import Loaded

MASK = "********"
_PASSWORD_IN_ADDRESS = re.compile(r"(?<=://)[^/@\s]+(?=@)")


def render(loaded: Loaded) -> str:
    """Return an aligned table of all settings, then the notes."""
    rows = [(path, _shown(value), loaded.origins.get(path, "")) for path, value in _leaves(loaded.settings, "")]
    key_width = max(len(path) for path, _, _ in rows)
    value_width = max(len(value) for _, value, _ in rows)
    table = [f"{path:<{key_width}}  {value:<{value_width}}  {origin}".rstrip() for path, value, origin in rows]
    return "\n".join([*table, *(f"note: {note}" for note in loaded.notes)])


def _leaves(section: BaseModel, above: str) -> Iterator[tuple[str, object]]:
    for name in type(section).model_fields:
        value: object = getattr(section, name)
        path = f"{above}{name}"
        match value:
            case BaseModel():
                yield from _leaves(value, f"{path}.")
            case Mapping():
                yield from _items(cast("Mapping[str, object]", value), path)
            case _:
                yield path, value


def _items(items: Mapping[str, object], above: str) -> Iterator[tuple[str, object]]:
    for key in sorted(items):
        item, path = items[key], f"{above}.{key}"
        if isinstance(item, BaseModel):
            yield from _leaves(item, f"{path}.")
        else:
            yield path, item


def _shown(value: object) -> str:
    """Return a value as people would write it, on one line."""
    match value:
        case SecretStr():
            return MASK
        case None:
            return "-"
        case bool():
            return str(value).lower()
        case timedelta():
            return duration_words(value)
        case Decimal():
            return f"${value}"
        case tuple():
            return ", ".join(_shown(item) for item in cast("tuple[object, ...]", value)) or "-"
        case _:
            return " ".join(_PASSWORD_IN_ADDRESS.sub(MASK, str(value)).split()) or "-"
