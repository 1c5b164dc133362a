"""Words cut to what GitHub takes in one body, at the end of a line, with a code block closed and opened again."""

from __future__ import annotations

import re

LIMIT = 65_536
"""Characters of one body; GitHub refuses more with 422 ("Body is too long (maximum is 65536 characters)")."""

ROOM = 1_024
"""Kept free in each piece for fences, the hidden mark, and the line that says it goes on."""

GOES_ON = "\n\n*(this goes on in a comment below)*"
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")


def pieces(words: str, limit: int = LIMIT) -> tuple[str, ...]:
    """Return words in pieces of at most `limit` characters, in order; one piece when they fit. Nothing is lost."""
    if length(words) <= limit:
        return (words,)
    cut = _cut(words, limit - ROOM)
    return tuple(piece + GOES_ON for piece in cut[:-1]) + cut[-1:]


def first_piece(words: str, limit: int = LIMIT) -> str:
    """Return what fits of words, for where there is no place for the rest."""
    return pieces(words, limit)[0].replace(GOES_ON, "\n\n*(the rest does not fit here)*")


def length(words: str) -> int:
    """Return how long words are where a letter outside of the basic plane counts twice: never less than GitHub counts."""
    return len(words.encode("utf-16-le", "surrogatepass")) // 2


def _cut(words: str, room: int) -> tuple[str, ...]:
    made: list[str] = []
    lines: list[str] = []
    size, fence = 0, ""
    for line in _short_lines(words, room // 2):
        if lines and size + length(line) + 1 > room:
            made.append("\n".join([*lines, _closing(fence)] if fence else lines))
            lines, size = ([fence], length(fence) + 1) if fence else ([], 0)
        lines.append(line)
        size += length(line) + 1
        fence = _open_fence(fence, line)
    return (*made, "\n".join(lines))


def _short_lines(words: str, most: int) -> list[str]:
    """Return the lines; one that is longer than `most` letters comes in parts."""
    return [line[at : at + most] for line in words.split("\n") for at in range(0, max(1, len(line)), most)]


def _open_fence(fence: str, line: str) -> str:
    """Return the line that opened the code block we are in after this line, "" outside of one."""
    found = FENCE.fullmatch(line)
    if found is None:
        return fence
    if not fence:
        return line if length(line) < ROOM // 4 else found[1]
    closes = line.strip().startswith(_closing(fence)) and not found[2].strip()
    return "" if closes else fence


def _closing(fence: str) -> str:
    found = FENCE.fullmatch(fence)
    return found[1] if found else "```"
