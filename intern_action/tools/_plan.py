"""The checklist that people see: steps with a state, kept in the answers of the two plan tools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from intern_action.core.errors import ToolFailed
from intern_action.core.ports import Desk
from intern_action.core.types import JsonObject, Step, ToolResult

MOST_STEPS = 30
_MARKS = {"todo": "[ ]", "doing": "[>]", "done": "[x]", "dropped": "[-]"}


def answer(steps: Sequence[Step], *, number: int) -> ToolResult:
    """Return the answer that holds a plan. `number` counts the plans of a session, so that updates find their own."""
    if not 1 <= len(steps) <= MOST_STEPS:
        raise ToolFailed(f"a plan has 1 to {MOST_STEPS} steps, not {len(steps)}")
    empty = [place for place, step in enumerate(steps, 1) if not step.text.strip()]
    if empty:
        raise ToolFailed(f"step {empty[0]} has no words")
    lines = [f"{place}. {_MARKS[step.state]} {step.text}" for place, step in enumerate(steps, 1)]
    data: JsonObject = {"steps": [{"text": step.text, "state": step.state} for step in steps], "plan": number}
    return ToolResult(text="\n".join(lines), data=data)


def plans_made(desk: Desk) -> int:
    """Return how many plans the session has made."""
    return sum(not past.result.failed for past in desk.past("create_plan"))


def newest(desk: Desk) -> tuple[Step, ...]:
    """Return the steps as they stand; ToolFailed when there is no plan yet."""
    number = plans_made(desk)
    answers = [past for past in (*desk.past("create_plan"), *desk.past("update_plan")) if not past.result.failed]
    mine = [past.result.data for past in answers if past.result.data.get("plan") == number]
    if not mine:
        raise ToolFailed("there is no plan yet; make one with create_plan")
    return tuple(
        Step(text=str(step["text"]), state=cast("str", step["state"]))  # pyright: ignore[reportArgumentType]  # our own answer
        for step in cast("Sequence[JsonObject]", mine[-1]["steps"])
    )
