"""One thread or pull request as one file: YAML front matter, the text, then comments and reviews, each with its own.

    ---
    title: Fine-tune the filter
    by: ada
    ---

    the text

    --- comment
    id: 1-1
    by: grace
    ---

    her words

A line of somebody's words that looks like the beginning of a part gets a backslash in front of it when it is written, and
loses it when it is read. So words stay words, whatever they look like.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import cast

import yaml

from intern_action.core.errors import ForgeError
from intern_action.core.frozen import frozen

FENCE = "---"
PART = re.compile(r"--- (comment|review)\s*")
ESCAPED = re.compile(r"(\\*)--- (comment|review)\s*")


@frozen
class Part:
    """One part of a page: the page's own (kind ""), a comment or a review. `line` is where its front matter begins, from 1."""

    kind: str
    head: Mapping[str, object]
    text: str
    line: int = 0


@frozen
class Page:
    """A whole file. The first part is the page's own."""

    parts: tuple[Part, ...] = field(default_factory=tuple)


def render(page: Page) -> str:
    """Return the file's text."""
    return "\n\n".join(_render(part) for part in page.parts) + "\n"


def _render(part: Part) -> str:
    head = yaml.safe_dump(dict(part.head), sort_keys=False, allow_unicode=True, width=10_000).rstrip("\n")
    opening = f"{FENCE} {part.kind}".rstrip()
    return f"{opening}\n{head}\n{FENCE}\n\n{_escape(tidy(part.text))}".rstrip("\n")


def tidy(words: str) -> str:
    """Return words with one kind of line end and no blank lines around them."""
    return words.replace("\r\n", "\n").replace("\r", "\n").strip("\n")


def _escape(words: str) -> str:
    return "\n".join(f"\\{line}" if ESCAPED.fullmatch(line) else line for line in words.split("\n"))


def _unescape(words: str) -> str:
    return "\n".join(
        line[1:] if line.startswith("\\") and ESCAPED.fullmatch(line) else line for line in words.split("\n")
    )


def parse(raw: str, name: str) -> Page:
    """Return what a file says.

    Args:
        raw: its text.
        name: its path, for messages.

    Raises:
        ForgeError: with file and line, for front matter that is missing, not closed or not a YAML mapping.
    """
    lines = raw.replace("\r\n", "\n").split("\n")
    if lines[0].rstrip() != FENCE:
        raise ForgeError(f"{name}:1: the file has to begin with a line `---` and front matter")
    starts = [0, *(number for number, line in enumerate(lines) if PART.fullmatch(line))]
    ends = [*starts[1:], len(lines)]
    return Page(parts=tuple(_parse(lines[start:end], start + 1, name) for start, end in zip(starts, ends, strict=True)))


def _parse(lines: list[str], at: int, name: str) -> Part:
    opening = PART.fullmatch(lines[0])
    closing = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == FENCE), None)
    if closing is None:
        raise ForgeError(f"{name}:{at}: front matter begins here and is never closed with a line `---`")
    return Part(
        kind=opening[1] if opening else "",
        head=_head("\n".join(lines[1:closing]), at, name),
        text=_unescape("\n".join(lines[closing + 1 :]).strip("\n")),
        line=at,
    )


def _head(raw: str, at: int, name: str) -> Mapping[str, object]:
    try:
        loaded: object = yaml.safe_load(raw)
    except yaml.MarkedYAMLError as error:
        line = at + 1 + (error.problem_mark.line if error.problem_mark else 0)
        raise ForgeError(f"{name}:{line}: front matter is not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ForgeError(f"{name}:{at}: front matter is not YAML: {error}") from error
    if not isinstance(loaded, dict):
        raise ForgeError(f"{name}:{at}: front matter has to be `key: value` lines")
    return cast("dict[str, object]", loaded)
