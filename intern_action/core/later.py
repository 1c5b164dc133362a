"""Fields that came later: while such a field has its default it is not written, so lines from before it come out the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

LATER: Mapping[str, bool] = {"later": True}
"""Metadata of such a field."""


def written(value: DataclassInstance) -> dict[str, object]:
    """Return the fields of one of our types that stand in its canonical form, by name."""
    return {field.name: getattr(value, field.name) for field in fields(value) if not _unsaid(field, value)}


def _unsaid(field: Field[object], value: DataclassInstance) -> bool:
    return "later" in field.metadata and getattr(value, field.name) == field.default
