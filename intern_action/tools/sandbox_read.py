"""`sandbox_read`: numbered lines of a file in a sandbox, or the names in a folder there."""

from __future__ import annotations

from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._lines import shown
from intern_action.tools._places import answered
from intern_action.tools._sandboxes import sandbox_named
from intern_action.tools._tool import ToolOf


@frozen
class Arguments:
    """A file, which lines of it, and in which sandbox."""

    __pydantic_config__ = STRICT

    path: str
    offset: int = 1
    limit: int = 1000
    sandbox: str = ""


def run(asked: Arguments, desk: Desk) -> ToolResult:
    """Read lines from `offset` on, as many as fit into one answer."""
    sandbox = sandbox_named(asked.sandbox, desk)
    with desk.sandboxes.opened(sandbox) as files, answered(asked.path):
        return shown(
            files, asked.path, path=asked.path, offset=asked.offset, limit=asked.limit, chars=desk.limits.output_chars
        )


TOOL = ToolOf(name="sandbox_read", arguments=Arguments, work=run, repeatable=True, parallel=True)
