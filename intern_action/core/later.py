"""Fields that came later: while such a field has its default it is not written, so lines from before it come out the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass

from intern_action.core.errors import Bug

LATER: Mapping[str, bool] = {"later": True}
"""Metadata of such a field: `field(default=…, metadata=LATER)`."""


def written(value: object) -> dict[str, object]:
    """Return the fields of one of our types that stand in its canonical form, by name."""
    if not is_dataclass(value):
        raise Bug(f"{type(value).__name__} has no fields to write")
    return {field.name: getattr(value, field.name) for field in fields(value) if not _unsaid(field, value)}


def _unsaid(field: Field[object], value: object) -> bool:
    return "later" in field.metadata and getattr(value, field.name) == field.default
