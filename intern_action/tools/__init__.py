"""What the model can do, one file a tool: a module here with its constant `TOOL` is the tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intern_action.core.ports import Tool


def all_tools() -> tuple[Tool, ...]:
    """Return every tool of this folder, by module name."""
    import sys

    from intern_action.core.plugins import plugins
    from intern_action.core.ports import Tool

    return plugins(sys.modules[__name__], "TOOL", Tool)
