"""The tools by name and alias, and what happens to a call because of its effects."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from intern_action.core.effects import Disposition, Effect, Pushes, natural_disposition
from intern_action.core.errors import ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import Tool
from intern_action.core.types import Call, ToolSpec

HoldRule = Callable[[tuple[Effect, ...]], str | None]
"""Asks every rule of the gate: the reason to hold, or None."""


@frozen
class Verdict:
    """What happens to one call."""

    disposition: Disposition
    why: str
    effects: tuple[Effect, ...]

    @property
    def queued(self) -> bool:
        """Whether control carries the call out at the next boundary."""
        return self.disposition is Disposition.QUEUED


class Toolbox:
    """All tools of a session.

    Args:
        tools: what the model is told of.
        hold: asks the rules.
        absent: why a tool that somebody might call is not there, by name; the model is not told of them before it calls one.
    """

    def __init__(self, tools: Sequence[Tool], hold: HoldRule, *, absent: Mapping[str, str] | None = None) -> None:
        self._tools = {name: tool for tool in tools for name in (tool.spec.name, *tool.aliases)}
        self._specs = tuple(tool.spec for tool in tools)
        self._hold = hold
        self._absent = absent or {}

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What the model is told."""
        return self._specs

    def named(self, name: str) -> Tool:
        """Return a tool by name or alias; ToolFailed with the reason, or with near misses, when there is none."""
        tool = self._tools.get(name)
        if tool is not None:
            return tool
        if name in self._absent:
            raise ToolFailed(self._absent[name])
        near = difflib.get_close_matches(name, self._tools, n=3)
        hint = (
            f"; did you mean {', '.join(near)}?"
            if near
            else f"; there are: {', '.join(spec.name for spec in self._specs)}"
        )
        raise ToolFailed(f"there is no tool named {name}{hint}")

    def judge(self, call: Call, *, changed: Callable[[], tuple[str, ...]] = tuple) -> Verdict:
        """Return what happens to a call.

        Args:
            call: as the model wrote it.
            changed: the paths that publishing would change; asked only when the call publishes.

        Raises:
            ToolFailed: a flawed call or an unknown tool.
        """
        if call.flaw:
            raise ToolFailed(f"{call.name} was not run: {call.flaw}")
        effects = tuple(_seen(effect, changed) for effect in self.named(call.name).effects(call.arguments))
        reason = self._hold(effects)
        dispositions = {natural_disposition(effect) for effect in effects}
        if Disposition.HELD in dispositions or reason is not None:
            return Verdict(disposition=Disposition.HELD, why=reason or "it spends or overwrites", effects=effects)
        if effects:
            return Verdict(disposition=Disposition.QUEUED, why="", effects=effects)
        return Verdict(disposition=Disposition.FREE, why="", effects=effects)


def _seen(effect: Effect, changed: Callable[[], tuple[str, ...]]) -> Effect:
    """Tell a push which paths it changes, so that rules can look at them."""
    return replace(effect, paths=effect.paths or changed()) if isinstance(effect, Pushes) else effect
