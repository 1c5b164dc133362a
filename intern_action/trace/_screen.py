"""Text on its way to a terminal: nothing a model or a tool wrote may move the cursor, change the title or hide a word."""

from __future__ import annotations

import re
import unicodedata
from typing import TextIO

_COMMANDS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff\ud800-\udfff]"
)
_COLOURS = {"dim": "2", "bold": "1", "good": "32", "warn": "33", "bad": "31", "money": "35", "plain": ""}


def harmless(text: str) -> str:
    """Return a text in which everything that a terminal would obey is written out; line ends and tabs stay."""
    return _COMMANDS.sub(lambda found: found[0].encode("unicode_escape").decode(), text.replace("\r\n", "\n"))


def columns(text: str) -> int:
    """Return how many columns a text takes: letters of East Asia take two, marks on letters none."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) != 0 for letter in text)


class Screen:
    """Lines to a stream, in colours where they are wanted and in letters that the stream knows.

    Args:
        out: where to write.
        width: columns.
        colour: whether escape sequences of our own may be written.
    """

    def __init__(self, out: TextIO, *, width: int, colour: bool) -> None:
        self._out = out
        self._left = False
        self._encoding = out.encoding or "utf-8"
        self.width = max(width, 40)
        self.colour = colour
        self.marks = {"done": "✓", "failed": "✗", "open": "·", "cut": "…", "bar": "█", "rest": "░"}
        if self._fit("✓") != "✓":
            self.marks = {"done": "ok", "failed": "!!", "open": "..", "cut": "...", "bar": "#", "rest": "-"}

    def line(self, *parts: tuple[str, str]) -> None:
        """Write one line of (tone, text) parts, cut to the width."""
        left = self.width - 1
        shown: list[str] = []
        for tone, text in parts:
            piece = self.cut(harmless(text), left)
            left -= columns(piece)
            shown.append(self._toned(tone, piece))
        self.write("".join(shown) + "\n")

    def say(self, text: str) -> None:
        """Write a text as it is, made harmless."""
        self.write(harmless(text))

    def write(self, raw: str) -> None:
        """Write our own letters, escape sequences included. Who looked on may leave: the session goes on in silence."""
        if self._left:
            return
        try:
            self._out.write(self._fit(raw))
            self._out.flush()
        except OSError:  # a closed pipe, a terminal that is gone
            self._left = True

    def cut(self, text: str, room: int) -> str:
        """Return a text that fits into so many columns."""
        flat = text.replace("\n", " ").replace("\t", " ")
        if columns(flat) <= room:
            return flat
        mark = self.marks["cut"]
        if room <= len(mark):
            return ""
        kept = flat[: room - len(mark)]
        while columns(kept) > room - len(mark):
            kept = kept[:-1]
        return kept.rstrip() + mark

    def cut_path(self, text: str, room: int) -> str:
        """The same, but of a long path the end is kept: the file's name says more than the folder's."""
        if " " in text or "/" not in text or columns(text) <= room or not text.isascii():
            return self.cut(text, room)
        mark = self.marks["cut"]
        return mark + text[len(text) - room + len(mark) :]

    def _toned(self, tone: str, text: str) -> str:
        code = _COLOURS.get(tone, "")
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and code and text else text

    def _fit(self, text: str) -> str:
        return text.encode(self._encoding, "replace").decode(self._encoding)
