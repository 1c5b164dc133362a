"""Small stand-ins for what the loop is handed: a scripted model, tools that are functions, a journal in a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from intern_action.core.effects import Effect
from intern_action.core.errors import ModelError, ToolFailed
from intern_action.core.events import Entry, Event
from intern_action.core.ports import Desk, Redactor, Snapshot
from intern_action.core.types import Answer, Call, Conversation, JsonObject, Reply, ToolResult, ToolSpec
from intern_action.trace.redact import SecretRedactor


class StillClock:
    """A clock that moves only when somebody waits."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the time."""
        return self.time

    def monotonic(self) -> float:
        """Return the same in seconds."""
        return self.time.timestamp()

    def wait(self, seconds: float) -> None:
        """Move on."""
        self.time += timedelta(seconds=seconds)


class ScriptedModel:
    """Answers with what it was given, in order; a fault in the list is raised."""

    name = "scripted"

    def __init__(self, *script: Reply | ModelError) -> None:
        self.script = list(script)
        self.asked: list[Conversation] = []

    def answer(self, conversation: Conversation, hear: Callable[[str], None] | None = None) -> Reply:
        """Return the next reply."""
        del hear
        self.asked.append(
            Conversation(
                system=conversation.system,
                tools=conversation.tools,
                turns=tuple(conversation.turns),
                epoch=conversation.epoch,
            )
        )
        following = self.script.pop(0)
        if isinstance(following, ModelError):
            raise following
        return following

    def close(self) -> None:
        """Nothing to close."""


class ListJournal:
    """A journal in a list."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def append(self, event: Event) -> Entry:
        """Keep the event."""
        self.events.append(event)
        return Entry(seq=len(self.events) - 1, at=datetime.now(UTC), before="", event=event)

    def entries(self) -> Iterator[Entry]:
        """Return them all."""
        for seq, event in enumerate(self.events):
            yield Entry(seq=seq, at=datetime.now(UTC), before="", event=event)


@dataclass
class NamedTool:
    """A tool that is a function from arguments to text (or raises ToolFailed)."""

    name: str
    does: Callable[[JsonObject], str]
    has: tuple[Effect, ...] = ()
    aliases: tuple[str, ...] = ()
    repeatable: bool = False
    parallel: bool = False
    ran: list[JsonObject] = field(default_factory=list[JsonObject])

    @property
    def spec(self) -> ToolSpec:
        """Return name and an open schema."""
        return ToolSpec(name=self.name, description=self.name, parameters={"type": "object"})

    def effects(self, arguments: JsonObject) -> tuple[Effect, ...]:
        """Return what it was made with."""
        if arguments.get("bad"):
            raise ToolFailed("bad is not an argument")
        return self.has

    def run(self, arguments: JsonObject, desk: Desk) -> ToolResult:
        """Run the function."""
        del desk
        self.ran.append(arguments)
        return ToolResult(text=self.does(arguments), data=dict(arguments))


class CountingCheckout:
    """A checkout that says it changed when told so."""

    path = "/nowhere"

    def __init__(self) -> None:
        self.changed = False
        self.taken: list[str] = []

    def snapshot(self, message: str) -> Snapshot:
        """Record the message."""
        self.taken.append(message)
        return Snapshot(commit=f"c{len(self.taken)}", tree="t", changed=self.changed)

    def restore(self, commit: str) -> None:
        """Nothing to restore."""

    def tree(self) -> str:
        """Return one tree."""
        return "t"

    def bundle(self, target: str, commit: str) -> None:
        """Nothing to bundle."""


class SilentWatcher:
    """Sees everything, says nothing."""

    def __init__(self) -> None:
        self.seen: list[Event] = []

    def happened(self, event: Event) -> None:
        """Keep the event."""
        self.seen.append(event)

    def streamed(self, text: str) -> None:
        """Drop the text."""


@dataclass
class BareDesk:
    """The part of a desk the loop itself looks at."""

    clock: StillClock
    checkout: CountingCheckout
    redactor: Redactor = field(default_factory=lambda: SecretRedactor({}))
    past: Callable[[str], Sequence[Answer]] = lambda _name: ()


def says(text: str) -> Reply:
    """Return a reply without calls."""
    return Reply(text=text, model="scripted")


def calls(*wanted: tuple[str, str, JsonObject]) -> Reply:
    """Return a reply with calls given as (id, tool, arguments)."""
    return Reply(
        calls=tuple(Call(id=call_id, name=name, arguments=arguments) for call_id, name, arguments in wanted),
        model="scripted",
    )
