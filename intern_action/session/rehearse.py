"""A recorded session once more: the same answers of the model, the same answers of the tools, through the loop as it is today.

What the loop says, refuses and hears is held against what was recorded, so a change of the house (of its guard, its door, its
words) shows on real sessions. What control did between is taken over as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

from intern_action.agent.budget import Allowance
from intern_action.agent.context import Room
from intern_action.agent.loop import Loop
from intern_action.agent.memory import Memory
from intern_action.agent.toolbox import Toolbox
from intern_action.agent.voice import Voice
from intern_action.core.effects import Effect
from intern_action.core.errors import Bug, ModelError, Stuck
from intern_action.core.events import Answered, Began, Entry, Event, Folded, Heard, Noted, Told
from intern_action.core.frozen import frozen
from intern_action.core.ports import BETWEEN, Desk, Redactor, Snapshot, Tool
from intern_action.core.types import Conversation, JsonObject, Reply, ToolResult, ToolSpec

_SHOWN = 200


@frozen
class Rehearsed:
    """How a rehearsal went.

    Args:
        turns: answers of the model that were gone through.
        taken_over: notes that the house, not the loop, had written.
        difference: where it differs first, "" where it does not.
    """

    turns: int
    taken_over: int
    difference: str = ""


class _Differs(ModelError):
    """The loop has done something else than what was recorded."""


class _Over(ModelError):
    """The recording is at its end."""


def rehearse(events: Sequence[Event], tools: Sequence[Tool], *, redactor: Redactor, voice: Voice) -> Rehearsed:
    """Go through a recording.

    Args:
        events: from `Began` on.
        tools: for what a call means; none of them is run.
        redactor: masks, as the one of a run does.
        voice: the words of the loop.
    """
    first, *rest = events
    if not isinstance(first, Began):
        raise Bug("a recording begins with the beginning of its session")
    memory = Memory.of((first,))
    script = _Script([event for event in rest if isinstance(event, Told | Noted | Heard | Answered | Folded)], memory)
    mocks = [_Mock(tool, script.results) for tool in (*tools, *_of_servers(rest, tools))]
    loop = Loop(
        memory=memory,
        model=script,
        toolbox=Toolbox(mocks, lambda _effects: None),
        desk=cast("Desk", _RehearsalDesk(redactor)),  # the loop itself looks at no more of a desk
        journal=script,
        allowance=Allowance(turns=len(events)),
        watcher=script,
        system="",
        room=lambda: Room(fold_at_tokens=0),
        voice=voice,
    )
    difference = ""
    try:
        while not script.over:
            loop.run()
            script.between()
    except _Over:
        pass
    except (_Differs, Stuck) as differs:
        difference = script.at_end_of_guard() if isinstance(differs, Stuck) else str(differs)
    return Rehearsed(turns=memory.replies, taken_over=script.taken_over, difference=difference)


class _Script:
    """The recording as the loop meets it: the model that answers, the journal that is written, and who looks on."""

    name = "recorded"

    def __init__(self, events: Sequence[Event], memory: Memory) -> None:
        self._events = events
        self._memory = memory
        self._place = 0
        self.taken_over = 0
        answers = {event.call_id: event.result for event in events if isinstance(event, Answered)}
        heard = [call for event in events if isinstance(event, Heard) for call in event.reply.calls]
        self.results: Mapping[int, ToolResult] = {
            id(call.arguments): answers[call.id] for call in heard if call.id in answers
        }
        """By the very arguments of a call: a tool is told no more of it."""

    @property
    def over(self) -> bool:
        """Whether nothing more was recorded."""
        return self._place >= len(self._events)

    def answer(self, conversation: Conversation, hear: Callable[[str], None] | None = None) -> Reply:
        """Return the recorded reply. What the house had said before it is taken over."""
        del conversation, hear
        while not self.over and isinstance(self._next, Told | Noted | Folded):
            self._take_over()
        match self._next:
            case Heard(reply=reply):
                return reply
            case None:
                raise _Over("the recording ends here")
            case other:
                raise self._differs(f"the model is asked, and the recording goes on with {_shown(other)}")

    def between(self) -> None:
        """Take over what control did while the loop waited: the answers of held calls, and what was said."""
        moved = False
        while not self.over and isinstance(self._next, Answered | Told | Noted | Folded):
            self._take_over()
            moved = True
        if not moved and not self.over:
            raise self._differs(f"the loop ends, and the recording goes on with {_shown(self._next)}")

    def append(self, event: Event) -> Entry:
        """Hold what the loop does against the recording. Answers of calls that ran side by side come in any order."""
        if isinstance(event, Heard | Answered | Noted):
            recorded = self._take(event)
            if not _alike(event, recorded):
                raise self._differs(f"recorded {_shown(recorded)}, now {_shown(event)}")
        return Entry(seq=0, at=datetime.min.replace(tzinfo=UTC), before="", event=event)

    def entries(self) -> Iterator[Entry]:
        """Nothing is kept."""
        yield from ()

    def happened(self, event: Event) -> None:
        """Nobody looks on."""

    def streamed(self, text: str) -> None:
        """Nobody listens."""

    def close(self) -> None:
        """Nothing is held."""

    def at_end_of_guard(self) -> str:
        """Say that the guard ends what went on when it was recorded; "" where the recording ends there, too."""
        return (
            "" if self.over else str(self._differs("the loop guard ends the session here, and the recording goes on"))
        )

    @property
    def _next(self) -> Event | None:
        return None if self.over else self._events[self._place]

    def _take(self, event: Event) -> Event | None:
        recorded = self._next
        if isinstance(event, Answered) and isinstance(recorded, Answered) and recorded.call_id != event.call_id:
            return recorded
        self._place += 1
        return recorded

    def _take_over(self) -> None:
        event = self._events[self._place]
        self._place += 1
        self.taken_over += isinstance(event, Noted)
        self._memory.take(event)

    def _differs(self, how: str) -> _Differs:
        return _Differs(f"after {self._memory.replies} answers: {how}")


def _alike(now: Event, recorded: Event | None) -> bool:
    match now, recorded:
        case Heard(reply=mine), Heard(reply=theirs):
            return (mine.text, mine.calls) == (theirs.text, theirs.calls)
        case Answered(call_id=mine, result=one), Answered(call_id=theirs, result=other):
            return (mine, one.text, one.failed) == (theirs, other.text, other.failed)
        case Noted(text=mine), Noted(text=theirs):
            return mine == theirs
        case _:
            return False


def _shown(event: Event | None) -> str:
    match event:
        case Heard(reply=reply):
            said = reply.text or ", ".join(call.name for call in reply.calls)
            return f"an answer of the model ({_cut(said)})"
        case Answered(call_id=call_id, result=result):
            return f"the answer to {call_id} ({_cut(result.text)})"
        case Noted(text=text):
            return f"a note ({_cut(text)})"
        case None:
            return "nothing"
        case other:
            return other.kind


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _SHOWN else f"{flat[:_SHOWN]}…"


class _Mock:
    """A tool that answers what it answered then."""

    repeatable = True
    parallel = True

    def __init__(self, tool: Tool, results: Mapping[int, ToolResult]) -> None:
        self._tool = tool
        self._results = results

    @property
    def spec(self) -> ToolSpec:
        return self._tool.spec

    @property
    def aliases(self) -> tuple[str, ...]:
        return self._tool.aliases

    def effects(self, arguments: JsonObject) -> tuple[Effect, ...]:
        return self._tool.effects(arguments)

    def run(self, arguments: JsonObject, desk: Desk) -> ToolResult:
        del desk
        result = self._results.get(id(arguments))
        if result is None:
            raise _Over("the recording ends within a call")
        return result


def _of_servers(events: Sequence[Event], tools: Sequence[Tool]) -> tuple[Tool, ...]:
    """Return stand-ins for tools of servers that were called and are not here: what they meant stands in their answers."""
    calls = {call.name for event in events if isinstance(event, Heard) for call in event.reply.calls}
    known = {name for tool in tools for name in (tool.spec.name, *tool.aliases)}
    return tuple(_Elsewhere(name) for name in sorted(calls - known) if BETWEEN in name)


class _Elsewhere:
    """A tool of a server, which only read: so it had no effect."""

    aliases: tuple[str, ...] = ()
    repeatable = True
    parallel = True

    def __init__(self, name: str) -> None:
        self.spec = ToolSpec(name=name, description="", parameters={})

    def effects(self, arguments: JsonObject) -> tuple[Effect, ...]:
        """Return none."""
        del arguments
        return ()

    def run(self, arguments: JsonObject, desk: Desk) -> ToolResult:
        """Is never called: what was recorded is answered in its place."""
        del arguments, desk
        raise Bug(f"{self.spec.name} is asked for in a rehearsal")


class _RehearsalDesk:
    """What the loop itself looks at: a clock that stands still, a checkout that does not change, and the redactor."""

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self.clock = self
        self.checkout = self

    def now(self) -> datetime:
        return datetime.min.replace(tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def snapshot(self, message: str) -> Snapshot:
        del message
        return Snapshot(commit="", tree="", changed=False)
