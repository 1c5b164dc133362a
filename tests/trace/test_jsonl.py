"""The rows of trace.jsonl."""

import json
from collections import Counter

from intern_action.core.events import Answered, Heard
from intern_action.trace import jsonl
from tests.trace import stories

STORY = stories.told_to_its_end()
ROWS = [json.loads(line) for line in jsonl.lines(STORY, cwd="/work", version="0.1.0")]


def rows_of(kind: str) -> list[dict[str, object]]:
    return [row for row in ROWS if row["type"] == kind]


def test_each_row_has_what_readers_ask_for():
    asked = {"type", "uuid", "parentUuid", "timestamp", "sessionId", "isSidechain", "userType", "cwd", "version"}
    assert all(asked <= row.keys() for row in ROWS)
    assert all(row["timestamp"].endswith("Z") for row in ROWS)
    assert len({row["uuid"] for row in ROWS}) == len(ROWS)
    assert [row["parentUuid"] for row in ROWS] == [None, *(row["uuid"] for row in ROWS[:-1])]


def test_an_answer_of_the_model_keeps_thinking_signature_calls_and_usage():
    message = rows_of("assistant")[0]["message"]
    assert isinstance(message, dict)
    assert [block["type"] for block in message["content"]] == ["thinking", "text", "tool_use"]
    assert message["content"][0]["signature"] == "ErUBCkYIBxgCKkBz"
    assert message["content"][2] == {
        "type": "tool_use",
        "id": "c1",
        "name": "hf_model_load",
        "input": {"model": "models/minilm"},
    }
    assert message["usage"] == {
        "input_tokens": 410,
        "output_tokens": 214,
        "cache_read_input_tokens": 3800,
        "cache_creation_input_tokens": 0,
    }
    assert (message["model"], message["stop_reason"]) == (stories.MODEL, "tool_use")
    assert rows_of("assistant")[-1]["message"]["stop_reason"] == "end_turn"  # pyright: ignore[reportIndexIssue] - JSON


def test_every_answer_points_at_its_call():
    calls = {call.id for entry in STORY if isinstance(entry.event, Heard) for call in entry.event.reply.calls}
    blocks = [row["message"]["content"][0] for row in ROWS if row["type"] == "user" and "toolUseResult" in row]
    assert {block["tool_use_id"] for block in blocks} == calls
    assert sum(block["is_error"] for block in blocks) == sum(
        entry.event.result.failed for entry in STORY if isinstance(entry.event, Answered)
    )


def test_an_approval_and_every_state_stand_between_the_rows_of_the_conversation():
    remarks = Counter(str(row["content"]).split("**")[1] for row in rows_of("system"))
    assert remarks["approved"] == 1
    assert remarks["refused"] == 1
    assert remarks["held"] == remarks["plan"] == remarks["awaiting-review"] == 2
    assert remarks["launched"] == remarks["paid"] == remarks["done"] == 1


def test_the_same_journal_gives_the_same_rows():
    assert list(jsonl.lines(STORY)) == list(jsonl.lines(stories.told_to_its_end()))


def test_a_strangers_tags_are_words():
    text = "".join(jsonl.lines(stories.full_of_tricks()))
    for row in map(json.loads, text.splitlines()):
        if row["type"] == "user" and "toolUseResult" not in row:
            said = (
                row["message"]["content"][0]["text"]
                .removeprefix("<system-reminder>")
                .removesuffix("</system-reminder>")
            )
            assert not any(hiding in said for hiding in (*jsonl._HIDING, "<system-reminder>"))
