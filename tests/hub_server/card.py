"""The front matter of a README: the part of YAML that cards are written in, read with the standard library alone."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

_KEY = re.compile(
    r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#\[\]{},&*!|>'"%@`](?:[^:#]|:(?=\S)|(?<=\S)\#)*?)\s*:(?:\s+(.*)|)"""
)
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+][0-9]+)?")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False, "yes": True, "no": False}


class NotYaml(ValueError):
    """A line that is not the YAML we know."""


@dataclass
class _Lines:
    """The lines that are left, with their indentation."""

    left: list[tuple[int, str]]

    def peek(self) -> tuple[int, str] | None:
        while self.left and not self.left[0][1]:
            self.left.pop(0)
        return self.left[0] if self.left else None

    def take(self) -> tuple[int, str]:
        return self.left.pop(0)

    def deeper(self, indent: int) -> Iterator[tuple[int, str]]:
        """Take the lines that lie deeper, blank ones among them as well."""
        while self.left and (not self.left[0][1] or self.left[0][0] > indent):
            yield self.left.pop(0)


def front_matter(readme: str) -> dict[str, object]:
    """Return what a README says of itself; nothing when it says nothing.

    Raises:
        NotYaml: it says it in a way we cannot read.
    """
    found = re.match(r"---[ \t]*\n(.*?)\n?---[ \t]*(?:\n|$)", readme.replace("\r\n", "\n"), re.DOTALL)
    value: object = parse(found[1]) if found else None
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def parse(text: str) -> object:
    """Read a document."""
    lines = _Lines([(len(line) - len(line.lstrip(" ")), line.strip()) for line in text.split("\n")])
    lines.left = [(indent, "" if words.startswith("#") else words) for indent, words in lines.left]
    first = lines.peek()
    value = None if first is None else _block(lines, first[0])
    if (over := lines.peek()) is not None:
        raise NotYaml(f"unexpected line: {over[1]}")
    return value


def _block(lines: _Lines, indent: int) -> object:
    first = lines.peek()
    assert first is not None
    if first[1] == "-" or first[1].startswith("- "):
        return _sequence(lines, indent)
    if _KEY.fullmatch(first[1]):
        return _mapping(lines, indent)
    return _value(lines, lines.take()[1], indent - 1)


def _sequence(lines: _Lines, indent: int) -> list[object]:
    found: list[object] = []
    while (line := lines.peek()) and line[0] == indent and (line[1] == "-" or line[1].startswith("- ")):
        lines.take()
        rest = line[1][1:].lstrip()
        if rest and (_KEY.fullmatch(rest) or rest.startswith("- ")) and rest[0] not in "\"'[{|>":
            inner = indent + len(line[1]) - len(rest)
            lines.left.insert(0, (inner, rest))
            found.append(_block(lines, inner))
        else:
            found.append(_value(lines, rest, indent))
    return found


def _mapping(lines: _Lines, indent: int) -> dict[str, object]:
    found: dict[str, object] = {}
    while (line := lines.peek()) and line[0] == indent:
        match = _KEY.fullmatch(line[1])
        if match is None:
            break
        lines.take()
        rest = match[2] or ""
        below = lines.peek()
        if not rest and below and below[0] == indent and (below[1] == "-" or below[1].startswith("- ")):
            found[str(_scalar(match[1]))] = _sequence(lines, indent)
        else:
            found[str(_scalar(match[1]))] = _value(lines, rest, indent)
    return found


def _value(lines: _Lines, words: str, indent: int) -> object:
    """Return what stands behind a key or a dash: on the line, or below it."""
    if not words or words.startswith("#"):
        below = lines.peek()
        return _block(lines, below[0]) if below and below[0] > indent else None
    if re.fullmatch(r"[|>][-+]?", words):
        return _text(list(lines.deeper(indent)), words)
    parts = [words]
    while _goes_on(lines, indent):
        parts.append(lines.take()[1])
    return _scalar(_joined(parts))


def _goes_on(lines: _Lines, indent: int) -> bool:
    """Return whether the next line that says something still belongs to the scalar above."""
    line = lines.peek()
    return line is not None and line[0] > indent


