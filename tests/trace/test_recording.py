"""What a session's answers were can be read from what it left."""

from collections.abc import Callable
from pathlib import Path

import pytest

from intern_action.core.errors import Misconfigured
from intern_action.core.events import Entry, Heard
from intern_action.core.types import Call, Reply
from intern_action.trace import codec, jsonl
from intern_action.trace.recording import replies
from tests.trace import stories


def heard(entries: tuple[Entry, ...]) -> tuple[Reply, ...]:
    return tuple(entry.event.reply for entry in entries if isinstance(entry.event, Heard))


@pytest.mark.parametrize("story", [stories.told_to_its_end, stories.of_many_turns])
def test_the_rows_of_a_trace_give_the_answers_back(story: Callable[[], tuple[Entry, ...]], tmp_path: Path):
    path = tmp_path / "trace.jsonl"
    path.write_text("".join(jsonl.lines(story())), encoding="ascii")
    assert replies(path) == heard(story())


def test_a_journal_gives_the_answers_back(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    path.write_bytes(codec.dump(stories.told_to_its_end()))
    assert replies(path) == heard(stories.told_to_its_end())


def test_a_flawed_call_and_an_empty_answer_come_back(tmp_path: Path):
    path = tmp_path / "trace.jsonl"
    said = (Reply(calls=(Call(id="1", name="bash", flaw="not JSON"),), model="m"), Reply(model="m"))
    entries = stories.entries_of([stories.beginning("x"), *(Heard(reply=reply) for reply in said)])
    path.write_text("".join(jsonl.lines(entries)), encoding="ascii")
    assert [(reply.calls, reply.text) for reply in replies(path)] == [(reply.calls, reply.text) for reply in said]


def test_what_is_no_recording_gets_one_message(tmp_path: Path):
    path = tmp_path / "trace.jsonl"
    with pytest.raises(Misconfigured, match="cannot be read"):
        replies(path)
    path.write_text('{"type": "user"}\nhello\n')
    with pytest.raises(Misconfigured, match=r"trace\.jsonl:2 is no row of a trace"):
        replies(path)
    path.write_text('{"type": "assistant", "message": {"content": [{"type": "picture"}]}}\n')
    with pytest.raises(Misconfigured, match=r"trace\.jsonl:1"):
        replies(path)
