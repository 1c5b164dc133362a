"""Finds a loop at the end of a row of steps: the same again, a short cycle, or different attempts at the same failure."""

from __future__ import annotations

from collections.abc import Sequence

from intern_action.agent.steps import PLANS, Step
from intern_action.core.frozen import frozen

LONGEST_CYCLE = 5
TIMES = 3
"""How often the same is done before it is a loop."""
POLL_TIMES = 6
"""The same of looking how far something is."""
RUNGS = 4
"""How often the same failure is met, by whatever way, before it is a ladder."""
MOST_WORK = 3
"""Real work between two failures makes patience longer, by so many rungs at most."""
TAIL = 48
"""Steps looked at. What is older says nothing about now."""


@frozen
class Repeat:
    """What repeats itself.

    Args:
        kind: the same call (`call`), a `cycle` of calls, or a `ladder` of attempts that fail in the same way.
        steps: one round of it; of a ladder, its failures.
        times: how often.
        trouble: the failure of a ladder.
    """

    kind: str
    steps: tuple[Step, ...]
    times: int
    trouble: str = ""

    @property
    def polls(self) -> bool:
        """Whether it looks how far something is."""
        return any(step.polls for step in self.steps)

    def holds(self, step: Step) -> bool:
        """Whether a further step is more of the same."""
        if self.kind == "ladder":
            return step.trouble == self.trouble
        return any(step.same_again(one) for one in self.steps)

    def asks(self, tool: str, key: str, shape: str) -> bool:
        """Whether a call is one that repeats itself: of a ladder, any attempt that only turns knobs."""
        if self.kind == "ladder":
            return any(step.tool == tool and step.shape == shape for step in self.steps)
        return any(step.tool == tool and step.key == key for step in self.steps)


def repeat(steps: Sequence[Step]) -> Repeat | None:
    """Return what repeats itself at the end of these steps, None while nothing does."""
    for length in range(1, LONGEST_CYCLE + 1):
        times = _rounds(steps, length)
        row = steps[len(steps) - length :]
        needed = POLL_TIMES if any(step.polls for step in row) else TIMES
        if times >= needed and _replies(steps[len(steps) - length * times :]) >= needed:
            return Repeat(kind="call" if length == 1 else "cycle", steps=tuple(row), times=times)
    return _ladder(steps)


def _rounds(steps: Sequence[Step], length: int) -> int:
    """Return how often the last `length` steps were done in a row; a single one must be exactly the same."""
    if len(steps) < 2 * length or (length > 1 and _one_and_the_same(steps[-length:])):
        return 1
    again = 0
    place = len(steps) - 1
    while place - length >= 0 and _repeats(steps[place - length], steps[place], length):
        again += 1
        place -= 1
    return 1 + again // length


def _repeats(before: Step, after: Step, length: int) -> bool:
    if length == 1:
        return before.same_call(after) and before.same_answer(after)
    return before.same_again(after)


def _one_and_the_same(row: Sequence[Step]) -> bool:
    """A cycle of one call is no cycle: it is found at length one, or it is a ladder."""
    return all(step.same_again(row[0]) for step in row[1:])


def _ladder(steps: Sequence[Step]) -> Repeat | None:
    """Look back over failures of one class; another class, or the failing thing done well, ends the ladder."""
    if not steps or not steps[-1].trouble:
        return None
    last = steps[-1]
    rungs: list[Step] = []
    work: set[tuple[str, str]] = set()
    since: set[tuple[str, str]] = set()
    for step in reversed(steps):
        if step.trouble == last.trouble:
            work |= since  # what was done before the first rung is no work on it
            since.clear()
            if not rungs or rungs[-1].reply != step.reply:
                rungs.append(step)
        elif step.trouble or (not step.failed and any(_alike(step, rung) for rung in rungs)):
            break
        elif not step.failed and step.tool not in PLANS:
            since.add((step.tool, step.shape))
    if len(rungs) >= RUNGS + min(MOST_WORK, len(work)):
        return Repeat(kind="ladder", steps=tuple(reversed(rungs)), times=len(rungs), trouble=last.trouble)
    return None


def _alike(step: Step, rung: Step) -> bool:
    return step.tool == rung.tool and step.shape == rung.shape


def _replies(steps: Sequence[Step]) -> int:
    return len({step.reply for step in steps})
