"""What a model says is masked at the door: in memory, in the journal, on the screen, and in the call that is run."""

from __future__ import annotations

import base64
import itertools
from typing import cast
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intern_action.agent.budget import Allowance
from intern_action.agent.context import Room
from intern_action.agent.door import LEAKED, Stream, masked
from intern_action.agent.loop import Loop
from intern_action.agent.memory import Memory
from intern_action.agent.toolbox import Toolbox
from intern_action.agent.voice import Voice
from intern_action.core.errors import ToolFailed
from intern_action.core.events import Answered
from intern_action.core.ports import Desk
from intern_action.core.types import Call, JsonObject, Reply, Thought
from intern_action.settings.words import prompt, text
from intern_action.trace import codec
from intern_action.trace.redact import MASK, SecretRedactor
from tests.fakes.histories import BEGAN
from tests.fakes.thinking import (
    BareDesk,
    CountingCheckout,
    ListJournal,
    NamedTool,
    ScriptedModel,
    SilentWatcher,
    StillClock,
    says,
)

SECRET = "correct horse/battery+staple&42"
REDACTOR = SecretRedactor({"MY_TOKEN": SECRET})
FORMS = {
    "as it is": SECRET,
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "hex": SECRET.encode().hex(),
    "in an address": quote(SECRET, safe=""),
    "backwards": SECRET[::-1],
}


class Watching(SilentWatcher):
    """Keeps what was streamed."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def streamed(self, text: str) -> None:
        """Keep it."""
        self.heard.append(text)


@pytest.mark.parametrize("form", FORMS)
def test_no_form_of_a_secret_gets_past_the_door(form: str):
    said = FORMS[form]
    journal, watcher = ListJournal(), Watching()

    def leak(arguments: JsonObject) -> str:
        raise ToolFailed(f"no file named {said} for {dict(arguments)}")

    tool = NamedTool("look", leak)
    reply = Reply(
        text=f"I found {said}.",
        calls=(
            Call(id="1", name="look", arguments={"path": "x", "deep": {"list": [said], said: 1}}),
            Call(id="2", name="look", arguments={"path": "x"}),
            Call(id="3", name=f"look {said}"),
            Call(id="4", name="look", flaw=f"not JSON: {said}"),
        ),
        thoughts=(Thought(text=f"the token is {said}", block={"type": "thinking", "thinking": f"it is {said}"}),),
    )
    memory = Memory.of((BEGAN,))
    Loop(
        memory=memory,
        model=ScriptedModel(reply, says(f"done with {said}")),
        toolbox=Toolbox((tool,), lambda _effects: None),
        desk=cast("Desk", BareDesk(clock=StillClock(), checkout=CountingCheckout(), redactor=REDACTOR)),
        journal=journal,
        allowance=Allowance(),
        watcher=watcher,
        system="be good",
        room=Room,
        voice=Voice(prompt=prompt, text=text),
    ).run()

    lines = b"".join(codec.write("", 0, StillClock().now(), event)[1] for event in journal.events).decode()
    assert said not in lines
    assert said not in repr(memory.turns)
    assert tool.ran == [{"path": "x"}], "what held a secret was not run"
    answers = {event.call_id: event.result.text for event in journal.events if isinstance(event, Answered)}
    assert LEAKED in answers["1"]
    assert MASK in answers["2"]


@given(cuts=st.lists(st.integers(0, 120), max_size=20), form=st.sampled_from(list(FORMS)))
def test_a_secret_that_streams_by_in_pieces_is_masked(cuts: list[int], form: str):
    said = f"I read the file and it says {FORMS[form]} in its third line.\nThat is all."
    heard: list[str] = []
    stream = Stream(heard.append, REDACTOR)
    places = sorted({0, *(min(cut, len(said)) for cut in cuts), len(said)})
    for start, end in itertools.pairwise(places):
        stream(said[start:end])
    stream.end()

    assert "".join(heard) == REDACTOR.text(said)
    assert FORMS[form] not in "".join(heard)


def test_a_line_without_an_end_is_let_go_in_pieces():
    heard: list[str] = []
    stream = Stream(heard.append, REDACTOR)
    for _ in range(3_000):
        stream("word ")

    assert heard
    assert len("".join(heard)) > 10_000


def test_an_honest_reply_passes_as_the_very_same_object():
    reply = Reply(
        text="tokenizer.pad_token = tokenizer.eos_token",
        calls=(
            Call(id="1", name="bash", arguments={"command": "python train.py", "list": (1, 2), "max_new_tokens": 512}),
        ),
        thoughts=(Thought(text="hm", block={"type": "thinking", "thinking": "hm", "signature": "s"}),),
    )

    assert masked(reply, REDACTOR) is reply
