"""`write_file`: a whole file, new or in place of the old one."""

from __future__ import annotations

from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._places import refuse_secrets
from intern_action.tools._room import workplace
from intern_action.tools._tool import ToolOf


@frozen
class Arguments:
    """A path and the whole content."""

    __pydantic_config__ = STRICT

    path: str
    content: str


def run(asked: Arguments, desk: Desk) -> ToolResult:
    """Write it; folders above are made."""
    refuse_secrets(asked.content, asked.path, desk)
    data = asked.content.encode(errors="surrogatepass")
    with workplace(asked.path, desk) as (folder, name):
        new = folder.write(name, data)
    lines = asked.content.count("\n") + (not asked.content.endswith("\n") and bool(asked.content))
    return ToolResult(
        text=f"{'Wrote' if new else 'Replaced'} {asked.path}: {lines} lines, {len(data)} bytes.",
        data={"path": asked.path, "bytes": len(data), "new": new},
    )


TOOL = ToolOf(name="write_file", arguments=Arguments, work=run, aliases=("write",), repeatable=True)
