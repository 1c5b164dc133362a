"""Finds a piece of text as a model quotes it: blanks at line ends and curly quotes may differ, nothing else."""

from __future__ import annotations

import difflib
import re

from intern_action.core.frozen import frozen

_STRAIGHT = str.maketrans("\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00a0", "''''\"\"\"\" ")
_BLANKS_AT_END = re.compile(r"(?<![ \t\r])[ \t\r]++(?=\n|\Z)")  # tries each run of blanks once
_ALIKE = 0.6
_LOOKED_AT = 200
_MOST_LINES = 3000


@frozen
class Span:
    """Where a piece stands in a text: from `start` up to, not with, `end`."""

    start: int
    end: int


def spans_of(piece: str, text: str) -> list[Span]:
    """Return where the piece stands, exactly; if nowhere, where it stands but for blanks at line ends and curly quotes."""
    exact = _found(piece, text)
    if exact:
        return [Span(start=start, end=start + len(piece)) for start in exact]
    plain_piece, _ = _plain(piece)
    if not plain_piece.strip():
        return []
    plain_text, place = _plain(text)
    return [
        Span(start=place[start], end=place[start + len(plain_piece) - 1] + 1)
        for start in _found(plain_piece, plain_text)
    ]


def with_line_ends(new: str, text: str) -> str:
    """Return the new piece with the line ends of the text it goes into."""
    if "\r\n" not in text or "\r\n" in new:
        return new
    return new.replace("\n", "\r\n")


def line_of(text: str, at: int) -> int:
    """Return the line, from 1, of a position."""
    return text.count("\n", 0, at) + 1


def near_miss(piece: str, text: str) -> str:
    """Say where something like the piece's first line stands, if anywhere."""
    first = next((line.strip() for line in piece.splitlines() if line.strip()), "")
    lines = [line.strip()[:_LOOKED_AT] for line in text.splitlines()[:_MOST_LINES]]
    alike = difflib.get_close_matches(first[:_LOOKED_AT], lines, n=1, cutoff=_ALIKE)
    if not alike:
        return "Nothing in it is like it; read the file again."
    return f"The line most like its first one is {lines.index(alike[0]) + 1}: {alike[0]}"


def _found(piece: str, text: str) -> list[int]:
    starts: list[int] = []
    at = text.find(piece)
    while at >= 0:
        starts.append(at)
        at = text.find(piece, at + len(piece))
    return starts


def _plain(text: str) -> tuple[str, list[int]]:
    """Return the text with straight quotes and without blanks at line ends, and where each character came from."""
    straight = text.translate(_STRAIGHT)
    kept: list[int] = []
    at = 0
    for blanks in _BLANKS_AT_END.finditer(straight):
        kept += range(at, blanks.start())
        at = blanks.end()
    kept += range(at, len(straight))
    return "".join(straight[place] for place in kept), kept
