"""Long sessions against a provider that really listens, and really refuses what is too long for its model."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

import pytest

from intern_action.agent.budget import Allowance
from intern_action.agent.context import Room
from intern_action.agent.loop import Loop
from intern_action.agent.memory import Memory
from intern_action.agent.toolbox import Toolbox
from intern_action.agent.voice import Voice
from intern_action.core.endings import Ending, Finished
from intern_action.core.events import Folded
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
        return sum(isinstance(event, Folded) for event in self.journal.events)

    def breaks(self) -> int:
        """Return how often a request did not begin with all of the one before."""
        asked = [[json.dumps(message) for message in messages] for messages in self.provider.asked]
        return sum(later[: len(before) - 1] != before[:-1] for before, later in itertools.pairwise(asked))


Play = Callable[..., Session]


@pytest.fixture
def play() -> Play:
    def run(provider: Narrow, room: Room, answer: Callable[[JsonObject], str], task: str = "a long task") -> Session:
        with ModelServer(provider, keep_bodies=False) as server:
            model = OpenAIShaped(
                Endpoint(name="local/m", model="m", base_url=server.base_url), clock=HandClock(), price=unpriced
            )
            journal, memory = ListJournal(), Memory.of((began(task),))
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

    return run


def output(chars: int) -> Callable[[JsonObject], str]:
    return lambda arguments: f"{arguments['command']}: " + "x" * chars


def test_an_8k_model_comes_to_the_end_of_300_turns(play: Play):
    session = play(Narrow(window_tokens=8_192, turns=300), Room(window_tokens=8_192), output(3_000))

    assert session.ending == Finished(text="Done.")
    assert session.provider.refused == 0
    assert session.folds > 10
    assert session.breaks() == session.folds, "one break of the cached prefix for each fold"
    last = session.provider.asked[-1]
    assert "a long task" in str(last[1]["content"])
    assert "Summary" in str(last[1]["content"])


def test_60_answers_of_20_kb_break_the_prefix_once_for_each_fold(play: Play):
    session = play(Narrow(window_tokens=200_000, turns=60), Room(window_tokens=200_000), output(20_000))

    assert session.ending == Finished(text="Done.")
    assert 1 <= session.folds <= 5
    assert session.breaks() == session.folds
    for summary in session.provider.summaries:
        assert any(summary[:-1] == asked[: len(summary) - 1] for asked in session.provider.asked), (
            "what a summary is asked over is what was sent before"
        )


@pytest.mark.parametrize("says_window", [True, False])
def test_a_window_nobody_knew_is_learned_from_the_refusal(play: Play, says_window: bool):
    provider = Narrow(window_tokens=8_192, turns=40, says_window=says_window)
    session = play(provider, Room(), output(3_000))

    assert session.ending == Finished(text="Done.")
    assert 1 <= provider.refused <= 8


def test_a_task_that_is_longer_than_the_window_is_cut(play: Play):
    session = play(Narrow(window_tokens=8_192, turns=2), Room(window_tokens=8_192), output(10), task="y" * 100_000)

    assert session.ending == Finished(text="Done.")
    assert session.provider.refused == 0


def test_an_answer_that_is_longer_than_the_window_is_cut(play: Play):
    session = play(Narrow(window_tokens=8_192, turns=3), Room(window_tokens=8_192), output(500_000))

    assert session.ending == Finished(text="Done.")
    assert session.provider.refused == 0


def test_3000_turns_come_to_their_end_and_replay_to_the_same_conversation(play: Play):
    session = play(Narrow(window_tokens=8_192, turns=3_000), Room(window_tokens=8_192), output(200))

    assert session.ending == Finished(text="Done.")
    assert session.breaks() == session.folds
    again = Memory.of((began("a long task"), *session.journal.events))
    assert again.turns == session.memory.turns
