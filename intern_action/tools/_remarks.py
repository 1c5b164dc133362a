"""What is wrong with a data set: problems, with which nothing can be trained, and remarks, which people should know."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from intern_action.tools._tally import LONG_CHARS, LOOKED_AT, MOST_CLASSES, ColumnTally, Tally

_LONG_SHARE = 0.1
_LOPSIDED = 10
_FEWEST_CHARS = 20


def problems_of(tally: Tally) -> list[str]:
    """Return what makes a training impossible."""
    found = [f"split {split} is empty" for split, rows in tally.splits.items() if rows == 0]
    if not tally.columns:
        found.append("there is no row at all")
    for split, missing in tally.missing.items():
        if missing and tally.splits[split]:
            found.append(f"split {split} lacks the column {', '.join(sorted(missing))} that the splits before it have")
    return found


def remarks_of(tally: Tally) -> list[str]:
    """Return what a person should know before relying on the data."""
    found = [*_doubles(tally), *(remark for column in tally.columns.values() for remark in _of_column(column))]
    label = tally.label()
    if label is not None:
        found += _of_label(label)
    if any(rows > LOOKED_AT for rows in tally.splits.values()):
        found.append(f"only the first {LOOKED_AT:,} rows of each split were looked at; all were counted")
    return found


def class_counts(tally: Tally) -> Mapping[str, Mapping[str, int]]:
    """Return rows by class, by split, of the column that looks like classes; empty when none does."""
    label = tally.label()
    if label is None or len(label.seen) > MOST_CLASSES:
        return {}
    return {split: dict(counts.most_common()) for split, counts in label.classes.items()}


def _doubles(tally: Tally) -> list[str]:
    within, across = tally.doubles()
    found = [f"{count} rows of split {split} repeat another one" for split, count in within.items() if count]
    return found + [
        f"splits {one} and {other} have {count} texts in common: a result on {other} says too much"
        for (one, other), count in across.items()
        if count
    ]


def _of_column(column: ColumnTally) -> list[str]:
    found: list[str] = []
    if column.empty:
        found.append(f"column {column.name} is empty in {column.empty} of {column.rows} rows")
    if len(column.seen) == 1 and column.rows > 1:
        found.append(f"column {column.name} always says the same: {next(islice(column.values, 1))[:_FEWEST_CHARS]}")
    if column.long > _LONG_SHARE * column.rows:
        share = round(100 * column.long / column.rows)
        found.append(f"{share} % of column {column.name} are longer than {LONG_CHARS} characters: they may be cut")
    return found


def _of_label(label: ColumnTally) -> list[str]:
    counts = label.values.most_common()
    if len(label.seen) == 1:
        return [f"column {label.name} has one class only: there is nothing to tell apart"]
    found: list[str] = []
    if len(label.seen) <= MOST_CLASSES and counts[0][1] > _LOPSIDED * counts[-1][1]:
        found.append(
            f"class {counts[0][0][:40]} is {counts[0][1] // counts[-1][1]} times as frequent as {counts[-1][0][:40]}"
        )
    trained = set(label.classes.get("train", {}))
    for split, classes in label.classes.items():
        unseen = set(classes) - trained
        if trained and unseen and len(trained) <= MOST_CLASSES:
            found.append(f"split {split} has classes that train has not: {', '.join(sorted(unseen)[:5])}")
    return found
