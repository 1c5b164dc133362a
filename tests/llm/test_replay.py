"""A recording, played again."""

from __future__ import annotations

import pytest

from intern_action.core.errors import ModelError
from intern_action.core.types import Call, Note, Reply, Words
from intern_action.llm.replay import Replay, ReplayEnded
from tests.fakes.models import answers, conversation

FIRST = Reply(text="I look.", calls=(Call(id="0-0-0-a", name="read_file"),))
SECOND = Reply(text="Done.")
GO = Words(by="ada", text="go")


def test_replies_come_in_order_and_are_heard():
    heard: list[str] = []
    model = Replay([FIRST, SECOND], name="replay:t.jsonl")

    assert model.answer(conversation(GO), heard.append) == FIRST
    assert model.answer(conversation(GO, *answers(FIRST)), heard.append) == SECOND
    assert heard == ["I look.", "Done."]


def test_a_resumed_session_goes_on_where_it_stood():
    assert Replay([FIRST, SECOND], name="r").answer(conversation(GO, *answers(FIRST))) == SECOND


def test_a_fold_that_hides_replies_does_not_turn_the_recording_back():
    model = Replay([FIRST, SECOND], name="r")
    model.answer(conversation(GO))

    assert model.answer(conversation(Note(text="what was before"), epoch=1)) == SECOND


def test_leaving_the_recorded_path_is_a_fault_that_says_where():
    model = Replay([FIRST], name="replay:t.jsonl")

    with pytest.raises(
        ReplayEnded, match=r"replay:t.jsonl holds 1 answers and the session asks for answer 2"
    ) as raised:
        model.answer(conversation(GO, *answers(FIRST)))
    assert isinstance(raised.value, ModelError)
    assert raised.value.exit_code == 5
