"""Numbered lines of a file as a model reads them, or the names in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from intern_action.core.errors import ToolFailed
from intern_action.core.ports import SandboxFiles
from intern_action.core.types import ToolResult
from intern_action.shell.beneath import Beneath

_LONGEST_LINE = 2000
_LOOKED_AT = 8192
_COUNTED_BYTES = 64 << 20
_ROOM_FOR_WORDS = 300


def shown(folder: Beneath | SandboxFiles, name: str, *, path: str, offset: int, limit: int, chars: int) -> ToolResult:
    """Return lines from `offset` on, as many as fit into `chars`; of a folder, its names.

    Args:
        folder: opens it.
        name: where it lies there.
        path: as it was asked for.
        offset: the first line, from 1.
        limit: most lines.
        chars: most characters of the answer.

    Raises:
        ToolFailed: numbers that count nothing, a binary file.
    """
    if offset < 1 or limit < 1:
        raise ToolFailed("`offset` counts lines from 1, and `limit` is at least 1")
    if folder.is_folder(name):
        names = folder.list(name)
        return ToolResult(text="\n".join(names) or "(an empty folder)", data={"path": path, "entries": len(names)})
    with folder.reading(name) as file:
        return _lines(file, path, offset, limit, chars - _ROOM_FOR_WORDS)


def _lines(file: BinaryIO, path: str, offset: int, limit: int, room: int) -> ToolResult:
    size = file.seek(0, 2)
    file.seek(0)
    if b"\0" in file.read(_LOOKED_AT):
        raise ToolFailed(f"{path} is binary ({size} bytes); look at it with bash (file, xxd, python)")
    file.seek(0)
    lines = _pieces(file)
    skipped = sum(1 for _ in islice(lines, offset - 1))
    shown, taken = _numbered(lines, offset, limit, room)
    last = skipped + len(shown)
    total = skipped + taken + _rest(file)
    data = {"path": path, "first": offset, "last": last, "lines": total, "bytes": size}
    if not shown:
        words = "is empty" if size == 0 else f"has {total} lines"
        return ToolResult(text=f"({path} {words})", data=data)
    more = f"\n(lines {offset} to {last} of {_count(total, size)}; go on with offset={last + 1})"
    return ToolResult(text="\n".join(shown) + (more if last < total else ""), data=data)


def _numbered(lines: Iterator[str], offset: int, limit: int, room: int) -> tuple[list[str], int]:
    """Return the lines that fit, numbered, and how many were taken; the one that no longer fits is among those."""
    shown: list[str] = []
    for number, line in enumerate(islice(lines, limit), offset):
        text = f"{number:6}\t{line}"
        room -= len(text) + 1
        if room < 0 and shown:
            return shown, len(shown) + 1
        shown.append(text)
    return shown, len(shown)


def _pieces(file: BinaryIO) -> Iterator[str]:
    """Yield lines without their ends, each clipped; a line without end does not fill the memory."""
    while line := file.readline(_LONGEST_LINE * 4):
        whole = line.endswith(b"\n")
        text = line.decode("utf-8", errors="replace").rstrip("\r\n")
        while not whole and (rest := file.readline(1 << 16)):
            whole = rest.endswith(b"\n")
            text = text[:_LONGEST_LINE] + " [...]"
        yield text if len(text) <= _LONGEST_LINE + 6 else f"{text[:_LONGEST_LINE]} [...]"


def _rest(file: BinaryIO) -> int:
    """Count the lines that follow, in the part of a file that is counted."""
    lines, left, ends = 0, _COUNTED_BYTES, True
    while left > 0 and (piece := file.read(1 << 20)):
        lines += piece.count(b"\n")
        left -= len(piece)
        ends = piece.endswith(b"\n")
    return lines + (not ends)


def _count(total: int, size: int) -> str:
    return str(total) if size <= _COUNTED_BYTES else f"more than {total}"
