"""How answers of many servers are understood, the odd ones included."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from intern_action.core.errors import ModelCut, ModelGarbled, ModelUnreachable
from intern_action.core.types import FinishReason, JsonObject, Reply, Usage
from intern_action.llm.arguments import read_arguments
from intern_action.llm.call_ids import Place, provider_id
from intern_action.llm.hearing import Hearing, read_usage

PLACE = Place(epoch=2, reply=7)


def _heard(*pieces: JsonObject) -> Reply:
    hearing = Hearing(model="m")
    for piece in pieces:
        hearing.piece(piece)
    return hearing.reply(PLACE)


def _delta(finish: str | None = None, **delta: object) -> JsonObject:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def _call(**fields: object) -> JsonObject:
    return _delta(tool_calls=[fields])


# --- calls --------------------------------------------------------------------------------------------------------------


def test_ids_say_where_the_call_stands_and_give_the_providers_own_back():
    reply = _heard(_call(index=0, id="call_0", function={"name": "t", "arguments": "{}"}), _delta("tool_calls"))

    assert reply.calls[0].id == "2-7-0-call_0"
    assert provider_id(reply.calls[0].id) == "call_0"


def test_a_call_without_an_id_gets_one():
    reply = _heard(_call(index=0, function={"name": "t", "arguments": "{}"}), _delta("tool_calls"))

    assert provider_id(reply.calls[0].id) == "call"


def test_pieces_belong_together_by_index_however_they_are_mixed():
    reply = _heard(
        _call(index=0, id="a", function={"name": "t", "arguments": '{"x":'}),
        _call(index=1, id="b", function={"name": "u", "arguments": '{"y":'}),
        _call(index=0, function={"arguments": "1}"}),
        _call(index=1, function={"arguments": "2}"}),
        _delta("tool_calls"),
    )

    assert [(call.name, call.arguments) for call in reply.calls] == [("t", {"x": 1}), ("u", {"y": 2})]


def test_servers_that_leave_the_index_out_begin_a_call_with_a_name():
    reply = _heard(
        _call(id="a", function={"name": "t", "arguments": '{"x":'}),
        _call(function={"arguments": "1}"}),
        _call(id="b", function={"name": "u", "arguments": "{}"}),
        _delta("tool_calls"),
    )

    assert [(call.name, call.arguments) for call in reply.calls] == [("t", {"x": 1}), ("u", {})]


def test_servers_that_say_index_0_for_all_begin_a_call_with_a_new_id():
    reply = _heard(
        _call(index=0, id="a", function={"name": "t", "arguments": "{}"}),
        _call(index=0, id="b", function={"name": "t", "arguments": "{}"}),
        _delta("tool_calls"),
    )

    assert len(reply.calls) == 2


def test_a_name_that_is_repeated_with_every_piece_is_said_once():
    reply = _heard(
        _call(index=0, id="a", function={"name": "bash", "arguments": '{"x":'}),
        _call(index=0, id="a", function={"name": "bash", "arguments": "1}"}),
        _delta("tool_calls"),
    )

    assert [(call.name, call.arguments) for call in reply.calls] == [("bash", {"x": 1})]


def test_arguments_that_come_as_an_object_are_taken():
    reply = _heard({"choices": [{"message": {"tool_calls": [{"id": "a", "function": {"name": "t", "arguments": {"x": 1}}}]},
                                 "finish_reason": "stop"}]})  # fmt: skip

    assert reply.calls[0].arguments == {"x": 1}
    assert reply.finish is FinishReason.CALLS


def test_a_call_without_a_name_is_flawed():
    reply = _heard(_call(index=0, id="a", function={"arguments": "{}"}), _delta("tool_calls"))

    assert reply.calls[0].flaw is not None


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ('{"a": 1', "not JSON"),
        ("{'a': 1}", "not JSON"),
        ('{"a": 1} and more', "not JSON"),
        ("<tool>", "not JSON"),
        ('{"a": NaN}', "NaN"),
        ('{"a": -Infinity}', "Infinity"),
        ('{"a": 1e999}', "1e999"),
        ('{"a": ' + "9" * 5000 + "}", "not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[1]", "not an object"),
        ("null", "not an object"),
        ('"{}"', "not an object"),
        ("3", "not an object"),
    ],
)
def test_each_flaw_says_what_is_wrong_and_shows_what_was_written(written: str, part: str):
    arguments, flaw = read_arguments(written)

    assert arguments == {}
    assert flaw is not None
    assert part in flaw
    assert written[:5] in flaw
    assert len(flaw) < 500


@pytest.mark.parametrize("written", ["", "  ", "{}", '{"a": {"b": [1, 2.5, null, true, "ü"]}}'])
def test_an_object_is_an_object(written: str):
    assert read_arguments(written) == (json.loads(written or "{}" if written.strip() else "{}"), None)


# --- the end ------------------------------------------------------------------------------------------------------------


def test_without_a_finish_reason_there_is_no_reply():
    with pytest.raises(ModelCut):
        _heard(_delta(content="All is do"))


@pytest.mark.parametrize("finish", ["stop", "tool_calls", "some-new-word"])
def test_neither_words_nor_calls_is_garbled(finish: str):
    with pytest.raises(ModelGarbled):
        _heard(_delta(content=""), _delta(finish))


def test_an_end_by_error_is_the_providers_fault():
    with pytest.raises(ModelUnreachable):
        _heard(_delta(content="half"), _delta("error"))


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("stop", FinishReason.STOP),
        ("eos", FinishReason.STOP),
        ("a word nobody knows", FinishReason.STOP),
        ("tool_calls", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("max_tokens", FinishReason.LENGTH),
        ("content_filter", FinishReason.FILTER),
        ("SAFETY", FinishReason.FILTER),
    ],
)
def test_each_word_for_the_end_is_understood(word: str, meant: FinishReason):
    assert _heard(_delta(content="x"), _delta(word)).finish is meant


def test_a_refusal_is_text_that_was_filtered():
    reply = _heard(_delta(refusal="I cannot "), _delta(refusal="do that."), _delta("stop"))

    assert (reply.text, reply.finish) == ("I cannot do that.", FinishReason.FILTER)


def test_odd_chunks_do_no_harm():
    reply = _heard(
        {"choices": []},
        {"choices": [{"delta": None, "finish_reason": None}]},
        {"choices": [{"delta": {"content": [{"type": "text", "text": "parts"}]}}]},
        {"choices": "?", "usage": None},
        _delta("stop"),
        {"choices": [{"delta": {}}], "usage": {"prompt_tokens": 3}},
    )

    assert (reply.text, reply.usage.input_tokens) == ("parts", 3)


# --- reasoning ----------------------------------------------------------------------------------------------------------


def test_plain_reasoning_is_one_thought_that_gives_its_field_back():
    reply = _heard(
        _delta(reasoning_content="Let me "), _delta(reasoning_content="see."), _delta(content="x"), _delta("stop")
    )

    assert [(thought.text, thought.block) for thought in reply.thoughts] == [
        ("Let me see.", {"reasoning_content": "Let me see."})
    ]


def test_details_are_put_together_by_index_and_keep_their_signature():
    def detail(**fields: object) -> JsonObject:
        return _delta(reasoning="x", reasoning_details=[{"type": "reasoning.text", "index": 0, **fields}])

    reply = _heard(
        detail(text="Let "),
        detail(text="me."),
        detail(text="", signature="sig"),
        _delta(reasoning_details=[{"type": "reasoning.encrypted", "index": 1, "data": "abc", "id": "r1"}]),
        _delta("stop", content="x"),
    )

    assert [thought.block for thought in reply.thoughts] == [
        {"type": "reasoning.text", "index": 0, "text": "Let me.", "signature": "sig"},
        {"type": "reasoning.encrypted", "index": 1, "data": "abc", "id": "r1"},
    ]


def test_several_signed_blocks_stay_several():
    def block(**fields: object) -> JsonObject:
        return _delta(thinking_blocks=[{"type": "thinking", **fields}])

    reply = _heard(
        block(thinking="one, "),
        block(thinking="two"),
        block(thinking="", signature="s1"),
        _delta(thinking_blocks=[{"type": "redacted_thinking", "data": "xyz"}]),
        block(thinking="three", signature="s2"),
        _delta("stop", content="x", reasoning_content="one, twothree"),
    )

    assert [thought.block for thought in reply.thoughts] == [
        {"type": "thinking", "thinking": "one, two", "signature": "s1"},
        {"type": "redacted_thinking", "data": "xyz"},
        {"type": "thinking", "thinking": "three", "signature": "s2"},
    ]


# --- usage --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 2}, Usage(input_tokens=9, output_tokens=2)),
        (
            {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 4}},
            Usage(input_tokens=9, cache_read_tokens=4),
        ),
        ({"prompt_tokens": 9, "prompt_cache_hit_tokens": 4}, Usage(input_tokens=9, cache_read_tokens=4)),
        ({"prompt_tokens": 9, "cost": 0.00042}, Usage(input_tokens=9, cost_usd=Decimal("0.00042"))),
        ({"prompt_tokens": "many", "completion_tokens": -3, "cost": True}, Usage()),
        ({"prompt_tokens": None, "prompt_tokens_details": None}, Usage()),
    ],
)
def test_usage_is_read_from_every_dialect(said: JsonObject, meant: Usage):
    assert read_usage(said) == meant
