"""`update_plan`: steps of the checklist get a new state, or other words."""

from __future__ import annotations

from typing import Literal

from intern_action.core.errors import ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import Step, ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._plan import answer, newest, plans_made
from intern_action.tools._tool import ToolOf


@frozen
class Change:
    """What becomes of one step. The number after the last one, with words, is a new step."""

    __pydantic_config__ = STRICT

    step: int
    state: Literal["todo", "doing", "done", "dropped"]
    text: str = ""


@frozen
class Arguments:
    """The changes."""

    __pydantic_config__ = STRICT

    changes: tuple[Change, ...]


def run(asked: Arguments, desk: Desk) -> ToolResult:
    """Change the newest plan."""
    steps = list(newest(desk))
    for change in asked.changes:
        if change.step == len(steps) + 1 and change.text:
            steps.append(Step(text=change.text, state=change.state))
        elif 1 <= change.step <= len(steps):
            steps[change.step - 1] = Step(text=change.text or steps[change.step - 1].text, state=change.state)
        else:
            raise ToolFailed(f"there is no step {change.step}; the plan has {len(steps)} (a new one needs `text`)")
    return answer(steps, number=plans_made(desk))


TOOL = ToolOf(name="update_plan", arguments=Arguments, work=run)
