"""Reads parquet files with DuckDB and arrow files with nanoarrow; what is used of each is written down here as a type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from typing import BinaryIO, Protocol, cast

from intern_action.core.types import JsonObject

_BATCH = 1000
_FOOTED = b"ARROW1"
"""How a file with a footer begins; a stream begins otherwise."""
_BEFORE_THE_STREAM = 8
"""Bytes of such a file; the same stream follows, and the footer behind its end is not needed."""

_ALONE: Mapping[str, str | int | bool] = {
    "threads": 1,
    "memory_limit": "512MB",
    "temp_directory": "",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
}
"""It reads the one file it is handed: no spill to a disk, nothing fetched, no variable of ours taken for a table."""


class _Cursor(Protocol):
    description: Sequence[tuple[str, *tuple[object, ...]]]

    def fetchmany(self, size: int) -> list[tuple[object, ...]]: ...

    def fetchall(self) -> list[tuple[int]]: ...


class _Connection(AbstractContextManager["_Connection"], Protocol):
    def execute(self, query: str, parameters: Sequence[str]) -> _Cursor: ...


class _DuckDb(Protocol):
    Error: type[Exception]

    def connect(self, database: str, *, config: Mapping[str, str | int | bool]) -> _Connection: ...


class _Batch(Protocol):
    def iter_py(self) -> Iterator[JsonObject]: ...


class _Stream(Protocol):
    def __enter__(self) -> Iterator[_Batch]: ...

    def __exit__(self, *_: object) -> None: ...


class _ArrayStream(Protocol):
    def from_readable(self, source: BinaryIO) -> _Stream: ...


class _NanoArrow(Protocol):
    ArrayStream: _ArrayStream


def parquet_rows(file: BinaryIO) -> Iterator[JsonObject]:
    """Yield the rows of a parquet file, a thousand at a time.

    Raises:
        ValueError: it is none, or is damaged.
    """
    duckdb = _duckdb()
    try:
        with duckdb.connect(":memory:", config=_ALONE) as connection:
            found = connection.execute("SELECT * FROM read_parquet(?)", [_handed(file)])
            names = [column[0] for column in found.description]
            while rows := found.fetchmany(_BATCH):
                yield from (dict(zip(names, row, strict=True)) for row in rows)
    except duckdb.Error as error:
        raise ValueError(_said(error, file)) from None


def parquet_count(file: BinaryIO) -> int:
    """Return how many rows a parquet file says it has, without reading them."""
    duckdb = _duckdb()
    try:
        with duckdb.connect(":memory:", config=_ALONE) as connection:
            [(count,)] = connection.execute("SELECT num_rows FROM parquet_file_metadata(?)", [_handed(file)]).fetchall()
    except duckdb.Error as error:
        raise ValueError(_said(error, file)) from None
    return count


def arrow_rows(file: BinaryIO) -> Iterator[JsonObject]:
    """Yield the rows of an arrow file: a stream, as `datasets` writes it, or a file with a footer.

    Raises:
        ValueError: it is neither, or a column has a type that is not read here (a map).
    """
    start = file.read(len(_FOOTED))
    file.seek(_BEFORE_THE_STREAM if start == _FOOTED else 0)
    try:
        with _nanoarrow().ArrayStream.from_readable(file) as stream:
            for batch in stream:
                yield from batch.iter_py()
    except (
        RuntimeError,
        KeyError,
        NotImplementedError,
    ) as error:  # nanoarrow's: no arrow, an unknown type, one it lacks
        raise ValueError(str(error.args[0] if error.args else error)) from None


def _handed(file: BinaryIO) -> str:
    """Return the open file as a path: it is not looked up by its name a second time."""
    return f"/dev/fd/{file.fileno()}"


def _said(error: Exception, file: BinaryIO) -> str:
    return str(error).partition("\n")[0].replace(_handed(file), "the file")


def _duckdb() -> _DuckDb:
    return cast("_DuckDb", cast("object", import_module("duckdb")))


def _nanoarrow() -> _NanoArrow:
    return cast("_NanoArrow", cast("object", import_module("nanoarrow")))
