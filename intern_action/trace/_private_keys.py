"""Private keys in text, also where a tool wrote something before each of their lines, and where one end of them was cut off.

`read_file` numbers lines, `grep` names their file, `git diff` puts a sign before them: none of that makes a key another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MARK = "PRIVATE KEY-----"
_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----")
_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----")
_LONGEST = 20_000
"""Characters of the longest key, with what stands before its lines."""
_PART = re.compile(r"[A-Za-z0-9+/]{40}")
"""What no line of a key but the last is without."""
_LINE = re.compile(r"[A-Za-z0-9+/=]{40,}[\s\"',\\r]{0,4}\Z")
"""A line of a key ends so, whatever stands before it."""
_CUT = re.compile(r"[A-Za-z0-9+/=]{16,}[\s\"',\\r]{0,4}\Z")
"""A line of a key that was cut off ends so."""
_NEAR = 600
"""So many characters before its end a key has at least one whole line."""
_HEADER = re.compile(r"(?:[A-Z][A-Za-z-]+: .{0,200})?[\s\\r]{0,4}\Z")
"""What may stand before a key's first line: `Proc-Type: 4,ENCRYPTED`, an empty line."""
_BREAK = re.compile(r"\n|\\n")


def masked_keys(text: str, mask: str) -> str:
    """Return the text with each private key masked, from its first line to its last or to where it was cut off."""
    if MARK not in text:
        return text
    parts: list[str] = []
    done = 0
    for start, end in sorted(_spans(text)):
        if start >= done:
            parts += [text[done:start], mask]
        done = max(done, end)
    return "".join([*parts, text[done:]])


def _spans(text: str) -> Iterator[tuple[int, int]]:
    done = 0
    for begin in _BEGIN.finditer(text):
        if begin.start() < done:
            continue
        end = _END.search(text, begin.end(), begin.end() + _LONGEST)
        if end is not None and _PART.search(text, begin.end(), end.start()):
            done = end.end()
            yield begin.start(), done
        elif (done := _last(text, begin.end())) > begin.end():
            yield begin.start(), done
    for end in _END.finditer(text):
        if (first := _first(text, end.start())) < end.start():
            yield first, end.end()


def _last(text: str, place: int) -> int:
    """Return where the lines of a key end that follow its first line, `place` when there are none."""
    last, most, inside = place, min(len(text), place + _LONGEST), False
    while place < most:
        found = _BREAK.search(text, place, most)
        end = found.start() if found is not None else most
        line = text[place:end]
        if _LINE.search(line) is not None:
            last, inside = end, True
        elif inside:
            return end if _CUT.search(line) is not None else last
        elif _HEADER.match(line) is None:
            return last
        place = found.end() if found is not None else most
    return last


def _first(text: str, place: int) -> int:
    """Return where the lines of a key begin that come before its last line, `place` when there are none."""
    if _PART.search(text, max(0, place - _NEAR), place) is None:
        return place
    window = max(0, place - _LONGEST)
    bounds = [(window, window), *(found.span() for found in _BREAK.finditer(text, window, place))]
    first, short = place, False
    for (_, start), (end, _) in zip(reversed(bounds[:-1]), reversed(bounds[1:]), strict=True):
        line = text[start:end]
        if _LINE.search(line) is not None:
            first = start
        elif first < place or short:
            return start if first < place and _CUT.search(line) is not None else first
        short = True  # the last line of a key may be, and no other one
    return first
