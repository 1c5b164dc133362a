"""Counts what the rows of a data set hold, column by column and split by split, in bounded memory."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from intern_action.core.types import ColumnFacts, JsonObject

LOOKED_AT = 100_000
"""Rows of each split whose values are looked at; the others are only counted."""

LONG_CHARS = 2000
"""About 500 tokens: what an encoder reads at most."""

MOST_CLASSES = 200
_MOST_VALUES = 2000
_TOP = 5
_CLIP = 60
_SAMPLES = 3
_SAMPLE_CLIP = 200


@dataclass(slots=True, kw_only=True)
class ColumnTally:
    """One column over all splits."""

    name: str
    typed: bool
    kinds: Counter[str] = field(default_factory=Counter[str])
    values: Counter[str] = field(default_factory=Counter[str])
    classes: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    seen: set[int] = field(default_factory=set[int])
    rows: int = 0
    empty: int = 0
    chars: int = 0
    long: int = 0

    def take(self, value: object, split: str) -> None:
        """Count one value. In files without types (`typed` is False) a text that is a number counts as one."""
        self.rows += 1
        if value is None or value == "" or (isinstance(value, str) and not value.strip()):
            self.empty += 1
            return
        text = value if isinstance(value, str) else str(value)
        self.kinds[_kind(value) if self.typed else _kind_in_text(text)] += 1
        self.chars += len(text)
        self.long += len(text) > LONG_CHARS
        self.seen.add(hash(text))
        if len(self.values) < _MOST_VALUES or text in self.values:
            self.values[text] += 1
        classes = self.classes.setdefault(split, Counter())
        if len(classes) <= MOST_CLASSES:
            classes[text] += 1

    @property
    def kind(self) -> str:
        """The one kind of its values; float when there are also int, object when they are mixed otherwise."""
        kinds = set(self.kinds)
        if len(kinds) == 1:
            return next(iter(kinds))
        if not kinds:
            return "empty"
        if not self.typed:
            return "float" if kinds == {"int", "float"} else "string"
        return "float" if kinds == {"int", "float"} else "object"

    @property
    def mean_chars(self) -> float:
        """How long its values are as text, on average."""
        full = self.rows - self.empty
        return round(self.chars / full, 1) if full else 0.0

    def facts(self, names: Sequence[str]) -> ColumnFacts:
        """Return the facts; `names` are those of its classes, where the data set gives them."""
        top = [_name(value, names) for value, _ in self.values.most_common(_TOP)]
        return ColumnFacts(
            name=self.name,
            kind="class" if names and self.kind == "int" else self.kind,
            distinct=len(self.seen),
            empty=self.empty,
            mean_chars=self.mean_chars,
            top_values=tuple(value[:_CLIP] for value in top),
        )


@dataclass(slots=True, kw_only=True)
class Tally:
    """All rows of a data set.

    Args:
        typed: the files have types (all but csv, tsv and txt).
    """

    typed: bool
    splits: dict[str, int] = field(default_factory=dict[str, int])
    columns: dict[str, ColumnTally] = field(default_factory=dict[str, ColumnTally])
    missing: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    texts: dict[str, Counter[bytes]] = field(default_factory=dict[str, Counter[bytes]])
    samples: list[JsonObject] = field(default_factory=list[JsonObject])

    def begin(self, split: str) -> None:
        """Begin a split, which may turn out to have no rows."""
        self.splits[split] = 0
        self.texts[split] = Counter()
        self.missing[split] = set(self.columns)

    def take(self, row: JsonObject, split: str) -> None:
        """Count one row."""
        self.splits[split] += 1
        if self.splits[split] > LOOKED_AT:
            return
        for name, value in row.items():
            self.columns.setdefault(name, ColumnTally(name=name, typed=self.typed)).take(value, split)
        self.missing[split].difference_update(row)
        self.texts[split][_fingerprint(row)] += 1
        if len(self.samples) < _SAMPLES:
            self.samples.append({name: _clipped(value) for name, value in row.items()})

    def label(self) -> ColumnTally | None:
        """Return the column that looks most like classes: by name, else the only one with few short values."""
        by_name = [self.columns[name] for name in self.columns if name.lower() in _LABEL_NAMES]
        few = [one for one in self.columns.values() if 1 <= len(one.seen) <= _FEW and one.mean_chars < _SHORT]
        return by_name[0] if by_name else few[0] if len(few) == 1 else None

    def doubles(self) -> tuple[Mapping[str, int], Mapping[tuple[str, str], int]]:
        """Return how many rows repeat an earlier one of their split, and how many texts two splits have in common."""
        within = {split: sum(found.values()) - len(found) for split, found in self.texts.items()}
        names = list(self.texts)
        pairs = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
        return within, {pair: len(self.texts[pair[0]].keys() & self.texts[pair[1]].keys()) for pair in pairs}


_LABEL_NAMES = frozenset({"label", "labels", "class", "category", "target", "intent", "sentiment"})
_FEW, _SHORT = 20, 40


def _fingerprint(row: JsonObject) -> bytes:
    """Return what makes a row the same as another: its longest text in lower case, else all of its values."""
    texts = [value for value in row.values() if isinstance(value, str)]
    longest = max(texts, key=len, default="")
    whole = (
        " ".join(longest.lower().split())
        if len(longest) >= _SHORT
        else repr(sorted(row.items(), key=lambda one: one[0]))
    )
    return hashlib.blake2b(whole.encode(errors="replace"), digest_size=8).digest()


def _kind(value: object) -> str:
    match value:
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float"
        case str():
            return "string"
        case list() | tuple():
            return "list"
        case _:
            return "object"


def _kind_in_text(text: str) -> str:
    try:
        return "int" if str(int(text)) == text.strip() else "string"
    except ValueError:
        pass
    try:
        float(text)
    except ValueError:
        return "string"
    return "float" if any(digit.isdigit() for digit in text) else "string"


def _name(value: str, names: Sequence[str]) -> str:
    return names[int(value)] if value.isdigit() and int(value) < len(names) else value


def _clipped(value: object) -> object:
    if isinstance(value, (int, float)) or value is None:
        return value
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= _SAMPLE_CLIP else f"{text[:_SAMPLE_CLIP]} [...]"
