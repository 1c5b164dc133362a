"""The governor: no answer is longer than a model should read; the rest lies in a file it can open.

Head and tail are shown, and what an error says where one stands in between: a traceback in the middle of a log, followed by
thousands of lines of the launcher that noticed it last, is what most failed trainings look like.
"""

from __future__ import annotations

import hashlib

from intern_action.core.errors import ToolFailed
from intern_action.core.ports import Desk
from intern_action.shell.beneath import Beneath

SPILLS = "spill"
"""Folder under the scratch folder for what was too long."""

_TAIL_PART = 3
"""One third of what is shown is the end: errors stand there."""


_ERROR_PART = 4
"""A quarter of what is shown may be what an error in the middle says."""

_LINES_BEFORE_CHARS = 300
"""What stands before an error says what was being done."""

_ERRORS = (
    "Traceback (most recent call last)",
    "CUDA out of memory",
    "OutOfMemoryError",
    "out of memory",
    "Out of memory",
    "Error: ",
    "Exception: ",
    "ERROR",
    "error: ",
    "fatal: ",
    "FAILED",
    "Segmentation fault",
    "Killed",
)
"""What begins an error, the most telling first. Plain words: finding them costs nothing beside reading the text."""


def govern(text: str, *, limit: int, whole: str) -> str:
    """Return at most about `limit` characters: head and tail, and an error that stands between, with lines that say what is gone.

    Args:
        text: the whole.
        limit: characters of text that are shown; the lines between come on top.
        whole: where the whole text can be read.
    """
    if len(text) <= limit:
        return text
    tail = limit // _TAIL_PART
    head = limit - tail
    place = _error(text, head, len(text) - tail)
    room = limit // _ERROR_PART if place is not None else 0
    head -= room
    before, after = _to_line_end(text, head), _from_line_start(text, len(text) - tail)
    shown = [text[:before].rstrip("\n")]
    if place is not None:
        start, end = _around(text, place, room, before, after)
        shown += [_mark(text[before:start], whole), text[start:end].strip("\n")]
        before = end
    return "\n".join([*shown, _mark(text[before:after], whole), text[after:]])


def _mark(left_out: str, whole: str) -> str:
    return f"[... {len(left_out)} characters ({left_out.count(chr(10))} lines) left out; the whole is in {whole} ...]"


def _error(text: str, start: int, end: int) -> int | None:
    """Return where the first of the most telling errors begins that head and tail would not show."""
    for words in _ERRORS:
        place = text.find(words, start, end)
        if place >= 0:
            return place
    return None


def _around(text: str, place: int, room: int, start: int, end: int) -> tuple[int, int]:
    """Return the lines around an error: a few before it, what there is room for from it on."""
    line = text.rfind("\n", start, place) + 1 or start
    before = min(_LINES_BEFORE_CHARS, room // _TAIL_PART)
    first = text.find("\n", max(start, line - before), line) + 1 or line
    last = min(end, first + room)
    return first, _to_line_end(text, last) if last < end else last


def governed(text: str, desk: Desk, *, tool: str) -> str:
    """Return a tool's text as the model gets it; what is too long is kept whole in a spill file."""
    if len(text) <= desk.limits.output_chars:
        return text
    return govern(text, limit=desk.limits.output_chars, whole=spill(text, desk, tool=tool))


def spill(text: str, desk: Desk, *, tool: str) -> str:
    """Keep a text in a file under the scratch folder and return its path. The same text has the same path."""
    data = text.encode(errors="replace")
    name = f"{SPILLS}/{tool}-{hashlib.sha256(data).hexdigest()[:12]}.txt"
    try:
        with Beneath(desk.scratch) as folder:
            folder.write(name, data[: desk.limits.spill_bytes])
    except OSError as error:
        raise ToolFailed(
            f"The output of {tool} is {len(data)} bytes and could not be kept: {error.strerror}"
        ) from error
    return f"{desk.scratch}/{name}"


def _to_line_end(text: str, at: int) -> int:
    """Move a cut back to the end of a line, when one is near."""
    line_end = text.rfind("\n", at - at // 4, at)
    return line_end + 1 if line_end >= 0 else at


def _from_line_start(text: str, at: int) -> int:
    line_end = text.find("\n", at, at + (len(text) - at) // 4)
    return line_end + 1 if line_end >= 0 else at
