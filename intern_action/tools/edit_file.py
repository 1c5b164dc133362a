"""`edit_file`: one piece of a file in place of another."""

from __future__ import annotations

from intern_action.core.errors import ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._matching import Span, line_of, near_miss, spans_of, with_line_ends
from intern_action.tools._places import refuse_secrets
from intern_action.tools._room import workplace
from intern_action.tools._tool import ToolOf

_MOST_PLACES = 8


@frozen
class Arguments:
    """What to find, and what to put there."""

    __pydantic_config__ = STRICT

    path: str
    old_str: str
    new_str: str
    replace_all: bool = False


def run(asked: Arguments, desk: Desk) -> ToolResult:
    """Replace the one place where `old_str` stands, or all of them."""
    refuse_secrets(asked.new_str, asked.path, desk)
    if not asked.old_str:
        raise ToolFailed("`old_str` is empty; use write_file for a whole file")
    with workplace(asked.path, desk) as (folder, name):
        with folder.reading(name) as file:
            text = _text(file.read(), asked.path)
        spans = _chosen(text, asked)
        changed = _replaced(text, spans, with_line_ends(asked.new_str, text))
        folder.write(name, changed.encode())
    lines = [line_of(text, span.start) for span in spans]
    where = ", ".join(str(line) for line in lines[:_MOST_PLACES]) + (" ..." if len(lines) > _MOST_PLACES else "")
    times = "place" if len(spans) == 1 else "places"
    return ToolResult(
        text=f"Edited {asked.path}: {len(spans)} {times}, at line {where}.", data={"path": asked.path, "lines": lines}
    )


def _text(data: bytes, path: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ToolFailed(f"{path} is not a text in UTF-8; change it with bash") from None


def _chosen(text: str, asked: Arguments) -> list[Span]:
    spans = spans_of(asked.old_str, text)
    if not spans:
        raise ToolFailed(f"`old_str` is not in {asked.path}. {near_miss(asked.old_str, text)}")
    if len(spans) > 1 and not asked.replace_all:
        lines = ", ".join(str(line_of(text, span.start)) for span in spans[:_MOST_PLACES])
        raise ToolFailed(
            f"`old_str` stands at {len(spans)} places of {asked.path} (lines {lines}); give more lines around it, or replace_all"
        )
    return spans


def _replaced(text: str, spans: list[Span], new: str) -> str:
    pieces: list[str] = []
    at = 0
    for span in spans:
        pieces += [text[at : span.start], new]
        at = span.end
    return "".join(pieces) + text[at:]


TOOL = ToolOf(name="edit_file", arguments=Arguments, work=run, aliases=("edit",))
