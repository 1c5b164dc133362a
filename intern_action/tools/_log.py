"""What a model reads of a log: its beginning, its end, and where something went wrong."""

from __future__ import annotations

import re

_HEAD, _TAIL, _BEFORE, _AFTER = 20, 60, 5, 25
_TROUBLE = re.compile(
    r"Traceback \(most recent call last\)|\b\w*Error\b|\bKilled\b|[Oo]ut of memory|\bFATAL\b|\bpanic\b"
)


def short(log: str, room: int) -> bool:
    """Whether a log can be shown as it is."""
    return len(log.splitlines()) <= _HEAD + _TAIL + _BEFORE + _AFTER and len(log) <= room


def excerpt(log: str, *, room: int, whole: str) -> str:
    """Return head, first trouble and tail, with a line for each gap; long lines are clipped so that all of it fits.

    Args:
        log: everything.
        room: characters that may be shown, about.
        whole: where the whole can be read.
    """
    if short(log, room):
        return log
    lines = log.splitlines()
    places = _places(lines)
    widest = max(80, (room - 500) // (len(places) + 3))
    text: list[str] = []
    for before, place in zip([-1, *places], places, strict=False):
        if place != before + 1:
            text.append(f"[... lines {before + 2} to {place} left out; the whole is in {whole} ...]")
        text.append(lines[place] if len(lines[place]) <= widest else f"{lines[place][:widest]} [...]")
    return "\n".join(text)


def _places(lines: list[str]) -> list[int]:
    trouble = next((place for place, line in enumerate(lines) if _TROUBLE.search(line[:2000])), None)
    shown = {*range(_HEAD), *range(len(lines) - _TAIL, len(lines))}
    if trouble is not None:
        shown |= set(range(trouble - _BEFORE, trouble + _AFTER))
    return sorted(place for place in shown if 0 <= place < len(lines))
