"""Hypothesis strategies for every kind of event, and a clock that moves when told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from intern_action.core.events import (
    Allowed,
    Answered,
    Began,
    Event,
    Folded,
    Heard,
    Held,
    Moved,
    Noted,
    Planned,
    Published,
    Refused,
    Spent,
    Started,
    Submitted,
    Told,
)
from intern_action.core.states import State
from intern_action.core.types import Call, FinishReason, JobRef, Reply, Thought, ToolResult, Usage

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class HandClock:
    """Stands still until `wait`."""

    def __init__(self, at: datetime = START) -> None:
        self._start = at
        self.passed = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    def wait(self, seconds: float) -> None:
        self.passed += seconds


text = st.text(max_size=30)
numbers = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | numbers | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
json_objects = st.dictionaries(text, json_values, max_size=3)
money = st.decimals(min_value=0, max_value=10**9, allow_nan=False, allow_infinity=False)
counts = st.integers(min_value=0, max_value=10**9)
times = st.timedeltas(min_value=timedelta(days=-9000), max_value=timedelta(days=60_000)).map(
    lambda passed: START + passed
)
people = st.lists(text, max_size=2).map(tuple)

usages = st.builds(
    Usage,
    input_tokens=counts,
    output_tokens=counts,
    cache_read_tokens=counts,
    cache_write_tokens=counts,
    cost_usd=st.none() | money,
)
calls = st.builds(Call, id=text, name=text, arguments=json_objects, flaw=st.none() | text)
replies = st.builds(
    Reply,
    text=text,
    calls=st.lists(calls, max_size=2).map(tuple),
    thoughts=st.lists(st.builds(Thought, text=text, block=json_objects), max_size=2).map(tuple),
    finish=st.sampled_from(FinishReason),
    usage=usages,
    model=text,
)
results = st.builds(ToolResult, text=text, data=json_objects, failed=st.booleans())
jobs = st.builds(JobRef, backend=text, id=text, launch_key=text)

KINDS: dict[str, st.SearchStrategy[Event]] = {
    "began": st.builds(
        Began,
        session=text,
        task=text,
        requester=text,
        thread=counts,
        base=text,
        base_sha=text,
        branch=text,
        model=text,
        event_key=text,
        max_turns=counts,
        max_cost_usd=st.none() | money,
        schema=st.just(1),
    ),
    "told": st.builds(Told, by=text, words=text),
    "moved": st.builds(Moved, to=st.sampled_from(State), why=text, exit_code=counts),
    "heard": st.builds(Heard, reply=replies),
    "started": st.builds(Started, call_id=text),
    "answered": st.builds(
        Answered, call_id=text, result=results, snapshot=text, seconds=st.floats(min_value=0, max_value=1e6)
    ),
    "held": st.builds(Held, call_id=text, why=text),
    "planned": st.builds(Planned, call_id=text, digest=text, pull_request=counts, ceiling_usd=money),
    "allowed": st.builds(Allowed, call_id=text, digest=text, by=people),
    "refused": st.builds(Refused, call_id=text, digest=text, by=text, words=text),
    "submitted": st.builds(Submitted, call_id=text, digest=text, job=jobs, attempt=counts),
    "spent": st.builds(Spent, usd=st.none() | money, why=text, usage=usages, call_id=text),
    "noted": st.builds(Noted, text=text),
    "folded": st.builds(Folded, turns=counts, note=text),
    "published": st.builds(Published, what=text, call_id=text, data=st.dictionaries(text, text, max_size=3)),
}
events = st.one_of(*KINDS.values())
