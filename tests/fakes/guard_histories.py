"""Tool histories with a label, and what the guard makes of them. One file each, one call with its answer on a line.

`beside` marks a call that was made in the same reply as the one before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from intern_action.agent.guard import Guard, Level
from intern_action.agent.memory import Memory
from intern_action.core.events import Answered, Event, Heard, Noted
from intern_action.core.types import Call, Reply, ToolResult
from intern_action.settings.words import prompt
from tests.fakes.histories import BEGAN

FOLDER = Path(__file__).parent.parent / "agent" / "histories"
Line = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One history, and whether a person calls it a loop."""

    name: str
    loops: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the guard did: after how many calls it first said something, and ended it (None for never)."""

    noted_after: int | None
    stopped_after: int | None
    notes: int


def labelled() -> Sequence[Labelled]:
    """Return all of them, in the order of their names."""
    return [
        Labelled(name=path.stem, loops=path.parent.name == "loop", lines=tuple(_lines(path)))
        for path in sorted(FOLDER.glob("*/*.jsonl"))
    ]


def judged(history: Labelled) -> Judged:
    """Play a history to a guard, which says what it has to say between two replies."""
    memory, guard = Memory.of((BEGAN,)), Guard(prompt)
    noted_after: int | None = None
    notes = calls = 0
    for reply in replies(history.lines):
        for event in reply:
            memory.take(event)
            calls += isinstance(event, Answered)
        guard.follow(memory)
        if guard.stuck is not None:
            return Judged(noted_after=noted_after, stopped_after=calls, notes=notes)
        if guard.due:
            noted_after = noted_after or calls
            notes += 1
            memory.take(Noted(text=guard.due))
            guard.follow(memory)
    return Judged(noted_after=noted_after, stopped_after=None, notes=notes)


def replies(lines: Sequence[Line], start: int = 0) -> Iterator[list[Event]]:
    """Return the events of each reply with its answers."""
    rows: list[list[Line]] = []
    for line in lines:
        if line.get("beside") and rows:
            rows[-1].append(line)
        else:
            rows.append([line])
    for number, row in enumerate(rows, start=start):
        calls = [
            Call(id=f"{number}-{place}", name=str(line["tool"]), arguments=cast("Line", line["arguments"]))
            for place, line in enumerate(row)
        ]
        yield [
            Heard(reply=Reply(calls=tuple(calls))),
            *(Answered(call_id=call.id, result=_result(line)) for call, line in zip(calls, row, strict=True)),
        ]


def score() -> tuple[float, float]:
    """Return precision and recall of the guard over the histories."""
    found = [(history.loops, judged(history).noted_after is not None) for history in labelled()]
    right = sum(loops and said for loops, said in found)
    return right / sum(said for _, said in found), right / sum(loops for loops, _ in found)


def level_of(guard: Guard) -> Level:
    """Return how far a guard has gone."""
    return cast("Level", vars(guard)["_level"])


def _result(line: Line) -> ToolResult:
    data = cast("Line", line.get("data", {}))
    return ToolResult(text=str(line["text"]), data=data, failed=bool(line.get("failed")))


def _lines(path: Path) -> Iterator[Line]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield cast("Line", json.loads(line))
