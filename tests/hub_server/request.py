"""What comes in and what goes out: a typed request, and an answer of bytes, of a stretch of a file, or of a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs

from .fields import Fields

if TYPE_CHECKING:
    from .accounts import Caller

MOST_IN_MEMORY = 256 * 1024 * 1024


class Body(Protocol):
    """The bytes of a request as they arrive; nothing is read before it is asked for."""

    def read(self, most: int = -1, /) -> bytes:
        """Return up to so many bytes; empty at the end."""
        ...


@dataclass(kw_only=True)
class Request:
    """One request, with its caller already known."""

    method: str
    path: str
    """Without the query, still quoted."""
    query_string: str
    headers: Mapping[str, str]
    """Names in lower case."""
    host: str
    stream: Body
    caller: Caller | None = None
    """None without a token; a token that nobody has never gets as far as a handler."""
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the route's pattern found, unquoted."""
    _read: bytes | None = None

    @property
    def body(self) -> bytes:
        """The whole body; for what is large, read `stream` piece by piece instead."""
        if self._read is None:
            self._read = self.stream.read(MOST_IN_MEMORY)
        return self._read

    @property
    def json(self) -> Fields:
        """The body as a JSON object."""
        return Fields.parse(self.body)

    @property
    def query(self) -> Mapping[str, list[str]]:
        """The query, each name with all its values."""
        return parse_qs(self.query_string, keep_blank_values=True)

    def asked(self, name: str, otherwise: str = "") -> str:
        """Return one value of the query."""
        return self.query.get(name, [otherwise])[0]

    def wishes(self, name: str) -> bool:
        """Return whether a flag of the query is on."""
        return self.asked(name).lower() in {"1", "true"}

    @property
    def kept(self) -> bytes:
        """What a handler has read into memory."""
        return self._read or b""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A part of a file."""

    path: Path
    start: int
    length: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One answer. An iterator goes out in chunks as they come, and is closed when the client has gone."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | Stretch | Iterator[bytes] = b""


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with a JSON value."""
    data = json.dumps(value, ensure_ascii=False).encode()
    return Answer(
        status=status, headers={"Content-Type": "application/json; charset=utf-8", **(headers or {})}, body=data
    )
