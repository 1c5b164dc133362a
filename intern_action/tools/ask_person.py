"""`ask_person`: a question only a person can answer. The run ends green and goes on when the answer is there."""

from __future__ import annotations

from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._tool import ToolOf


@frozen
class Arguments:
    """The question."""

    __pydantic_config__ = STRICT

    question: str


def run(asked: Arguments, _desk: Desk) -> ToolResult:
    """Answer that the question is out; the loop ends on it."""
    return ToolResult(text="The question is asked; the answer follows as a message.", data={"question": asked.question})


TOOL = ToolOf(name="ask_person", arguments=Arguments, work=run, repeatable=True)
