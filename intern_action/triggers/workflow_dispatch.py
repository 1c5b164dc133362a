"""The button of a workflow: its form may hold a task; without one it rings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field

from intern_action.core.incoming import Asked, Doorbell, Incoming, NotUnderstood, Origin
from intern_action.triggers._command import Bounds, parse_command
from intern_action.triggers._payload import Account, Loose, Repository, key, known


class _Payload(Loose):
    inputs: dict[str, object] | None = Field(default_factory=dict[str, object])
    repository: Repository
    sender: Account


@dataclass(frozen=True, slots=True)
class WorkflowDispatch:
    """Reads `task` and `issue` of the form. The task is written as behind `/intern`, with its flags."""

    event: str = "workflow_dispatch"

    def hear(self, payload: Mapping[str, object], bounds: Bounds | None = None, slot: str = "") -> Incoming:
        it = known(_Payload, payload, self.event)
        inputs = {name: str(value).strip() for name, value in (it.inputs or {}).items()}
        task = inputs.get("task", "")
        if not task:
            return Doorbell(why="dispatch", slot=slot)
        words = task if task.lower().startswith("/intern") else f"/intern {task}"
        command = parse_command(words, bounds) or NotUnderstood(words="write the task as it would stand behind /intern")
        issue = inputs.get("issue", "").removeprefix("#")
        return Asked(
            command=command,
            origin=Origin(
                by=it.sender.login,
                machine=it.sender.machine,
                thread=int(issue) if issue.isascii() and issue.isdecimal() and len(issue) <= _DIGITS else 0,
                mark=slot,
                key=key(it.repository, self.event, slot, f"{issue}\n{task}"),
            ),
        )


_DIGITS = 10

TRIGGER = WorkflowDispatch()