def _joined(parts: list[str]) -> str:
    """Fold the lines of one scalar into one; a backslash at the end of a quoted line joins without a space."""
    whole = parts[0]
    for part in parts[1:]:
        if whole.startswith('"') and whole.endswith("\\"):
            whole = whole[:-1] + (part[1:] if part.startswith("\\ ") else part)
        else:
            whole = f"{whole} {part}"
    return whole


def _text(lines: list[tuple[int, str]], style: str) -> str:
    while lines and not lines[-1][1]:
        lines.pop()
    least = min((indent for indent, words in lines if words), default=0)
    words = [" " * (indent - least) + line if line else "" for indent, line in lines]
    joined = "\n".join(words) if style.startswith("|") else re.sub(r"(?<!\n)\n(?!\n)", " ", "\n".join(words))
    return joined + ("" if style.endswith("-") else "\n")


def _scalar(words: str) -> object:
    if words[:1] in {'"', "'"}:
        return _quoted(words)
    if words[:1] in {"[", "{"}:
        value, rest = _flow(words)
        if rest.strip() and not rest.strip().startswith("#"):
            raise NotYaml(f"unexpected: {rest}")
        return value
    return _plain(re.split(r"\s#", words)[0].strip())


def _plain(words: str) -> object:
    if words.lower() in _WORDS and (words.islower() or words.istitle() or words.isupper() or words in {"", "~"}):
        return _WORDS[words.lower()]
    if _INTEGER.fullmatch(words):
        return int(words)
    if _FLOAT.fullmatch(words):
        return float(words)
    if words[:1] in {"&", "*", "!", "%", "@", "`", "|", ">"}:
        raise NotYaml(f"not read here: {words}")
    if re.search(r":(\s|$)", words):
        raise NotYaml(f"mapping values are not allowed here: {words}")
    return words


def _quoted(words: str) -> str:
    value, rest = _take_quoted(words)
    if rest.strip() and not rest.strip().startswith("#"):
        raise NotYaml(f"unexpected: {rest}")
    return value


def _take_quoted(words: str) -> tuple[str, str]:
    if words.startswith("'"):
        found = re.match(r"'((?:[^']|'')*)'", words)
        if found is None:
            raise NotYaml(f"a quote is not closed: {words}")
        return found[1].replace("''", "'"), words[found.end() :]
    found = re.match(r'"((?:[^"\\]|\\.)*)"', words)
    if found is None:
        raise NotYaml(f"a quote is not closed: {words}")
    return _unescaped(found[0]), words[found.end() :]


def _unescaped(quoted: str) -> str:
    prepared = re.sub(r"\\([ _NeLP])", lambda one: {"_": "\xa0", "N": "\x85", "e": "\x1b"}.get(one[1], " "), quoted)
    try:
        return json.loads(prepared)
    except ValueError:
        return str(ast.literal_eval(prepared))


def _flow(words: str) -> tuple[object, str]:
    """Read one value in flow style; return it and what follows."""
    words = words.lstrip()
    match words[:1]:
        case "[":
            return _flow_list(words[1:])
        case "{":
            return _flow_mapping(words[1:])
        case "'" | '"':
            return _take_quoted(words)
        case _:
            found = re.match(r"(?:[^,\[\]{}:]|:(?=\S))*", words)
            assert found is not None
            return _plain(found[0].strip()), words[found.end() :]


def _flow_list(words: str) -> tuple[list[object], str]:
    found: list[object] = []
    while not (words := words.lstrip()).startswith("]"):
        if not words:
            raise NotYaml("a list is not closed")
        value, words = _flow(words)
        found.append(value)
        words = words.lstrip().removeprefix(",")
    return found, words[1:]


def _flow_mapping(words: str) -> tuple[dict[str, object], str]:
    found: dict[str, object] = {}
    while not (words := words.lstrip()).startswith("}"):
        key, words = _flow(words)
        if not words.lstrip().startswith(":"):
            raise NotYaml("a mapping is not closed")
        value, words = _flow(words.lstrip()[1:])
        found[str(key)] = value
        words = words.lstrip().removeprefix(",")
    return found, words[1:]
