"""Which column holds the texts and which the classes, found by what they are."""

from __future__ import annotations

from intern_action.core.types import ColumnFacts, DatasetFacts
from intern_action.recipes.text_classification.wishes import Choices

LABEL_NAMES = ("label", "labels", "class", "category", "target", "intent", "sentiment")
MOST_CLASSES = 200
_LABEL_KINDS = frozenset({"string", "int", "bool", "class"})


class NoColumn(Exception):
    """A column is missing or holds something else. The message says which ones there are."""


def chosen(data: DatasetFacts, choices: Choices) -> tuple[ColumnFacts, ColumnFacts]:
    """Return the text column and the label column.

    Raises:
        NoColumn: with the exact thing to change.
    """
    label = _label(data, choices.get("label-column", ""))
    return _text(data, choices.get("text-column", ""), label), label


def _label(data: DatasetFacts, wanted: str) -> ColumnFacts:
    """Return the column of classes: as said, else by name, else the one column that could be it."""
    if wanted:
        return _good_label(_named(data, wanted, "label"), data)
    by_name = [column for name in LABEL_NAMES for column in data.columns if column.name.lower() == name]
    if by_name:
        return _good_label(by_name[0], data)
    could_be = [column for column in data.columns if _could_be_label(column)]
    if len(could_be) != 1:
        raise NoColumn(f"none of the columns {_names(data)} is clearly the class: say `with label=COLUMN`")
    return could_be[0]


def _text(data: DatasetFacts, wanted: str, label: ColumnFacts) -> ColumnFacts:
    """Return the column of texts: as said, else the one with the longest."""
    if wanted:
        column = _named(data, wanted, "text")
        if column.kind != "string":
            raise NoColumn(f"column {wanted!r} holds {column.kind} values, not texts: say `with text=COLUMN`")
        return column
    texts = [column for column in data.columns if column.kind == "string" and column.name != label.name]
    if not texts:
        raise NoColumn(f"none of the columns {_names(data)} holds texts beside the classes in {label.name!r}")
    return max(texts, key=lambda column: column.mean_chars)


def _good_label(column: ColumnFacts, data: DatasetFacts) -> ColumnFacts:
    """Return the column if a model can learn its values as classes."""
    if column.kind not in _LABEL_KINDS:
        raise NoColumn(f"column {column.name!r} holds {column.kind} values, not classes: say `with label=COLUMN`")
    if column.distinct == 1:
        only = f" ({column.top_values[0]})" if column.top_values else ""
        raise NoColumn(f"column {column.name!r} holds one class only{only}: there is nothing to tell apart")
    rows = sum(data.splits.values())
    if column.distinct > min(MOST_CLASSES, rows // 2):
        values = f"column {column.name!r} has {column.distinct} values in {rows} rows"
        raise NoColumn(f"{values}, so it holds no classes: say `with label=COLUMN`")
    return column


def _could_be_label(column: ColumnFacts) -> bool:
    """Whether a column without a telling name looks like classes: few values, short ones."""
    return column.kind in _LABEL_KINDS and 1 < column.distinct <= 20 and column.mean_chars < 40  # noqa: PLR2004  # a guess


def _named(data: DatasetFacts, name: str, role: str) -> ColumnFacts:
    """Return a column by its name."""
    found = next((column for column in data.columns if column.name == name), None)
    if found is None:
        raise NoColumn(f"there is no column {name!r}, only {_names(data)}: say `with {role}=COLUMN`")
    return found


def _names(data: DatasetFacts) -> str:
    return ", ".join(column.name for column in data.columns)
