"""Small stand-ins around models: a clock that only moves when somebody waits, and a model that plays a list."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from intern_action.core.errors import ModelError
from intern_action.core.types import Answer, Conversation, Reply, ToolResult, ToolSpec, Turn, Usage, Words

READ_FILE = ToolSpec(
    name="read_file",
    description="Read a file.",
    parameters={"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
)


class HandClock:
    """Time that passes when somebody waits, and not otherwise. `waits` are the seconds asked for."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def now(self) -> datetime:
        """Return 2026-11-23 12:00 UTC and what was waited since."""
        return datetime(2026, 11, 23, 12, tzinfo=UTC) + timedelta(seconds=sum(self.waits))

    def monotonic(self) -> float:
        """Return what was waited."""
        return sum(self.waits)

    def wait(self, seconds: float) -> None:
        """Let it pass at once."""
        self.waits.append(seconds)


class WallClock(HandClock):
    """The machine's own monotonic time, for limits that servers run into."""

    def monotonic(self) -> float:
        """Return real seconds."""
        return time.monotonic()


class ScriptedModel:
    """Answers with what the script holds, raises what the script holds."""

    def __init__(self, script: Sequence[Reply | ModelError], *, name: str = "scripted") -> None:
        self.name = name
        self.asked = 0
        self.closed = False
        self._script = script

    def answer(self, conversation: Conversation, hear: Callable[[str], None] | None = None) -> Reply:
        """Play the next step."""
        step = self._script[self.asked]
        self.asked += 1
        if isinstance(step, ModelError):
            raise step
        if hear is not None:
            hear(step.text)
        return step

    def close(self) -> None:
        """Remember it."""
        self.closed = True


def conversation(*turns: Turn, epoch: int = 0, system: str = "You are the intern.") -> Conversation:
    """Return a conversation with one tool; a greeting when there are no turns."""
    return Conversation(
        system=system, tools=(READ_FILE,), turns=list(turns) or [Words(by="ada", text="hello")], epoch=epoch
    )


def answers(reply: Reply, text: str = "done") -> list[Turn]:
    """Return a reply and an answer to each of its calls."""
    return [reply, *(Answer(call=call, result=ToolResult(text=text)) for call in reply.calls)]


def unpriced(_: Usage) -> None:
    """Know no price."""
