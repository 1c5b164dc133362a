"""`read_file`: numbered lines of a file, or the names in a folder."""

from __future__ import annotations

from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._lines import shown
from intern_action.tools._room import workplace
from intern_action.tools._tool import ToolOf


@frozen
class Arguments:
    """A file and which lines of it."""

    __pydantic_config__ = STRICT

    path: str
    offset: int = 1
    limit: int = 1000


def run(asked: Arguments, desk: Desk) -> ToolResult:
    """Read lines from `offset` on, as many as fit into one answer."""
    with workplace(asked.path, desk) as (folder, name):
        return shown(
            folder, name, path=asked.path, offset=asked.offset, limit=asked.limit, chars=desk.limits.output_chars
        )


TOOL = ToolOf(name="read_file", arguments=Arguments, work=run, aliases=("read",), repeatable=True, parallel=True)
