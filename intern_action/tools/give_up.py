"""`give_up`: the task cannot be done as it stands, or its job will not succeed. The run ends, and not as a success."""

from __future__ import annotations

from typing import Literal

from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._tool import ToolOf


@frozen
class Arguments:
    """The reason, and what is at fault."""

    __pydantic_config__ = STRICT

    reason: str
    because: Literal["task", "job"] = "task"


def run(asked: Arguments, _desk: Desk) -> ToolResult:
    """Answer that it is noted; the loop ends on it."""
    return ToolResult(text="Noted; the session ends.", data={"reason": asked.reason, "because": asked.because})


TOOL = ToolOf(name="give_up", arguments=Arguments, work=run, repeatable=True)
