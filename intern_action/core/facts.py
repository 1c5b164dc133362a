"""Model and data set facts as JSON, there and back: what tools journal and the planner reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TypeVar, cast

from intern_action.core.digests import plain
from intern_action.core.errors import Bug
from intern_action.core.types import ColumnFacts, DatasetFacts, JsonObject, ModelFacts

T = TypeVar("T")


def model_facts_json(facts: ModelFacts) -> JsonObject:
    """Return the facts of a model as plain JSON; decimals are texts."""
    return cast("JsonObject", plain(facts))


def model_facts_from_json(data: JsonObject) -> ModelFacts:
    """Return the facts that `model_facts_json` wrote; other keys are left alone.

    Raises:
        Bug: a fact is missing or of another type.
    """
    memory = _object(data, "memory_gb")
    return ModelFacts(
        id=_text(data, "id"),
        revision=_text(data, "revision"),
        path=_text(data, "path"),
        architecture=_text(data, "architecture"),
        task=_text(data, "task"),
        parameters=_whole(data, "parameters"),
        licence=_text(data, "licence"),
        gated=_of(data, "gated", bool),
        max_length=_whole(data, "max_length"),
        memory_gb={method: _decimal(memory, method) for method in memory},
        problems=_texts(data, "problems"),
    )


def dataset_facts_json(facts: DatasetFacts) -> JsonObject:
    """Return the facts of a data set as plain JSON."""
    return cast("JsonObject", plain(facts))


def dataset_facts_from_json(data: JsonObject) -> DatasetFacts:
    """Return the facts that `dataset_facts_json` wrote; other keys are left alone.

    Raises:
        Bug: a fact is missing or of another type.
    """
    splits = _object(data, "splits")
    return DatasetFacts(
        id=_text(data, "id"),
        revision=_text(data, "revision"),
        path=_text(data, "path"),
        splits={name: _whole(splits, name) for name in splits},
        columns=tuple(_column(one) for one in cast("Sequence[JsonObject]", _of(data, "columns", Sequence))),
        licence=_text(data, "licence"),
        problems=_texts(data, "problems"),
    )


def _column(data: JsonObject) -> ColumnFacts:
    mean = data.get("mean_chars")
    if not isinstance(mean, (int, float)):
        raise Bug(f"mean_chars of a column is {mean!r}, not a number")
    return ColumnFacts(
        name=_text(data, "name"),
        kind=_text(data, "kind"),
        distinct=_whole(data, "distinct"),
        empty=_whole(data, "empty"),
        mean_chars=float(mean),
        top_values=_texts(data, "top_values"),
    )


def _of(data: JsonObject, name: str, kind: type[T]) -> T:
    value = data.get(name)
    if not isinstance(value, kind):
        raise Bug(f"the fact {name} is {value!r}, not {kind.__name__}")
    return value


def _text(data: JsonObject, name: str) -> str:
    return _of(data, name, str)


def _whole(data: JsonObject, name: str) -> int:
    return _of(data, name, int)


def _object(data: JsonObject, name: str) -> JsonObject:
    return cast("JsonObject", _of(data, name, Mapping))


def _texts(data: JsonObject, name: str) -> tuple[str, ...]:
    return tuple(str(one) for one in cast("Sequence[object]", _of(data, name, Sequence)))


def _decimal(data: JsonObject, name: str) -> Decimal:
    try:
        return Decimal(_text(data, name))
    except InvalidOperation:
        raise Bug(f"the fact {name} is {data[name]!r}, not a number") from None
