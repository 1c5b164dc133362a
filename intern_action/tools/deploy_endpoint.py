"""`deploy_endpoint`: asks for an inference endpoint for a while. It is made once people have approved its price."""

from __future__ import annotations

from intern_action.core.effects import Effect, Serves
from intern_action.core.endpoint import EndpointSpec
from intern_action.core.errors import Bug, ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk
from intern_action.core.types import ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._caps import cap_of
from intern_action.tools._durations import minutes_of
from intern_action.tools._repositories import check_repository
from intern_action.tools._tool import ToolOf


@frozen
class Arguments:
    """The endpoint, as a reviewer will see it."""

    __pydantic_config__ = STRICT

    repository: str
    flavor: str
    lifetime: str
    purpose: str
    revision: str = ""
    task: str = "text-classification"
    smoke_input: str = "Hello"
    cap_usd: str = ""
    min_replica: int = 0


def effects(asked: Arguments) -> tuple[Effect, ...]:
    """It costs money by the hour, until its time is up."""
    check_repository(asked.repository)
    if not asked.purpose.strip():
        raise ToolFailed("`purpose` is empty; a reviewer has to read what the endpoint is for")
    if not asked.smoke_input.strip():
        raise ToolFailed("`smoke_input` is empty; an endpoint that was never asked anything is not known to work")
    if asked.min_replica not in {0, 1}:
        raise ToolFailed("`min_replica` is 0 (it sleeps when nobody asks) or 1 (it is always awake)")
    endpoint = EndpointSpec(
        repository=asked.repository,
        revision=asked.revision,
        flavor=asked.flavor,
        minutes=minutes_of(asked.lifetime),
        cap_usd=cap_of(asked.cap_usd),
        task=asked.task,
        smoke=asked.smoke_input,
        min_replica=asked.min_replica,
        purpose=asked.purpose,
    )
    return (Serves(endpoint=endpoint),)


def run(_asked: Arguments, _desk: Desk) -> ToolResult:
    """Never: spending is always held, and control answers held calls."""
    raise Bug("deploy_endpoint was run by the agent half; spending is control's")


TOOL = ToolOf(name="deploy_endpoint", arguments=Arguments, work=run, consequences=effects)
