"""The journal's lines come back as what they were, and nothing else is taken for one."""

import json
import typing
from dataclasses import fields
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intern_action.core.errors import Bug, NotAllowed
from intern_action.core.events import Answered, Entry, Event, Heard, Noted, Spent, Told
from intern_action.core.types import Call, Reply, Thought, ToolResult
from intern_action.trace import codec
from tests.trace.kinds import KINDS, START, events, times


def chained(*happened: Event) -> list[Entry]:
    entries: list[Entry] = []
    for event in happened:
        before, seq = (entries[-1].hash, entries[-1].seq + 1) if entries else ("", 0)
        entries.append(codec.chain(before, seq, START, event))
    return entries


def lines(*happened: Event) -> list[bytes]:
    return [codec.line(entry) for entry in chained(*happened)]


THREE = (Told(by="ada", words="one"), Told(by="ada", words="two"), Told(by="ada", words="three"))


def test_there_is_a_strategy_for_every_kind_of_event():
    kinds = {field.default for kind in typing.get_args(Event) for field in fields(kind) if field.name == "kind"}
    assert set(KINDS) == kinds


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_event_comes_back_as_it_was(kind: str):
    @settings(max_examples=40, deadline=None)
    @given(event=KINDS[kind], at=times)
    def comes_back(event: Event, at: datetime) -> None:
        entry = codec.chain("", 0, at, event)
        assert codec.verify([codec.line(entry)]) == (entry,)

    comes_back()


@settings(max_examples=30, deadline=None)
@given(happened=st.lists(events, min_size=1, max_size=6), data=st.data())
def test_one_changed_byte_anywhere_is_noticed(happened: list[Event], data: st.DataObject):
    whole = b"".join(lines(*happened))
    place = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[place]))
    changed = whole[:place] + bytes([other]) + whole[place + 1 :]
    rows, rest = codec.split(changed)
    with pytest.raises(codec.BrokenJournal):
        codec.verify([*rows, rest] if rest else rows)


def test_the_order_of_a_thinking_block_and_of_arguments_is_kept():
    block = {"type": "thinking", "thinking": "…", "signature": "c2ln"}
    reply = Reply(
        thoughts=(Thought(text="…", block=block),), calls=(Call(id="1", name="b", arguments={"z": 1, "a": 2}),)
    )
    (entry,) = codec.verify(lines(Heard(reply=reply)))
    assert isinstance(entry.event, Heard)
    assert json.dumps(entry.event.reply.thoughts[0].block) == json.dumps(block)
    assert list(entry.event.reply.calls[0].arguments) == ["z", "a"]


def test_a_line_is_ascii_and_its_time_ends_in_z():
    (line,) = lines(Told(by="grüße", words="日本\u2028語"))
    assert line.isascii()
    assert json.loads(line)["at"] == "2026-11-23T09:00:00.000000Z"


def test_money_is_written_as_words_and_never_rounded():
    exact = Decimal("0.1234567890123456789012345678901234567890")
    (line,) = lines(Spent(usd=exact, why="model"))
    assert json.loads(line)["event"]["usd"] == str(exact)
    (entry,) = codec.verify([line])
    assert isinstance(entry.event, Spent)
    assert entry.event.usd == exact


def test_a_number_that_is_none_in_the_data_becomes_a_word():
    answered = Answered(call_id="1", result=ToolResult(text="", data={"loss": float("nan"), "max": [float("inf")]}))
    (entry,) = codec.verify(lines(answered))
    assert isinstance(entry.event, Answered)
    assert entry.event.result.data == {"loss": "nan", "max": ["inf"]}


@pytest.mark.parametrize(
    "event",
    [
        Spent(usd=Decimal("NaN"), why="model"),
        Spent(usd=Decimal("Infinity"), why="model"),
        Answered(call_id="1", result=ToolResult(text=""), seconds=float("nan")),
        Answered(call_id="1", result=ToolResult(text="", data={"a": object()})),
    ],
)
def test_what_could_not_be_read_again_is_not_written(event: Event):
    with pytest.raises(Bug):
        codec.chain("", 0, START, event)


def test_half_a_surrogate_pair_does_not_make_a_journal_unreadable():
    (entry,) = codec.verify(lines(Noted(text="a\ud800b")))
    assert entry.event == Noted(text="a?b")


def test_arguments_nested_ten_thousand_deep_do_not_make_a_journal_unreadable():
    deep: dict[str, object] = {}
    for _ in range(10_000):
        deep = {"a": deep}
    (entry,) = codec.verify(lines(Heard(reply=Reply(calls=(Call(id="1", name="b", arguments=deep),)))))
    assert isinstance(entry.event, Heard)


