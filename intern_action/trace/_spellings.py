"""How a known secret may be written: as it is, encoded, quoted, wrapped, backwards."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

SHORTEST = 6
SHORTEST_LINE = 12
_WRAPS_BYTES = (57, 48)
"""What `base64` (76 columns) and `openssl base64` (64 columns) put on one line."""
_HEX_WRAP_BYTES = 30


def spellings(value: str) -> frozenset[str]:
    """Return every usual way to write a secret; nothing for one under six characters."""
    value = value.strip()
    if len(value) < SHORTEST:
        return frozenset()
    return frozenset(form for form in _all(value) if len(form) >= SHORTEST)


def _all(value: str) -> Iterator[str]:
    raw = value.encode("utf-8", "surrogatepass")
    yield from (value, value[::-1])
    yield from (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1])
    yield from _in_addresses(value)
    yield from _in_hex(raw)
    yield from _in_base64(raw)
    lines = value.splitlines()
    if len(lines) > 1:
        yield from (line.strip() for line in lines if len(line.strip()) >= SHORTEST_LINE)


def _in_addresses(value: str) -> Iterator[str]:
    for encoded in (
        quote(value, safe="", errors="replace"),
        quote_plus(value, errors="replace"),
        quote(value, errors="replace"),
    ):
        yield encoded
        yield encoded.replace("%", "\0").lower().replace("\0", "%") if encoded.islower() else _lower_escapes(encoded)


def _lower_escapes(encoded: str) -> str:
    head, *rest = encoded.split("%")
    return head + "".join(f"%{part[:2].lower()}{part[2:]}" for part in rest)


def _in_hex(raw: bytes) -> Iterator[str]:
    for piece in (raw, *_pieces(raw, _HEX_WRAP_BYTES)):
        yield piece.hex()
        yield piece.hex().upper()


def _in_base64(raw: bytes) -> Iterator[str]:
    for piece in (raw, *(piece for wrap in _WRAPS_BYTES for piece in _pieces(raw, wrap))):
        for shift in range(3):
            yield from _shifted(piece, shift)


def _shifted(raw: bytes, shift: int) -> Iterator[str]:
    """Write the bytes as they look inside of a longer base64 text, `shift` bytes after a boundary: the sure letters only."""
    first = (shift * 8 + 5) // 6
    last = (shift + len(raw)) * 8 // 6
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(bytes(shift) + raw).decode()[first:last]


def _pieces(raw: bytes, size: int) -> Iterator[bytes]:
    """Cut what is longer than a line into the lines it is wrapped to; a rest too short to tell is left out."""
    if len(raw) > size:
        yield from (piece for start in range(0, len(raw), size) if len(piece := raw[start : start + size]) >= SHORTEST)
