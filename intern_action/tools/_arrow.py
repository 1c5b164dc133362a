"""Reads parquet and arrow files. The library has no types of its own, so what is used of it is written down here."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import BinaryIO, Protocol, cast

from intern_action.core.types import JsonObject

_BATCH = 1000
_FOOTED = b"ARROW1"
"""How a file with a footer begins; a stream begins otherwise."""


class _Batch(Protocol):
    def to_pylist(self) -> list[JsonObject]: ...


class _About(Protocol):
    num_rows: int


class _ParquetFile(Protocol):
    metadata: _About

    def iter_batches(self, batch_size: int) -> Iterator[_Batch]: ...


class _Parquet(Protocol):
    def ParquetFile(self, source: BinaryIO) -> _ParquetFile: ...  # noqa: N802  # the library's own name


class _Footed(Protocol):
    num_record_batches: int

    def get_batch(self, number: int) -> _Batch: ...


class _Ipc(Protocol):
    def open_file(self, source: BinaryIO) -> _Footed: ...

    def open_stream(self, source: BinaryIO) -> Iterator[_Batch]: ...


def parquet_rows(file: BinaryIO) -> Iterator[JsonObject]:
    """Yield the rows of a parquet file."""
    for batch in _parquet().ParquetFile(file).iter_batches(batch_size=_BATCH):
        yield from batch.to_pylist()


def parquet_count(file: BinaryIO) -> int:
    """Return how many rows a parquet file says it has, without reading them."""
    return _parquet().ParquetFile(file).metadata.num_rows


def arrow_rows(file: BinaryIO) -> Iterator[JsonObject]:
    """Yield the rows of an arrow file: a stream, as `datasets` writes it, or a file with a footer."""
    ipc = cast("_Ipc", cast("object", import_module("pyarrow.ipc")))
    start = file.read(len(_FOOTED))
    file.seek(0)
    if start != _FOOTED:
        for batch in ipc.open_stream(file):
            yield from batch.to_pylist()
        return
    footed = ipc.open_file(file)
    for number in range(footed.num_record_batches):
        yield from footed.get_batch(number).to_pylist()


def _parquet() -> _Parquet:
    return cast("_Parquet", cast("object", import_module("pyarrow.parquet")))
