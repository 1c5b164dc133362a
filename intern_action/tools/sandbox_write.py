"""`sandbox_write`: a whole file in a sandbox, new or in place of the old one."""

from __future__ import annotations

from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._places import answered, refuse_secrets
from intern_action.tools._room import beside
from intern_action.tools._sandboxes import sandbox_named
from intern_action.tools._tool import ToolOf


@frozen
class Arguments:
    """A path, the whole content, and in which sandbox."""

    __pydantic_config__ = STRICT

    path: str
    content: str
    sandbox: str = ""


def run(asked: Arguments, desk: Desk) -> ToolResult:
    """Write it; folders above are made."""
    sandbox = sandbox_named(asked.sandbox, desk)
    refuse_secrets(asked.content, asked.path, desk)
    data = asked.content.encode(errors="surrogatepass")
    with beside(sandbox, desk), desk.sandboxes.opened(sandbox) as files, answered(asked.path):
        new = files.write(asked.path, data)
    return ToolResult(
        text=f"{'Wrote' if new else 'Replaced'} {asked.path} in {sandbox.id}: {len(data)} bytes.",
        data={"path": asked.path, "bytes": len(data), "new": new},
    )


TOOL = ToolOf(name="sandbox_write", arguments=Arguments, work=run, repeatable=True)
