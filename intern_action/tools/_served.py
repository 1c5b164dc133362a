"""A tool of a stranger's server as one of the house: named after the server, governed, masked, the same for a whole session."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from intern_action.core.effects import Effect
from intern_action.core.errors import ToolFailed
from intern_action.core.ports import BETWEEN, Desk, ServedTool, ToolServers
from intern_action.core.types import JsonObject, ToolResult, ToolSpec
from intern_action.tools._governor import governed

LONGEST_NAME = 64
"""Of a tool, as providers take it: letters, digits, `_` and `-`."""

_STRANGE = re.compile(r"[^A-Za-z0-9_-]")
_MARK = 8


def name_of(server: str, tool: str) -> str:
    """Return the name by which a model calls a tool. One that is too long or has other letters gets a mark of its own."""
    plain = _STRANGE.sub("_", tool)
    whole = f"{server}{BETWEEN}{plain}"
    if plain == tool and len(whole) <= LONGEST_NAME:
        return whole
    mark = hashlib.sha256(tool.encode()).hexdigest()[:_MARK]
    return f"{whole[: LONGEST_NAME - _MARK - 1]}_{mark}"


class ServersTool:
    """Implements `core.ports.Tool`. It only reads, as the configuration says: so it has no effect and may run beside others.

    Args:
        tool: as its server offers it.
        servers: call it.
        words: what the model reads: of the tool (`served`), and when it is refused (`servers`).
    """

    aliases: tuple[str, ...] = ()
    repeatable = True
    parallel = True

    def __init__(self, tool: ServedTool, servers: ToolServers, words: Callable[..., str]) -> None:
        self._tool = tool
        self._servers = servers
        self._words = words
        description = words("served", server=tool.server, description=tool.description).strip()
        self.spec = ToolSpec(name=name_of(tool.server, tool.tool), description=description, parameters=tool.parameters)

    def effects(self, arguments: JsonObject) -> tuple[Effect, ...]:
        """Return none: the configuration says so, for this tool by name."""
        del arguments
        return ()

    def run(self, arguments: JsonObject, desk: Desk) -> ToolResult:
        """Call it."""
        self._check_unchanged(desk)
        said = self._servers.call(self._tool, arguments, seconds=desk.limits.left_seconds)
        text = governed(desk.redactor.text(said.text), desk, tool=self.spec.name)
        return ToolResult(text=text or "[no output]", data=self._pinned, failed=said.failed)

    @property
    def _pinned(self) -> JsonObject:
        tool = self._tool
        return {"server": tool.server, "tool": tool.tool, "definition": tool.definition}

    def _check_unchanged(self, desk: Desk) -> None:
        """Refuse a tool that is another one than the session has used: what was thought of that one does not hold for it."""
        first = next((past.result.data for past in desk.past(self.spec.name) if "definition" in past.result.data), None)
        if first is not None and first != self._pinned:
            raise ToolFailed(
                self._words("servers", kind="changed", server=self._tool.server, tool=self._tool.tool).strip()
            )
