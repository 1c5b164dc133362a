"""`create_plan`: the checklist people see, made anew."""

from __future__ import annotations

from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import Step, ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._plan import answer, plans_made
from intern_action.tools._tool import ToolOf


@frozen
class Arguments:
    """The steps, in order."""

    __pydantic_config__ = STRICT

    steps: tuple[str, ...]


def run(asked: Arguments, desk: Desk) -> ToolResult:
    """Take the steps down, none of them begun."""
    return answer([Step(text=text) for text in asked.steps], number=plans_made(desk) + 1)


TOOL = ToolOf(name="create_plan", arguments=Arguments, work=run, repeatable=True)
