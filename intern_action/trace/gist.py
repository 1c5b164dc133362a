"""A call and its answer in one line each, for people who skim."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import cast

from intern_action.core.types import Call, JsonObject, ToolResult

_TELLING = (
    "command", "path", "script", "file", "title", "model", "dataset", "repository", "job_id", "query", "question", "reason",
)  # fmt: skip
_LONGEST = 100


def gist(call: Call, *, width: int = _LONGEST) -> str:
    """Return what a call is about: its telling arguments, else all of them, on one line."""
    if call.flaw:
        return short(call.flaw, width=width)
    inner = (cast("JsonObject", value) for value in call.arguments.values() if isinstance(value, Mapping))
    for data in (call.arguments, *inner):
        told = [short(value, width=width) for name in _TELLING if isinstance(value := data.get(name), str) and value]
        if told:
            return short(" · ".join(told), width=width)
    return short(", ".join(f"{key}={_value(value)}" for key, value in call.arguments.items()), width=width)


def first_line(result: ToolResult, *, width: int = _LONGEST) -> str:
    """Return the first line of an answer that says something."""
    lines = (line.strip() for line in result.text.splitlines())
    return short(next((line for line in lines if line), "(no output)"), width=width)


def short(text: str, *, width: int = _LONGEST) -> str:
    """Return a text on one line, cut with an ellipsis."""
    flat = " ".join(text[: width * 8].split())
    return flat if len(flat) <= width else f"{flat[: width - 1].rstrip()}…"


def pretty(data: JsonObject) -> str:
    """Return arguments or facts as indented JSON, strings with line breaks as blocks people can read."""
    blocks = {key: value for key, value in data.items() if isinstance(value, str) and "\n" in value}
    rest = {key: value for key, value in data.items() if key not in blocks}
    parts = [json.dumps(rest, indent=2, ensure_ascii=False, default=str)] if rest or not blocks else []
    return "\n\n".join([*parts, *(f"{key}:\n{value}" for key, value in blocks.items())])


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{…}"
    return f"[{len(cast('Sequence[object]', value))}]" if isinstance(value, (list, tuple)) else str(value)
