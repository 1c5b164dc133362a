"""A provider with a window, really listening, and a session of the loop against it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from intern_action.agent.budget import Allowance
from intern_action.agent.context import Room
from intern_action.agent.loop import Loop
from intern_action.agent.memory import Memory
from intern_action.agent.toolbox import Toolbox
from intern_action.agent.voice import Voice
from intern_action.core.endings import Ending
from intern_action.core.events import Event, Folded
from intern_action.core.ports import Desk
from intern_action.core.types import JsonObject
from intern_action.llm.openai_shaped import Endpoint, OpenAIShaped
from intern_action.settings.words import prompt, text
from tests.fakes.histories import began
from tests.fakes.model_server import Ask, Fail, ModelServer, Say, Seen, Step
from tests.fakes.models import HandClock, unpriced
from tests.fakes.thinking import BareDesk, CountingCheckout, ListJournal, NamedTool, SilentWatcher, StillClock

FOLD = "about to be folded"


@dataclass
class Narrow:
    """A provider with a window. It asks for `turns` calls, sums up when asked to, and refuses what is too long."""

    window_tokens: int
    turns: int
    says_window: bool = True
    refused: int = 0
    asked: list[list[Mapping[str, object]]] = field(default_factory=list[list[Mapping[str, object]]])
    summaries: list[list[Mapping[str, object]]] = field(default_factory=list[list[Mapping[str, object]]])

    def __call__(self, seen: Seen) -> Step:
        tokens = len(seen.body) // 4
        if tokens > self.window_tokens:
            self.refused += 1
            said = f"This model's maximum context length is {self.window_tokens} tokens" if self.says_window else ""
            return Fail(status=400, words=f"{said} (context_length_exceeded)")
        messages = cast("list[Mapping[str, object]]", seen.json["messages"])
        if FOLD in str(messages[-1]["content"]):
            self.summaries.append(messages)
            return Say(text=f"Summary {len(self.summaries)}: {len(self.asked)} calls were made.", input_tokens=tokens)
        self.asked.append(messages)
        if len(self.asked) > self.turns:
            return Say(text="Done.", input_tokens=tokens)
        number = len(self.asked)
        return Say(calls=(Ask(name="bash", arguments={"command": f"step {number}"}, id="c"),), input_tokens=tokens)


@dataclass
class Session:
    """One session of a provider: what it ended with, and what was journaled."""

    ending: Ending
    journal: ListJournal
    memory: Memory
    provider: Narrow

    @property
    def folds(self) -> int:
        """How often the conversation was folded."""
        return sum(isinstance(event, Folded) for event in self.journal.events)

    def breaks(self) -> int:
        """Return how often a request did not begin with all of the one before."""
        asked = [[json.dumps(message) for message in messages] for messages in self.provider.asked]
        return sum(later[: len(before) - 1] != before[:-1] for before, later in itertools.pairwise(asked))


def play(provider: Narrow, room: Room, answer: Callable[[JsonObject], str], events: Iterable[Event]) -> Session:
    """Go on with a session to its end.

    Args:
        provider: whom the model is asked of.
        room: what the loop takes for its window.
        answer: what the one tool, `bash`, says to a call.
        events: what has happened before, from `Began` on.
    """
    with ModelServer(provider, keep_bodies=False) as server:
        model = OpenAIShaped(
            Endpoint(name="local/m", model="m", base_url=server.base_url), clock=HandClock(), price=unpriced
        )
        journal, memory = ListJournal(), Memory.of(events)
        loop = Loop(
            memory=memory,
            model=model,
            toolbox=Toolbox((NamedTool("bash", answer),), lambda _effects: None),
            desk=cast("Desk", BareDesk(clock=StillClock(), checkout=CountingCheckout())),
            journal=journal,
            allowance=Allowance(turns=5_000),
            watcher=SilentWatcher(),
            system="be good " * 100,
            room=lambda: room,
            voice=Voice(prompt=prompt, text=text),
        )
        try:
            return Session(loop.run(), journal, memory, provider)
        finally:
            model.close()


def begun(task: str = "a long task") -> tuple[Event, ...]:
    """Return the beginning of a session."""
    return (began(task),)


def output(chars: int) -> Callable[[JsonObject], str]:
    """Return what says its command and so many letters."""
    return lambda arguments: f"{arguments['command']}: " + "x" * chars
