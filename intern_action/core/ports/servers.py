"""Tool servers of others: what they offer, and calls to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from intern_action.core.frozen import frozen
from intern_action.core.types import JsonObject

BETWEEN = "__"
"""Between a server's name and its tool's: no tool of the house has it in its name, so none can be taken for one of them."""


@frozen
class ServedTool:
    """A tool as a server offers it. All of it is a stranger's words.

    Args:
        server: its name in the settings.
        tool: its own name there.
        description: what it says of itself; bounded, and nothing hides in it.
        parameters: the JSON Schema of its arguments.
        definition: digest of the three as the server said them, so that a change is noticed.
    """

    server: str
    tool: str
    description: str
    parameters: JsonObject
    definition: str


@frozen
class Said:
    """What a server answered to a call; `failed` says that the tool itself calls it an error."""

    text: str
    failed: bool = False


@frozen
class Offer:
    """What became of one server: its tools, and why they are not there; "" when all is well.

    Args:
        tools: those that were asked for and can be used, by their own names.
        missing: why one that was asked for cannot be used, by its own name.
        down: why the server cannot be used at all.
    """

    tools: Mapping[str, ServedTool]
    missing: Mapping[str, str]
    down: str = ""


class ToolServers(Protocol):
    """Servers that have been opened."""

    def call(self, tool: ServedTool, arguments: JsonObject, *, seconds: float) -> Said:
        """Call a tool, once.

        Raises:
            ToolFailed: no answer within so many seconds or the server's own limit, the server is gone, what it says cannot be
                used, or the tool is not what it was when it was offered.
        """
        ...
