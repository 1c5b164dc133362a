"""A clock of a workflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from intern_action.core.incoming import Doorbell, Incoming
from intern_action.triggers._command import Bounds
from intern_action.triggers._payload import Loose, known


class _Payload(Loose):
    schedule: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """Rings with the line of the clock and the firing, for whoever keeps a standing plan for that line."""

    event: str = "schedule"

    def hear(self, payload: Mapping[str, object], bounds: Bounds | None = None, slot: str = "") -> Incoming:
        del bounds
        it = known(_Payload, payload, self.event)
        return Doorbell(why="clock", slot=f"{it.schedule} {slot}".strip())


TRIGGER = Schedule()
