"""`sandbox_create`: asks for an isolated machine for a while. It begins once people have approved its price."""

from __future__ import annotations

from intern_action.core.effects import Effect, Leases
from intern_action.core.errors import Bug, ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import LeaseSpec, ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._caps import cap_of
from intern_action.tools._durations import minutes_of
from intern_action.tools._sandboxes import CREATE
from intern_action.tools._tool import ToolOf


@frozen
class Arguments:
    """The lease, as a reviewer will see it."""

    __pydantic_config__ = STRICT

    flavor: str
    timeout: str
    purpose: str
    cap_usd: str = ""


def effects(asked: Arguments) -> tuple[Effect, ...]:
    """It costs money by the hour."""
    if not asked.purpose.strip():
        raise ToolFailed("`purpose` is empty; a reviewer has to read what the machine is for")
    lease = LeaseSpec(
        flavor=asked.flavor, minutes=minutes_of(asked.timeout), cap_usd=cap_of(asked.cap_usd), purpose=asked.purpose
    )
    return (Leases(lease=lease),)


def run(_asked: Arguments, _desk: Desk) -> ToolResult:
    """Never: spending is always held, and control answers held calls."""
    raise Bug("sandbox_create was run by the agent half; spending is control's")


TOOL = ToolOf(name=CREATE, arguments=Arguments, work=run, consequences=effects)
