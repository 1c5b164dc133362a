"""Decoded JSON of a provider, narrowed: what has another shape than expected counts as absent."""

from __future__ import annotations

from typing import cast

from intern_action.core.types import EMPTY, JsonObject


def as_object(value: object) -> JsonObject:
    """Return a JSON object, empty when `value` is something else."""
    return cast("JsonObject", value) if isinstance(value, dict) else EMPTY


def as_list(value: object) -> list[object]:
    """Return a JSON array, empty when `value` is something else."""
    return cast("list[object]", value) if isinstance(value, list) else []


def as_text(value: object) -> str:
    """Return a JSON string, "" when `value` is something else."""
    return value if isinstance(value, str) else ""


def as_count(value: object) -> int:
    """Return a number of tokens, 0 when `value` is no whole number."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
