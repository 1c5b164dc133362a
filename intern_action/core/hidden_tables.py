"""Cells of a table's row beyond those of its head: GitHub leaves them out."""

from __future__ import annotations

import re
from collections.abc import Callable

_RULE = re.compile(r"[ \t>]*+(?:\|[ \t]*+)?:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*+\|?[ \t]*+")
_PIPE = re.compile(r"(?<!\\)\||(?<=\\\\)\|")


def without_excess(text: str, mark: Callable[[str], str]) -> str:
    """Return a text with a mark in place of what a row has too much; `mark` makes it of what was taken."""
    columns, lines, rows = 0, list[str](), text.split("\n")
    for number, line in enumerate(rows):
        if _RULE.fullmatch(line) and "|" in line:
            columns = len(_PIPE.split(line.strip(" \t>").strip("|")))
        elif not line.strip(" \t>"):
            columns = 0
        start = _excess(line, columns) if columns else len(line)
        lines.append(line[:start])
        if "<" in line[start:] or "`" in line[start:]:  # perhaps no table, and then the beginning of what hides more
            lines[-1] += mark("\n".join([line[start:], *rows[number + 1 :]]))
            break
        if start < len(line):
            lines[-1] += mark(line[start:])
    return "\n".join(lines)


def _excess(line: str, columns: int) -> int:
    """Return where a row has more than its columns, its length when it has not."""
    first = len(line) - len(line.lstrip(" \t>"))
    pipes = [found.end() for found in _PIPE.finditer(line, first + line.startswith("|", first))]
    more = len(pipes) >= columns and line[pipes[columns - 1] :].strip(" \t|")
    return pipes[columns - 1] if more else len(line)
