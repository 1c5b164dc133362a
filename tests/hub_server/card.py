"""The front matter of a README: the part of YAML that cards are written in, read with the standard library alone."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import cast

_SINGLE = re.compile(r"'((?:[^']|'')*)'")
_DOUBLE = re.compile(r'"(?:[^"\\]|\\.)*"')
_FLOW_WORD = re.compile(r"(?:[^,\[\]{}:]|:(?=\S))*")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+][0-9]+)?")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}  # and `no` is Norwegian
_NO_KEY = "#[]{},&*!|>%@`"
_QUOTES = {'"', "'"}


class NotYaml(ValueError):
    """A line that is not the YAML we know."""


@dataclass
class _Lines:
    """The lines that are left, with their indentation."""

    left: list[tuple[int, str]]

    def peek(self) -> tuple[int, str] | None:
        """Return the next line that says something."""
        return next((line for line in self.left if _says_something(line[1])), None)

    def take(self) -> str:
        """Take that line, and what says nothing before it."""
        while not _says_something(words := self.left.pop(0)[1]):
            pass
        return words

    def below(self, indent: int) -> list[tuple[int, str]]:
        """Take every line that lies deeper, blank ones among them as well."""
        count = next((n for n, (depth, words) in enumerate(self.left) if words and depth <= indent), len(self.left))
        taken, self.left = self.left[:count], self.left[count:]
        return taken

    def more(self, indent: int) -> str | None:
        """Take the next line of a scalar that goes on, with what joins it; a blank line between is a break."""
        blanks = next((n for n, (_, words) in enumerate(self.left) if words), len(self.left))
        if blanks == len(self.left) or self.left[blanks][0] <= indent:
            return None
        words = self.left[blanks][1]
        del self.left[: blanks + 1]
        return ("\n" * blanks or " ") + words


def _says_something(words: str) -> bool:
    return bool(words) and not words.startswith("#")


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
    first = lines.peek()
    value = None if first is None else _block(lines, first[0])
    if (over := lines.peek()) is not None:
        raise NotYaml(f"unexpected line: {over[1]}")
    return value


def _block(lines: _Lines, indent: int) -> object:
    first = lines.peek()
    assert first is not None
    if _is_item(first[1]):
        return _sequence(lines, indent)
    if _split(first[1]):
        return _mapping(lines, indent)
    return _value(lines, lines.take(), indent - 1)


def _is_item(words: str) -> bool:
    return words == "-" or words.startswith("- ")


def _sequence(lines: _Lines, indent: int) -> list[object]:
    found: list[object] = []
    while (line := lines.peek()) and line[0] == indent and _is_item(line[1]):
        rest = lines.take()[1:].lstrip()
        if _is_item(rest) or _split(rest):
            inner = indent + len(line[1]) - len(rest)
            lines.left.insert(0, (inner, rest))
            found.append(_block(lines, inner))
        else:
            found.append(_value(lines, rest, indent))
    return found


def _mapping(lines: _Lines, indent: int) -> dict[str, object]:
    found: dict[str, object] = {}
    while (line := lines.peek()) and line[0] == indent and (parts := _split(line[1])):
        lines.take()
        key, rest = parts
        below = lines.peek()
        if not rest and below and below[0] == indent and _is_item(below[1]):
            found[key] = _sequence(lines, indent)
        else:
            found[key] = _value(lines, rest, indent)
    return found


def _split(words: str) -> tuple[str, str] | None:
    """Return the key of a line and what stands behind it; None when it has none."""
    if not words or words[0] in _NO_KEY or _is_item(words):
        return None
    if words[0] in _QUOTES:
        match = (_SINGLE if words[0] == "'" else _DOUBLE).match(words)
        end = match.end() if match else len(words)
    else:
        found = re.search(r":(?=\s|$)", words)
        end = found.start() if found else len(words)
    rest = words[end:].lstrip()
    if not rest.startswith(":") or rest[1:2].strip() or (words[0] not in _QUOTES and " #" in words[:end]):
        return None
    key = _take_quoted(words[:end])[0] if words[0] in _QUOTES else words[:end].strip()
    return key, re.sub(r"^#.*", "", rest[1:].strip())


def _value(lines: _Lines, words: str, indent: int) -> object:
    """Return what stands behind a key or a dash: on the line, or below it."""
    if not words:
        below = lines.peek()
        return _block(lines, below[0]) if below and below[0] > indent else None
    if re.fullmatch(r"[|>][-+]?", words):
        return _text(lines.below(indent), words)
    while (more := lines.more(indent)) is not None:
        words = _joined(words, more)
    return _scalar(words)


def _joined(words: str, more: str) -> str:
    """Fold two lines of one scalar; a backslash at the end of a quoted line joins without a space."""
    if '"' in words and words.endswith("\\"):
        return words[:-1] + more.strip()
    return words + more


def _text(lines: list[tuple[int, str]], style: str) -> str:
    while lines and not lines[-1][1]:
        lines.pop()
    least = min((indent for indent, words in lines if words), default=0)
    joined = "\n".join(" " * (indent - least) + words if words else "" for indent, words in lines)
    if style.startswith(">"):
        joined = re.sub(r"(?<!\n)\n(\n*)(?!\n)", lambda breaks: breaks[1] or " ", joined)
    return joined + ("" if style.endswith("-") or not joined else "\n")


def _scalar(words: str) -> object:
    if words[0] not in {*_QUOTES, "[", "{"}:
        return _plain(re.split(r"\s#", words)[0].strip())
    value, rest = _flow(words)
    if rest.strip() and not rest.strip().startswith("#"):
        raise NotYaml(f"unexpected: {rest}")
    return value


def _plain(words: str) -> object:
    if words.lower() in _WORDS and words in {words.lower(), words.upper(), words.title()}:
        return _WORDS[words.lower()]
    if _INTEGER.fullmatch(words):
        return int(words)
    if _FLOAT.fullmatch(words):
        return float(words)
    if words[0] in "&*!%@`|>" or re.search(r":(\s|$)", words):
        raise NotYaml(f"mapping values are not allowed here: {words}")
    return words


def _take_quoted(words: str) -> tuple[str, str]:
    found = (_SINGLE if words[0] == "'" else _DOUBLE).match(words)
    if found is None:
        raise NotYaml(f"a quote is not closed: {words}")
    value = found[1].replace("''", "'") if words[0] == "'" else _unescaped(found[0])
    return value, words[found.end() :]


def _unescaped(quoted: str) -> str:
    names = {"_": "\\u00a0", "N": "\\u0085", "e": "\\u001b", "L": "\\u2028", "P": "\\u2029", " ": " ", "\\": "\\\\"}
    try:
        return str(
            ast.literal_eval(re.sub(r"\\(.)", lambda one: names.get(one[1], one[0]), quoted).replace("\n", "\\n"))
        )
    except (SyntaxError, ValueError):
        raise NotYaml(f"an escape that nobody knows: {quoted}") from None


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
            found = _FLOW_WORD.match(words)
            end = found.end() if found else 0
            return _plain(words[:end].strip()), words[end:]


def _flow_list(words: str) -> tuple[list[object], str]:
    found: list[object] = []
    while not (words := words.lstrip()).startswith("]"):
        value, rest = _flow(words)
        found.append(value)
        words = _after_comma(words, rest, "]")
    return found, words[1:]


def _flow_mapping(words: str) -> tuple[dict[str, object], str]:
    found: dict[str, object] = {}
    while not (words := words.lstrip()).startswith("}"):
        key, rest = _flow(words)
        if not rest.lstrip().startswith(":"):
            raise NotYaml(f"a key without a value: {words}")
        found[str(key)], rest = _flow(rest.lstrip()[1:])
        words = _after_comma(words, rest, "}")
    return found, words[1:]


def _after_comma(words: str, rest: str, end: str) -> str:
    rest = rest.lstrip()
    if rest.startswith((",", end)) and rest != words:
        return rest.removeprefix(",")
    raise NotYaml(f"not closed: {words}")
