"""The journal's lines: an event becomes one line of JSON that carries the hash of the line before, and comes back the same.

A line is `{"seq":…,"at":"…Z","event":{"kind":…},"before":"…","hash":"…"}`: compact, ASCII, typed fields in the order the
types declare them, free JSON (arguments, a provider's thinking blocks) in the order it came. So a journal read again makes
the very same request bytes, and a line that is not exactly what we would write is refused.

Writing is plain code because it is on the way of every call. Reading goes through pydantic, strict on kinds and fields.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from intern_action.core.errors import Bug, NotAllowed
from intern_action.core.events import Entry, Event

if TYPE_CHECKING:
    from intern_action.trace._line import Line

DEEPEST = 64
"""Free JSON nested deeper than this is cut with a word: what cannot be read again must not be written."""

_ENCODER = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"), check_circular=False)
_TAIL = re.compile(rb',"hash":"([0-9a-f]{64})"\}')
_TAIL_BYTES = len(',"hash":""}') + 64


class BrokenJournal(NotAllowed):
    """A journal that cannot be trusted: a broken chain, a gap, an unknown kind or field. `line` counts from 1."""

    def __init__(self, message: str, *, line: int) -> None:
        super().__init__(f"line {line} of the journal {message}")
        self.line = line


# --- writing ---------------------------------------------------------------------------------------------------------


def chain(before: str, seq: int, at: datetime, event: Event) -> Entry:
    """Return the entry that follows the line with the hash `before` ("" for the first).

    Raises:
        Bug: the event holds what a journal cannot: a number that is not one in a typed field, a time without a zone.
    """
    body = _body(seq, at, event, before)
    return Entry(seq=seq, at=at, before=before, event=event, hash=_hash(body))


def line(entry: Entry) -> bytes:
    """Return the one way to write an entry, with its line end.

    Raises:
        BrokenJournal: the entry's hash is not the hash of what it says.
    """
    body = _body(entry.seq, entry.at, entry.event, entry.before)
    if _hash(body) != entry.hash:
        raise BrokenJournal("does not carry its own hash", line=entry.seq + 1)
    return finish(body, entry.hash)


def write(before: str, seq: int, at: datetime, event: Event) -> tuple[Entry, bytes]:
    """Return `chain(…)` and its `line(…)` for the price of one."""
    body = _body(seq, at, event, before)
    entry = Entry(seq=seq, at=at, before=before, event=event, hash=_hash(body))
    return entry, finish(body, entry.hash)


def dump(entries: Iterable[Entry]) -> bytes:
    """Return the lines of many entries."""
    return b"".join(line(entry) for entry in entries)


def finish(body: bytes, hash_hex: str) -> bytes:
    """Return the line whose hashed part is `body`."""
    return b'%b,"hash":"%b"}\n' % (body[:-1], hash_hex.encode())


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _body(seq: int, at: datetime, event: Event, before: str) -> bytes:
    value = {"seq": seq, "at": _time(at), "event": _event(event), "before": before}
    try:
        return _ENCODER.encode(value).encode()
    except ValueError as error:
        raise Bug(f"a {event.kind} event that JSON cannot hold: {error}") from error


def _event(event: Event) -> dict[str, object]:
    return {"kind": event.kind} | _typed(event)


def _time(at: datetime) -> str:
    if at.tzinfo is None:
        raise Bug("a time without a zone has no place in a journal")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.name != "kind")


def _typed(value: object) -> dict[str, object]:
    """Write a frozen type of ours, field by field."""
    return {name: _field(getattr(value, name)) for name in _names(type(value))}


def _field(value: object) -> object:
    match value:
        case str():
            return _text(value)
        case None | bool() | int() | float():
            return value  # a float that is no number is refused by the encoder
        case Decimal():
            return _money(value)
        case tuple():
            return [_field(item) for item in cast("tuple[object, ...]", value)]
        case dict() | list() | Mapping():
            return _free(cast("object", value), 1)
        case _:
            return _typed(value)


def _money(value: Decimal) -> str:
    if not value.is_finite():
        raise Bug(f"{value} is no amount of money")
    return format(value, "f")


def _text(text: str) -> str:
    """Return a string without halves of surrogate pairs: no reader takes those back."""
    if isinstance(text, Enum):
        return str(text.value)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _free(value: object, depth: int) -> object:
    """Write JSON of unknown shape; what JSON lacks becomes a word."""
    match value:
        case str():
            return _text(value)
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Decimal():
            return str(value)
        case datetime():
            return value.isoformat()
        case _ if depth > DEEPEST:
            return f"(nested deeper than {DEEPEST} levels)"
        case Mapping():
            items = cast("Mapping[object, object]", value).items()
            return {_text(str(key)): _free(item, depth + 1) for key, item in items}
        case Sequence() | set() | frozenset():
            return [_free(item, depth + 1) for item in cast("Iterable[object]", value)]
        case _:
            raise Bug(f"{type(value).__name__} has no place in a journal")


# --- reading ---------------------------------------------------------------------------------------------------------


def verify(lines: Iterable[bytes], *, before: str = "", seq: int | None = 0) -> tuple[Entry, ...]:
    """Return the entries of whole lines, oldest first, each one checked.

    Args:
        lines: each with or without its line end.
        before: hash that the first line must follow, "" for the beginning of a journal.
        seq: number of the first line; None takes the one it has (a segment whose head is known by hash only).

    Raises:
        BrokenJournal: names the first line that is not what we would have written, or not in its place.
    """
    entries: list[Entry] = []
    for number, raw in enumerate(lines, start=1):
        entry = _entry(raw.removesuffix(b"\n"), number)
        expected = entry.seq if seq is None else seq
        if entry.before != before:
            raise BrokenJournal("does not follow the line before it: the chain of hashes is broken", line=number)
        if entry.seq != expected:
            raise BrokenJournal(f"has the number {entry.seq} where {expected} belongs: a line is missing", line=number)
        before, seq = entry.hash, expected + 1
        entries.append(entry)
    return tuple(entries)


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the whole lines, and the torn rest that a killed writer or a full disk left behind (b"" mostly)."""
    *whole, rest = data.split(b"\n")
    return whole, rest


def read(path: Path | str, *, before: str = "", seq: int | None = 0) -> tuple[tuple[Entry, ...], bool]:
    """Return the entries of a journal file and whether its last line is torn. Nothing is changed, nothing is locked.

    Raises:
        BrokenJournal: as `verify`; a torn last line alone is no reason.
        OSError: the file cannot be read.
    """
    whole, rest = split(Path(path).read_bytes())
    return verify(whole, before=before, seq=seq), rest != b""


def _entry(raw: bytes, number: int) -> Entry:
    tail = _TAIL.fullmatch(raw, max(0, len(raw) - _TAIL_BYTES))
    if tail is None:
        raise BrokenJournal("is not a whole line: it does not end with its hash", line=number)
    body, said = raw[:-_TAIL_BYTES] + b"}", tail[1].decode()
    if _hash(body) != said:
        raise BrokenJournal("was changed after it was written: its hash is another one", line=number)
    parsed = _parse(raw, number)
    entry = Entry(seq=parsed.seq, at=parsed.at, before=parsed.before, event=parsed.event, hash=said)
    if _body(entry.seq, entry.at, entry.event, entry.before) != body:
        raise BrokenJournal("is not written the way this version writes it", line=number)
    return entry


def _parse(raw: bytes, number: int) -> Line:
    from pydantic import ValidationError

    from intern_action.trace._line import Line

    try:
        return Line.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the line"
        raise BrokenJournal(f"cannot be read: {where}: {first['msg']}", line=number) from None
