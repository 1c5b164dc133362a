"""The rows of a data file, one after the other, with bounded memory: csv, tsv, json, jsonl, txt (also .gz), parquet, arrow."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator, Mapping
from typing import BinaryIO, cast

from intern_action.core.errors import ToolFailed
from intern_action.core.types import JsonObject
from intern_action.tools._arrow import arrow_rows, parquet_rows
from intern_action.tools._folder import Folder
from intern_action.tools._json import items, mapping, one_or_more
from intern_action.tools._splits import bare

_LONGEST_LINE = 32 << 20
_LARGEST_JSON = 256 << 20
_MOST_BYTES = 8 << 30
"""Of one file; a packed file of a few megabytes can hold terabytes of nothing."""


def rows_of(folder: Folder, name: str) -> Iterator[JsonObject]:
    """Yield the rows of one file.

    Raises:
        ToolFailed: it is not there or is not what its name says; the message has the line.
    """
    try:
        with folder.open(name) as raw:
            yield from _rows(raw, name)
    except (OSError, EOFError) as error:
        raise ToolFailed(f"{name} of {folder.id} cannot be read: {error}") from None
    except (ValueError, RecursionError, csv.Error) as error:
        raise ToolFailed(f"{name} of {folder.id} is not what its name says: {error}") from None


def _rows(raw: BinaryIO, name: str) -> Iterator[JsonObject]:
    file = cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if name.endswith(".gz") else raw
    match bare(name):
        case ".csv":
            yield from _table(file, ",")
        case ".tsv":
            yield from _table(file, "\t")
        case ".jsonl" | ".ndjson":
            yield from _json_lines(file)
        case ".json":
            yield from _json(file)
        case ".txt":
            for line in _lines(file):
                yield {"text": line.rstrip("\r\n")}
        case ".parquet":
            yield from parquet_rows(file)
        case ".arrow":
            yield from arrow_rows(file)
        case other:
            raise ToolFailed(f"{name}: files that end in {other!r} are not read here")


def _table(file: BinaryIO, delimiter: str) -> Iterator[JsonObject]:
    csv.field_size_limit(_LONGEST_LINE)
    reader = csv.DictReader(_lines(file), delimiter=delimiter, strict=True)
    for row in reader:
        if None in row:
            raise ValueError(f"line {reader.line_num} has more fields than the first line names")
        yield cast("JsonObject", row)


def _json_lines(file: BinaryIO) -> Iterator[JsonObject]:
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        try:
            row: object = json.loads(line)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
        if not isinstance(row, Mapping):
            raise ValueError(f"line {number} is no JSON object")  # noqa: TRY004  # the file's fault, not a type of ours
        yield cast("JsonObject", row)


def _json(file: BinaryIO) -> Iterator[JsonObject]:
    """Read a list of rows, or an object with one (`data`), or lines after all."""
    text = file.read(_LARGEST_JSON + 1)
    if len(text) > _LARGEST_JSON:
        raise ValueError(f"more than {_LARGEST_JSON >> 20} MB in one JSON value; write one row a line (.jsonl)")
    try:
        value: object = json.loads(text)
    except ValueError:
        yield from _json_lines(io.BytesIO(text))
        return
    for row in _list_in(value):
        if not isinstance(row, Mapping):
            raise ValueError("its list does not hold JSON objects")  # noqa: TRY004  # the file's fault, not a type of ours
        yield cast("JsonObject", row)


def _list_in(value: object) -> list[object]:
    """Return a list of rows: the value itself, or the only list in an object, or the object as its only row."""
    lists = [found for one in mapping(value).values() if (found := items(one))]
    return lists[0] if len(lists) == 1 else one_or_more(value)


def _lines(file: BinaryIO) -> Iterator[str]:
    """Yield lines with their ends; a line that is too long is the file's fault, not our memory's."""
    first, taken = True, 0
    while line := file.readline(_LONGEST_LINE):
        taken += len(line)
        if len(line) == _LONGEST_LINE:
            raise ValueError(f"a line is longer than {_LONGEST_LINE >> 20} MB")
        if taken > _MOST_BYTES:
            raise ValueError(
                f"more than {_MOST_BYTES >> 30} GB when unpacked; write it as parquet, or in several files"
            )
        yield line.decode("utf-8-sig" if first else "utf-8")
        first = False