def test_a_time_without_a_zone_has_no_place():
    with pytest.raises(Bug, match="zone"):
        codec.chain("", 0, datetime(2026, 1, 1), Noted(text=""))  # noqa: DTZ001 - that is the point


def test_a_missing_line_is_named():
    first, _, third = lines(*THREE)
    with pytest.raises(codec.BrokenJournal, match=r"^line 2 .*chain") as caught:
        codec.verify([first, third])
    assert caught.value.line == 2
    assert isinstance(caught.value, NotAllowed)


def test_a_number_out_of_order_is_named():
    first = codec.chain("", 0, START, THREE[0])
    skipped = codec.chain(first.hash, 2, START, THREE[1])
    with pytest.raises(codec.BrokenJournal, match=r"line 2 .* has the number 2 where 1 belongs"):
        codec.verify([codec.line(first), codec.line(skipped)])


def test_two_lines_in_the_wrong_order_are_noticed():
    first, second, third = lines(*THREE)
    with pytest.raises(codec.BrokenJournal, match="line 1"):
        codec.verify([second, first, third])


def forged(change: typing.Callable[[dict[str, typing.Any]], None]) -> bytes:
    """Return a line with a right hash over what `change` made of it."""
    value = json.loads(lines(THREE[0])[0])
    del value["hash"]
    change(value)
    body = json.dumps(value, separators=(",", ":")).encode()
    return codec.finish(body, codec._hash(body))


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value["event"].update(kind="granted"),
        lambda value: value["event"].update(approved=True),
        lambda value: value["event"].pop("by"),
        lambda value: value["event"].update(by=5),
        lambda value: value.update(extra=1),
        lambda value: value.update(seq="0"),
        lambda value: value.update(seq=0.0),
        lambda value: value.update(at="yesterday"),
        lambda value: value.update(at="2026-11-23T09:00:00"),
        lambda value: value.update(at="2026-11-23T10:00:00.000000+01:00"),
        lambda value: value.update(at=1795424400),
        lambda value: value.update(before="x"),
        lambda value: value.update(event=value.pop("event"), at=value.pop("at")),
    ],
)
def test_a_line_with_a_right_hash_that_we_would_not_have_written_is_refused(change):  # noqa: ANN001 - a lambda
    with pytest.raises(codec.BrokenJournal, match="line 1"):
        codec.verify([forged(change)])


def test_a_line_in_our_own_way_of_writing_is_taken():
    assert codec.verify([forged(lambda _value: None)])


def test_a_field_said_twice_is_refused():
    body = lines(THREE[0])[0][: -codec._TAIL_BYTES - 1].replace(b'"seq":0,', b'"seq":0,"seq":0,') + b"}"
    with pytest.raises(codec.BrokenJournal):
        codec.verify([codec.finish(body, codec._hash(body))])


def test_an_entry_with_a_borrowed_hash_is_not_written():
    entry = codec.chain("", 0, START, THREE[0])
    other = Entry(seq=0, at=START, before="", event=THREE[1], hash=entry.hash)
    with pytest.raises(codec.BrokenJournal, match="own hash"):
        codec.line(other)


def test_a_segment_is_checked_against_the_head_it_extends():
    entries = chained(*THREE)
    segment = [codec.line(entry) for entry in entries[1:]]
    assert codec.verify(segment, before=entries[0].hash, seq=None) == tuple(entries[1:])
    with pytest.raises(codec.BrokenJournal, match="line 1"):
        codec.verify(segment, before=entries[1].hash, seq=None)
    with pytest.raises(codec.BrokenJournal, match="line 1"):
        codec.verify(segment, before=entries[0].hash, seq=3)


def test_a_torn_last_line_is_told_apart_from_a_broken_one(tmp_path):  # noqa: ANN001
    path = tmp_path / "journal.jsonl"
    whole = lines(*THREE)
    path.write_bytes(b"".join(whole))
    assert codec.read(path) == (tuple(chained(*THREE)), False)
    for cut in range(1, len(whole[2])):
        path.write_bytes(b"".join(whole)[:-cut])
        assert codec.read(path) == (tuple(chained(*THREE))[:2], cut < len(whole[2]))
    path.write_bytes(whole[0] + whole[1][:20] + b"\n" + whole[2])
    with pytest.raises(codec.BrokenJournal, match="line 2 of the journal is not a whole line"):
        codec.read(path)


def test_a_disk_that_filled_the_tail_with_zeros_counts_as_torn(tmp_path):  # noqa: ANN001
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b"".join(lines(*THREE[:2])) + bytes(300))
    assert codec.read(path) == (tuple(chained(*THREE[:2])), True)


def test_an_empty_journal_is_a_journal(tmp_path):  # noqa: ANN001
    path = tmp_path / "journal.jsonl"
    path.touch()
    assert codec.read(path) == ((), False)
