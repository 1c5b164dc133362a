"""Hypothesis strategies for conversations as they can really be: every call is answered before the next reply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from intern_action.core.events import Answered, Began, Event, Heard, Noted, Told
from intern_action.core.types import Answer, Call, Reply, Thought, ToolResult, Turn, Usage

BEGAN = Began(
    session="s",
    task="train x on y",
    requester="ada",
    thread=1,
    base="main",
    base_sha="b",
    branch="x",
    model="m",
    event_key="k",
)


def began(task: str = "train x on y") -> Began:
    """Return the beginning of a session with this task."""
    return replace(BEGAN, task=task)


def _repeated(piece_and_times: tuple[str, int]) -> str:
    piece, times = piece_and_times
    return piece * times


_pieces = st.sampled_from(["a", "line of output\n", "日本", "é", "0123456789 ", '{"x": 1}', "\\", "\x00"])
texts: st.SearchStrategy[str] = st.tuples(_pieces, st.integers(min_value=0, max_value=4_000)).map(_repeated)


@st.composite
def histories(draw: st.DrawFn, most_replies: int = 12) -> list[Event]:
    """Return the events of a conversation that stands before the next question."""
    events: list[Event] = []
    for number in range(draw(st.integers(min_value=0, max_value=most_replies))):
        events += draw(_turns(number))
    return events


@st.composite
def _turns(draw: st.DrawFn, number: int) -> Sequence[Event]:
    calls = tuple(
        Call(id=f"{number}-{place}", name="bash", arguments={"command": draw(texts)})
        for place in range(draw(st.integers(min_value=0, max_value=4)))
    )
    reply = Reply(
        text=draw(texts),
        calls=calls,
        thoughts=draw(st.sampled_from([(), (Thought(text="hm", block={"type": "thinking", "signature": "s"}),)])),
        usage=Usage(input_tokens=draw(st.sampled_from([0, 11, 5_000, 200_000]))),
    )
    between: list[Event] = [Answered(call_id=call.id, result=ToolResult(text=draw(texts))) for call in calls]
    if draw(st.booleans()):
        place = draw(st.integers(min_value=0, max_value=len(between)))
        said = draw(st.sampled_from([Told(by="ada", words="smaller, please"), Noted(text="mind the gap")]))
        between.insert(place, said)
    if not calls and not between:
        between.append(Told(by="ada", words="go on"))
    return [Heard(reply=reply), *between]


def pairs_are_whole(turns: Sequence[Turn]) -> bool:
    """Whether every answer follows its call, and every call has its answer before the next reply."""
    waiting: set[str] = set()
    for turn in turns:
        match turn:
            case Reply(calls=calls):
                if waiting:
                    return False
                waiting = {call.id for call in calls}
            case Answer(call=call):
                if call.id not in waiting:
                    return False
                waiting.discard(call.id)
            case _:
                pass
    return not waiting
