"""One line for people, about each thing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intern_action.core.events import Event, Planned, Published, Spent
from intern_action.core.types import Call, ToolResult
from intern_action.trace import gist
from intern_action.trace.told import dollars, seconds, told
from tests.trace.kinds import KINDS, events


@given(event=events)
def test_every_event_can_be_told(event: Event):
    said = told(event)
    silent = {"heard", "answered", "started", "told"} | (
        {"spent"} if isinstance(event, Spent) and not event.call_id else set()
    )
    assert (said is None) == (event.kind in silent)
    assert said is None or said.label


def test_there_is_no_kind_nobody_thought_of():
    assert KINDS


@pytest.mark.parametrize(
    ("usd", "words"),
    [
        (None, "an unknown price"),
        ("0", "$0.00"),
        ("0.00001", "under $0.0001"),
        ("0.0123", "$0.0123"),
        ("0.132", "$0.132"),
        ("0.50", "$0.50"),
        ("12.345", "$12.34"),
        ("1234567.8", "$1,234,567.80"),
    ],
)
def test_money_reads_like_money(usd: str | None, words: str):
    assert dollars(None if usd is None else Decimal(usd)) == words


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (12.4, "12 s"),
        (185, "3 min 5 s"),
        (3600, "1 h"),
        (7440, "2 h 4 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_span_reads_like_a_span(span: float, words: str):
    assert seconds(span) == words


@given(span=st.floats(min_value=0, max_value=1e9))
def test_any_span_can_be_said(span: float):
    assert seconds(span)


def test_what_was_not_done_is_bad_news():
    said = told(Published(what="not-done", data={"why": "x/y exists already"}))
    assert said is not None
    assert (said.label, said.line, said.tone) == ("not done", "x/y exists already", "bad")


def test_the_gist_of_a_call_is_its_telling_argument():
    assert gist.gist(Call(id="1", name="bash", arguments={"timeout": 5, "command": "ls\n  -l"})) == "ls -l"
    assert gist.gist(Call(id="1", name="smoke_test", arguments={"job": {"script": "train.py"}})) == "train.py"
    assert gist.gist(Call(id="1", name="x", arguments={"a": 1, "b": [1, 2], "c": {"d": 1}})) == "a=1, b=[2], c={…}"
    assert gist.gist(Call(id="1", name="x", flaw="not JSON")) == "not JSON"
    assert len(gist.gist(Call(id="1", name="x", arguments={"command": "w" * 500}))) == 100


def test_the_first_line_is_the_first_that_says_something():
    assert gist.first_line(ToolResult(text="\n  \n  hello \nworld")) == "hello"
    assert gist.first_line(ToolResult(text="")) == "(no output)"


def test_long_strings_in_arguments_are_shown_as_blocks():
    assert gist.pretty({"path": "a.py", "content": "one\ntwo"}) == '{\n  "path": "a.py"\n}\n\ncontent:\none\ntwo'


def test_a_plan_without_a_price_costs_nothing():
    said = told(Planned(call_id="c", digest="0" * 64, pull_request=3, ceiling_usd=Decimal(0)))
    assert said is not None
    assert said.line == "intern:00000000 in pull request #3, costs nothing"
