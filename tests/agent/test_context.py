"""When a conversation is full, and how it is folded: pairs, order and size, over every conversation there can be."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intern_action.agent.brief import brief
from intern_action.agent.context import KEPT, Context, Room, boundary
from intern_action.agent.folding import Folder
from intern_action.agent.gauge import Gauge, fixed_weight, spec_weight, weight_of
from intern_action.agent.memory import Memory
from intern_action.agent.shorten import bytes_of, shortened
from intern_action.core.errors import ContextOverflow, ModelError, ModelUnreachable
from intern_action.core.events import Answered, Event, Folded, Heard, Spent, Told
from intern_action.core.types import (
    Answer,
    Call,
    FinishReason,
    Note,
    Reply,
    ToolResult,
    ToolSpec,
    Usage,
    Words,
)
from intern_action.llm.wire import dump, messages
from intern_action.settings.words import prompt
from intern_action.tools import all_tools
from intern_action.trace.redact import SecretRedactor
from tests.fakes.histories import began, histories, pairs_are_whole, texts
from tests.fakes.models import conversation
from tests.fakes.thinking import ScriptedModel, calls, says

SYSTEM = "be good"
SMALL = Room(window_tokens=8_192)


def context(room: Room, tools: tuple[ToolSpec, ...] = ()) -> Context:
    return Context(room=lambda: room, system=SYSTEM, tools=tools)


def memory_of(*events: Event, task: str = "train x on y") -> Memory:
    return Memory.of((began(task), *events))


def busy(turns: int, chars: int) -> list[Event]:
    """Return so many calls, each with an answer of so many characters."""
    events: list[Event] = []
    for number in range(turns):
        events.append(Heard(reply=calls((str(number), "bash", {"command": f"step {number}"}))))
        events.append(Answered(call_id=str(number), result=ToolResult(text=f"{number}:" + "x" * chars)))
    return events


def folded(memory: Memory, room: Room, *script: Reply | ModelError) -> tuple[list[Event], ScriptedModel]:
    """Fold a memory once; return what was written, and the model that was asked for the summary."""
    written: list[Event] = []
    model = ScriptedModel(*script)

    def write(event: Event) -> None:
        written.append(event)
        memory.take(event)

    Folder(
        context=context(room), model=model, system=SYSTEM, words=prompt, redactor=SecretRedactor({}), write=write
    ).fold(memory)
    return written, model


# --- how much there is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("room", "most"),
    [
        (Room(), 170_000),
        (Room(window_tokens=1_000_000), 170_000),
        (Room(window_tokens=200_000), 170_000),
        (Room(window_tokens=128_000), 108_800),
        (Room(window_tokens=8_192), 6_963),
        (Room(window_tokens=8_192, fold_at_tokens=4_000), 4_000),
        (Room(fold_at_tokens=0), 0),
    ],
)
def test_a_conversation_may_fill_what_is_set_and_never_more_than_85_percent_of_the_window(room: Room, most: int):
    assert room.most_tokens == most


def test_a_planner_of_ours_reads_everything():
    assert not context(Room(fold_at_tokens=0)).full(memory_of(*busy(50, 100_000)))


@given(histories())
@settings(deadline=None, max_examples=50)
def test_counting_turn_by_turn_is_counting_all(events: list[Event]):
    memory, gauge = memory_of(), Gauge(100)
    for event in events:
        memory.take(event)
        gauge.tokens(memory)

    assert gauge.tokens(memory) == Gauge(100).tokens(memory)


def test_a_turn_is_weighed_once():
    class Counted(str):
        __slots__ = ()
        looked = 0

        def isascii(self) -> bool:
            Counted.looked += 1
            return super().isascii()

    gauge, memory = Gauge(0), memory_of(Told(by="ada", words=Counted("x" * 1000)))
    for _ in range(50):
        gauge.tokens(memory)

    assert Counted.looked == 1


def test_what_a_provider_counted_sets_the_scale():
    memory = memory_of(
        Told(by="ada", words="x" * 32_000), Heard(reply=Reply(text="y", usage=Usage(input_tokens=15_000)))
    )

    assert Gauge(0).tokens(memory) == pytest.approx(15_000, rel=0.01)


@pytest.mark.parametrize("counted", [0, 11, 9_000_000])
def test_a_count_that_cannot_be_is_not_believed(counted: int):
    said = Told(by="ada", words="x" * 32_000)
    memory = memory_of(said, Heard(reply=Reply(text="y", usage=Usage(input_tokens=counted))))

    assert Gauge(0).tokens(memory) == pytest.approx(10_000, rel=0.05)


def test_what_was_counted_before_a_fold_says_nothing_after_it():
    events = busy(20, 3_000)
    events[-2] = Heard(reply=Reply(calls=(Call(id="19", name="bash"),), usage=Usage(input_tokens=30_000)))
    memory = memory_of(*events)
    before = Gauge(0).tokens(memory)
    memory.take(Folded(turns=30, note="much was done"))

    assert Gauge(0).tokens(memory) < before / 2


# --- what goes --------------------------------------------------------------------------------------------------------


@given(histories(), st.integers(min_value=0, max_value=80))
@settings(deadline=None, max_examples=100)
def test_no_cut_parts_a_call_from_its_answers(events: list[Event], wanted: int):
    turns = memory_of(*events).turns
    place = boundary(turns, min(wanted, len(turns)))

    assert pairs_are_whole(turns[:place])
    assert pairs_are_whole(turns[place:])


@given(histories(), texts, st.sampled_from([SMALL, Room(window_tokens=32_768), Room()]), st.booleans())
@settings(deadline=None, max_examples=150)
def test_a_fold_keeps_pairs_order_words_and_the_newest_and_fits(
    events: list[Event], task: str, room: Room, sums_up: bool
):
    memory = memory_of(*events, task=task)
    before = list(memory.turns)
    written, _ = folded(memory, room, says("what was done") if sums_up else ModelUnreachable("no"))
    after = memory.turns

    assert pairs_are_whole(after)
    assert [type(turn) for turn in after[-min(KEPT, len(before)) :]] == [type(turn) for turn in before[-KEPT:]]
    said = [turn.by for turn in before if isinstance(turn, Words)]
    assert [turn.by for turn in after if isinstance(turn, Words)] == said, "people's words outlive a fold"
    answered = [turn.call.id for turn in before if isinstance(turn, Answer)]
    kept = [turn.call.id for turn in after if isinstance(turn, Answer)]
    assert kept == answered[len(answered) - len(kept) :], "what stays stays in its order"
    assert context(room)._gauge.tokens(memory) <= room.most_tokens, "and it fits"
    assert sum(isinstance(event, Folded) for event in written) <= 1, "one break of the prefix, none where nothing goes"
    messages(conversation(*after), "m")  # no provider is shown half a pair


@given(histories())
@settings(deadline=None, max_examples=50)
def test_a_replay_folds_in_the_same_way(events: list[Event]):
    memory = memory_of(*events)
    written, _ = folded(memory, SMALL, says("what was done"))
    again = memory_of(*events, *written)

    assert dump(messages(conversation(*again.turns), "m")) == dump(messages(conversation(*memory.turns), "m"))
    assert (again.epoch, again.folded_to) == (memory.epoch, memory.folded_to)


@given(texts, st.integers(min_value=0, max_value=5_000))
@settings(deadline=None)
def test_a_shortened_text_is_as_short_as_asked(text: str, most: int):
    assert bytes_of(shortened(text, most)) <= max(most, 64)


def test_a_huge_last_answer_is_cut_and_its_ends_stay():
    memory = memory_of(*busy(1, 10))
    memory.take(Heard(reply=calls(("big", "bash", {"command": "cat"}))))
    memory.take(Answered(call_id="big", result=ToolResult(text="begins here" + "x" * 3_000_000 + "ends here")))
    folded(memory, SMALL)

    last = memory.turns[-1]
    assert isinstance(last, Answer)
    assert last.result.text.startswith("begins here")
    assert last.result.text.endswith("ends here")
    assert len(last.result.text) < 20_000


def test_one_single_huge_message_of_a_person_is_cut_and_not_fatal():
    memory = memory_of(task="read this: " + "x" * 500_000)
    written, model = folded(memory, SMALL)

    assert model.asked == []
    assert written == [Folded(turns=0, note="", most_bytes=written[0].most_bytes)]  # pyright: ignore[reportAttributeAccessIssue]
    (task,) = memory.turns
    assert isinstance(task, Words)
    assert task.text.startswith("read this: ")
    assert not context(SMALL).full(memory)


def test_a_fold_keeps_people_s_words_as_they_are_where_there_is_room():
    memory = memory_of(Told(by="grace", words="use LoRA"), *busy(60, 12_000))
    folded(memory, Room(), says("I looked at 60 things"))

    assert memory.turns[:2] == [Words(by="ada", text="train x on y"), Words(by="grace", text="use LoRA")]
    assert isinstance(memory.turns[2], Note)
    assert "I looked at 60 things" in memory.turns[2].text


def test_reasoning_is_left_out_of_a_reply_that_is_cut():
    memory = memory_of(*busy(1, 10))
    reply = Reply(calls=(Call(id="w", name="write_file", arguments={"path": "a.py", "content": "x" * 900_000}),))
    memory.take(Heard(reply=reply))
    memory.take(Answered(call_id="w", result=ToolResult(text="written")))
    folded(memory, SMALL)

    kept = [turn for turn in memory.turns if isinstance(turn, Reply)][-1]
    assert kept.calls[0].arguments["path"] == "a.py"
    assert "left out" in str(kept.calls[0].arguments["content"])


# --- the summary ------------------------------------------------------------------------------------------------------


def test_a_summary_is_asked_for_over_what_was_sent_before_and_booked():
    memory = memory_of(*busy(60, 12_000))
    before = list(memory.turns)
    written, model = folded(memory, Room(), Reply(text="all of it", usage=Usage(output_tokens=3), model="m"))

    (asked,) = model.asked
    assert list(asked.turns[:-1]) == before[: len(asked.turns) - 1], "the prefix that the provider has kept"
    assert isinstance(asked.turns[-1], Note)
    assert [type(event) for event in written] == [Spent, Folded]


@pytest.mark.parametrize(
    "answer",
    [
        ModelUnreachable("no"),
        ContextOverflow("too long"),
        Reply(text=""),
        Reply(text="cut in the mid", finish=FinishReason.LENGTH),
        Reply(text="I cannot", finish=FinishReason.FILTER),
        Reply(text="x" * 2_000_000),
        Reply(calls=(Call(id="z", name="bash"),)),
    ],
    ids=["unreachable", "too long itself", "empty", "cut", "filtered", "not smaller", "a call"],
)
def test_a_summary_that_is_none_is_a_digest_instead(answer: Reply | ModelError):
    memory = memory_of(*busy(60, 12_000))
    folded(memory, Room(), answer)

    note = memory.turns[1]
    assert isinstance(note, Note)
    assert "- bash step 41: 41:xxx" in note.text


def test_a_digest_keeps_what_an_earlier_fold_kept():
    memory = memory_of(*busy(60, 12_000))
    folded(memory, Room(), says("the learning rate of 3e-4 diverged"))
    for number, event in enumerate(busy(60, 12_000)):
        memory.take(_renumbered(event, number))
    folded(memory, Room(), ModelUnreachable("no"))

    assert "3e-4 diverged" in str(memory.turns[1])


def _renumbered(event: Event, number: int) -> Event:
    match event:
        case Heard():
            return Heard(reply=calls((f"again{number // 2}", "bash", {"command": "more"})))
        case Answered(result=result):
            return Answered(call_id=f"again{number // 2}", result=result)
        case _:
            return event


def test_the_plan_stands_in_the_note():
    steps = [{"text": "look", "state": "done"}, {"text": "train", "state": "doing"}]
    plan = (
        Heard(reply=calls(("p", "create_plan", {"steps": ["look", "train"]}))),
        Answered(call_id="p", result=ToolResult(text="-", data={"plan": 1, "steps": steps})),
    )
    memory = memory_of(*plan, *busy(60, 12_000))
    folded(memory, Room(), says("summary"))

    note = memory.turns[1]
    assert isinstance(note, Note)
    assert "[x] look\n[>] train" in note.text


# --- small windows ----------------------------------------------------------------------------------------------------


def test_tools_are_told_of_more_briefly_in_a_small_window_and_take_the_same_calls():
    tools = tuple(tool.spec for tool in all_tools())
    small = context(SMALL, tools).tools

    assert context(Room(), tools).tools == tools
    assert sum(map(spec_weight, small)) < sum(map(spec_weight, tools)) * 0.6
    assert [spec.name for spec in small] == [spec.name for spec in tools]
    for whole, told in zip(tools, small, strict=True):
        assert set(_properties(told)) == set(_properties(whole))
        assert told.parameters.get("required") == whole.parameters.get("required")
        assert told.description


def _properties(spec: ToolSpec) -> dict[str, object]:
    found = spec.parameters.get("properties")
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def test_an_argument_that_is_called_description_keeps_its_place():
    schema = {"type": "object", "properties": {"description": {"type": "string", "description": "long words"}}}
    (told,) = brief((ToolSpec(name="t", description="Does it. And more.", parameters=schema),), 0)

    assert told.parameters["properties"] == {"description": {"type": "string"}}
    assert told.description == "Does it"


def test_the_house_s_own_tools_leave_half_of_a_small_window_free():
    tools = tuple(tool.spec for tool in all_tools())
    system = "x" * 2_000
    small = Context(room=lambda: SMALL, system=system, tools=tools)

    assert Gauge(0).tokens_of(fixed_weight(system, small.tools)) < SMALL.window_tokens / 2


def test_a_window_that_instructions_alone_fill_is_said_with_what_to_change():
    memory = memory_of(*busy(3, 100))
    tight = Context(room=lambda: Room(window_tokens=2_048), system="x" * 6_000, tools=())

    with pytest.raises(ContextOverflow, match="choose a model with a larger window"):
        tight.fold(memory)


# --- when the provider says so ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [0, 8_192])
def test_a_provider_that_refuses_is_asked_with_less(told: int):
    memory = memory_of(*busy(30, 2_000))
    around = context(Room())
    assert not around.full(memory)

    around.overflowed(memory, told)

    assert around.full(memory)
    fold = around.fold(memory)
    memory.take(Folded(turns=fold.turns, note="x" * fold.note_bytes, most_bytes=fold.most_bytes))
    assert not around.full(memory)


def test_the_room_is_asked_for_once():
    asked: list[int] = []

    def room() -> Room:
        asked.append(1)
        return Room()

    around = Context(room=room, system=SYSTEM, tools=())
    for _ in range(3):
        around.full(memory_of())

    assert asked == [1]


def test_weighing_a_turn_weighs_its_arguments_too():
    light, heavy = calls(("1", "bash", {"command": "ls"})), calls(("1", "bash", {"command": "x" * 500}))

    assert weight_of([heavy]) - weight_of([light]) == 498
