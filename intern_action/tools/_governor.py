"""The governor: no answer is longer than a model should read; the rest lies in a file it can open."""

from __future__ import annotations

import hashlib

from intern_action.core.errors import ToolFailed
from intern_action.core.ports import Desk
from intern_action.shell.beneath import Beneath

SPILLS = "spill"
"""Folder under the scratch folder for what was too long."""

_TAIL_PART = 3
"""One third of what is shown is the end: errors stand there."""


def govern(text: str, *, limit: int, whole: str) -> str:
    """Return at most about `limit` characters: the head and the tail, with a line between them that says where the rest is.

    Args:
        text: the whole.
        limit: characters of text that are shown; the line between comes on top.
        whole: where the whole text can be read.
    """
    if len(text) <= limit:
        return text
    tail = limit // _TAIL_PART
    head = limit - tail
    before, after = _to_line_end(text, head), _from_line_start(text, len(text) - tail)
    left_out = text[before:after]
    mark = f"[... {len(left_out)} characters ({left_out.count(chr(10))} lines) left out; the whole is in {whole} ...]"
    return f"{text[:before].rstrip(chr(10))}\n{mark}\n{text[after:]}"


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
