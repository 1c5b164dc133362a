"""The loop guard: notices that a session goes in circles, and acts in steps: a note, a new plan, an end.

What it knows is a function of the memory's trail and of nothing else, so a resumed or replayed session is guarded in the same
way. It looks at the tail alone, and is silent again as soon as something else works: a guard that nags after the recovery is a
loop of its own.
"""

from __future__ import annotations

from collections import deque
from enum import IntEnum

from intern_action.agent.digest import about, first_line
from intern_action.agent.memory import Memory
from intern_action.agent.outcome import key_of, shape_of
from intern_action.agent.repeats import TAIL, Repeat, repeat
from intern_action.agent.steps import PLANS, Step
from intern_action.agent.voice import Words
from intern_action.core.events import Moved
from intern_action.core.types import Answer, Call, Note, ToolResult
from intern_action.core.types import Words as Spoken

PATIENCE = 2
"""How often more of the same is let pass before the next step."""
RECOVERED = 3
"""So many steps in a row of something else are a recovery."""

REFUSED = "refused_by_guard"
"""Stands in the data of an answer that the guard gave."""


class Level(IntEnum):
    """How far the guard has gone."""

    SILENT = 0
    NOTE = 1
    PLAN = 2
    STOP = 3


class Guard:
    """Follows one memory.

    Args:
        words: what the model reads: `guard/note`, `guard/plan`, `guard/refused`.
    """

    def __init__(self, words: Words) -> None:
        self._words = words
        self._seen = 0
        self._steps: deque[Step] = deque(maxlen=TAIL)
        self._found: Repeat | None = None
        self._level = Level.SILENT
        self._told = Level.SILENT
        self._again: set[int] = set()
        self._fresh = 0
        self._planned = False

    def follow(self, memory: Memory) -> None:
        """Take in what is new on the trail."""
        while self._seen < len(memory.trail):
            reply, turn = memory.trail[self._seen]
            self._seen += 1
            match turn:
                case Answer():
                    self._take(Step(turn, reply))
                case Spoken() | Moved():
                    self._reset()  # somebody has said something, or has taken the session up again: it gets another chance
                case Note(text=text):
                    if self.due and text == self.due:
                        self._told = self._level
                case _:
                    pass

    @property
    def stuck(self) -> Repeat | None:
        """What could not be ended by note and plan, None while there is hope."""
        return self._found if self._level is Level.STOP else None

    @property
    def due(self) -> str:
        """The note that has to be written now, "" for none."""
        if self._found is None or self._told >= self._level or self._level is Level.STOP:
            return ""
        name = "guard/note" if self._level is Level.NOTE else "guard/plan"
        return self._words(name, **told(self._found))

    def refusal(self, call: Call) -> ToolResult | None:
        """Return the answer to a call that is refused, None for one that may run."""
        found = self._found
        if found is None or self._level is not Level.PLAN or self._planned or call.flaw:
            return None
        key = key_of(call.arguments)
        if not found.asks(call.name, key, shape_of(key)):
            return None
        return ToolResult(text=self._words("guard/refused", **told(found)), data={REFUSED: True}, failed=True)

    def _take(self, step: Step) -> None:
        if not step.counts:
            return
        refused = bool(step.answer.result.data.get(REFUSED))
        if not refused:
            self._steps.append(step)
        if self._found is None:
            self._look()
        elif refused or self._found.holds(step):
            self._more(step)
        else:
            self._other(step)

    def _look(self) -> None:
        found = repeat(list(self._steps))
        if found is not None:
            self._found, self._level = found, Level.NOTE

    def _more(self, step: Step) -> None:
        """More of the same: once for each reply, and not before the model has read what it was told."""
        self._fresh = 0
        if self._told < self._level or self._found is None:
            return
        self._again.add(step.reply)
        rounds = len(self._found.steps) if self._found.kind == "cycle" else 1
        patience = PATIENCE * rounds * (2 if self._found.polls else 1)
        if len(self._again) >= patience:
            self._level = Level(self._level + 1)
            self._again.clear()
            self._planned = False

    def _other(self, step: Step) -> None:
        """Something else: a plan lifts the refusal; three other steps, or the failing call done well, are a recovery."""
        if step.tool in PLANS and not step.failed:
            if self._told is Level.PLAN and not self._planned:
                self._planned = True
                self._again.clear()  # what was refused before it is no try of the new plan
            return
        self._fresh += 1
        found = self._found
        solved = found is not None and not step.failed and found.asks(step.tool, step.key, step.shape)
        if solved or self._fresh >= RECOVERED:
            self._reset()

    def _reset(self) -> None:
        self._steps.clear()
        self._found = None
        self._level = self._told = Level.SILENT
        self._again.clear()
        self._fresh = 0
        self._planned = False


def told(found: Repeat) -> dict[str, object]:
    """Return what the words about a loop are filled in with: what repeats, how often, and how it ended each time."""
    seen: dict[str, str] = {}
    for step in found.steps:
        seen.setdefault(about(step.answer.call), first_line(step.answer.result))
    return {"kind": found.kind, "times": found.times, "tried": list(seen.items()), "trouble": found.trouble}
