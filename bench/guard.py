"""The loop guard: how well it tells loops from honest work, what a stuck run wastes with and without it, what a turn of it costs.

python -m bench.guard
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import cycle
from typing import cast

from intern_action.agent.budget import Allowance
from intern_action.agent.context import Room
from intern_action.agent.guard import Guard
from intern_action.agent.loop import Loop
from intern_action.agent.memory import Memory
from intern_action.agent.toolbox import Toolbox
from intern_action.agent.voice import Voice
from intern_action.core.errors import Stuck, ToolFailed
from intern_action.core.ports import Desk
from intern_action.core.types import Call, Conversation, JsonObject, Note, Reply, ToolResult
from intern_action.settings.words import prompt, text
from tests.fakes.guard_histories import Labelled, Line, labelled, replies, score
from tests.fakes.histories import BEGAN
from tests.fakes.thinking import BareDesk, CountingCheckout, ListJournal, NamedTool, SilentWatcher, StillClock

TURNS = 60
"""Where a run ends that nobody stops."""
TEMPERS = ("deaf", "heeds a note", "heeds a plan")
"""How a stuck model takes it: not at all, at the first note, or only when its call is refused."""

AIMS: Mapping[str, float] = {"precision": 0.98, "recall": 0.95, "turns saved": 0.40}
COST_AIM_MS = 1.0


class Unguarded(Loop):
    """The loop with nobody who looks on."""

    def _heed(self) -> None:
        """Say nothing."""


class StuckModel:
    """Goes through a labelled loop again and again; whether it comes out of it depends on its temper."""

    name = "stuck"

    def __init__(self, history: Labelled, temper: str) -> None:
        self._rows = cycle(replies(history.lines))
        self._temper = temper
        self._asked = 0

    def answer(self, conversation: Conversation, hear: Callable[[str], None] | None = None) -> Reply:
        """Return the next reply of the loop, or the last words of somebody who was told something."""
        del hear
        self._asked += 1
        notes = [turn.text for turn in conversation.turns if isinstance(turn, Note)]
        heeded = {"deaf": False, "heeds a note": bool(notes), "heeds a plan": len(notes) > 1}[self._temper]
        if heeded:
            return Reply(text="I see. Done another way.")
        heard = next(self._rows)[0]
        calls = getattr(heard, "reply").calls  # noqa: B009 - the first event of each row is what was heard
        fresh = tuple(
            Call(id=f"{self._asked}-{n}", name=call.name, arguments=call.arguments) for n, call in enumerate(calls)
        )
        return Reply(calls=fresh)

    def close(self) -> None:
        """Nothing is held."""


def main() -> int:
    """Print the figures; 1 when one of them misses its aim."""
    figures = measured()
    costs = cost_ms()
    print(table(figures, costs))
    return int(any(figures[name] < aim for name, aim in AIMS.items()) or any(ms > COST_AIM_MS for ms in costs.values()))


def measured() -> Mapping[str, float]:
    """Return precision, recall, and the part of a stuck run's turns that the guard saves."""
    precision, recall = score()
    loops = [history for history in labelled() if history.loops]
    off = sum(wasted(Unguarded, history, temper) for history in loops for temper in TEMPERS)
    on = sum(wasted(Loop, history, temper) for history in loops for temper in TEMPERS)
    return {"precision": precision, "recall": recall, "turns saved": 1 - on / off}


def wasted(kind: type[Loop], history: Labelled, temper: str) -> int:
    """Return how many turns a stuck run takes until it ends, is stopped, or has used up its turns."""
    answers = cycle(history.lines)
    names = {str(line["tool"]) for line in history.lines}
    memory = Memory.of((BEGAN,))
    loop = kind(
        memory=memory,
        model=StuckModel(history, temper),
        toolbox=Toolbox([_Played(name, answers) for name in sorted(names)], lambda _effects: None),
        desk=cast("Desk", BareDesk(clock=StillClock(), checkout=CountingCheckout())),
        journal=ListJournal(),
        allowance=Allowance(turns=TURNS),
        watcher=SilentWatcher(),
        system="",
        room=Room,
        voice=Voice(prompt=prompt, text=text),
    )
    with suppress(Stuck):
        loop.run()
    return memory.replies


class _Played(NamedTool):
    """A tool that answers what the history says next."""

    def __init__(self, name: str, lines: Iterator[Line]) -> None:
        super().__init__(name, lambda _arguments: "")
        self._lines = lines

    def run(self, arguments: JsonObject, desk: Desk) -> ToolResult:
        """Answer with the next line."""
        del arguments, desk
        line = next(self._lines)
        if line.get("failed") and not line.get("data"):
            raise ToolFailed(str(line["text"]))
        return ToolResult(
            text=str(line["text"]), data=cast("Line", line.get("data", {})), failed=bool(line.get("failed"))
        )


OUTPUT = "step 100 loss 0.6931 at 2026-11-23 10:00:11 lr 3e-4 /repo/run/model.py\n" * 280
COSTLY: Mapping[str, Callable[[int], Line]] = {
    "a failing command with 20 kB": lambda n: {
        "tool": "bash",
        "arguments": {"command": f"python train.py --seed {n % 7}"},
        "text": f"{OUTPUT}ValueError: bad row {n % 3}",
        "failed": True,
    },
    "the same call with 20 kB that move": lambda n: {
        "tool": "read_file",
        "arguments": {"path": "train.log"},
        "text": f"{OUTPUT}{n}",
    },
    "a file of 20 kB written": lambda n: {
        "tool": "write_file",
        "arguments": {"path": "a.py", "content": f"{OUTPUT}{n}"},
        "text": "written",
    },
}


def cost_ms() -> Mapping[str, float]:
    """Return what the guard costs in the middle of 300 turns, by what the turns are like."""
    return {name: statistics.median(_turns_ms(line)) for name, line in COSTLY.items()}


def _turns_ms(line: Callable[[int], Line]) -> Sequence[float]:
    memory, guard = Memory.of((BEGAN,)), Guard(prompt)
    took: list[float] = []
    for number in range(300):
        for event in next(iter(replies([line(number)], number))):
            memory.take(event)
        began = time.perf_counter()
        guard.follow(memory)
        took.append(1000 * (time.perf_counter() - began))
    return took


def guard_table() -> str:
    """Return all of it for a page."""
    return table(measured(), cost_ms())


def table(figures: Mapping[str, float], costs: Mapping[str, float]) -> str:
    """Return all of it as tables beside the aims."""
    rows = [f"| {name} | {value:.3f} | {AIMS[name]:g} |" for name, value in figures.items()]
    timed = [f"| {name} | {ms:.3f} | {COST_AIM_MS:g} |" for name, ms in costs.items()]
    count = len(labelled())
    return "\n".join(
        [
            f"| the guard over {count} labelled histories | | aim |",
            "| --- | ---: | ---: |",
            *rows,
            "",
            "| the guard in a turn | ms | aim |",
            "| --- | ---: | ---: |",
            *timed,
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
