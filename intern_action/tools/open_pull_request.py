"""`open_pull_request`: title and words for the draft; control pushes and opens it."""

from __future__ import annotations

from intern_action.core.effects import Effect, Pushes
from intern_action.core.errors import ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._tool import QUEUED, ToolOf

_LONGEST_TITLE, _LONGEST_BODY = 200, 60_000


@frozen
class Arguments:
    """What people read first."""

    __pydantic_config__ = STRICT

    title: str
    body: str


def effects(asked: Arguments) -> tuple[Effect, ...]:
    """It publishes the work."""
    title = asked.title.strip()
    if not title or len(title) > _LONGEST_TITLE or "\n" in title:
        raise ToolFailed(f"`title` is one line of 1 to {_LONGEST_TITLE} characters")
    if len(asked.body) > _LONGEST_BODY:
        raise ToolFailed(f"`body` has {len(asked.body)} characters; {_LONGEST_BODY} are the most that GitHub takes")
    return (Pushes(title=title, body=asked.body),)


def run(asked: Arguments, _desk: Desk) -> ToolResult:
    """Say that it is queued."""
    return ToolResult(text=QUEUED, data={"queued": "pull-request", "title": asked.title.strip()})


TOOL = ToolOf(name="open_pull_request", arguments=Arguments, work=run, consequences=effects, repeatable=True)
