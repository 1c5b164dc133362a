"""A run of the doorbell workflow has ended: it holds no rights and no secret, and only says that something happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from intern_action.core.incoming import Doorbell, Incoming, Nothing
from intern_action.triggers._command import Bounds
from intern_action.triggers._payload import Loose, Named, known


class _Run(Loose):
    event: str = ""
    pull_requests: tuple[Named, ...] = ()


class _Payload(Loose):
    action: str
    workflow_run: _Run


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """Rings for a run that has ended. Of it is only looked at what GitHub says itself: a pull request may have steered it."""

    event: str = "workflow_run"

    def hear(self, payload: Mapping[str, object], bounds: Bounds | None = None, slot: str = "") -> Incoming:
        del bounds, slot
        it = known(_Payload, payload, self.event)
        if it.action != "completed":
            return Nothing(words=f"a run was {it.action}; only ended ones are heard")
        if it.workflow_run.event == "schedule":
            return Doorbell(why="clock")
        return Doorbell(why="run", pull_requests=tuple(pull.number for pull in it.workflow_run.pull_requests))


TRIGGER = WorkflowRun()
