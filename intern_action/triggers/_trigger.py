"""What a module of this folder holds as `TRIGGER`: the event it reads, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from intern_action.core.incoming import Incoming
from intern_action.triggers._command import Bounds


class Trigger(Protocol):
    """Reads one kind of event."""

    @property
    def event(self) -> str:
        """The event's name, as GitHub calls it."""
        ...

    def hear(self, payload: Mapping[str, object], bounds: Bounds, slot: str = "") -> Incoming:
        """Return what the event is.

        Args:
            payload: as GitHub sends it.
            bounds: the most a task may ask for.
            slot: tells one firing of a clock or a button from the next, for events that carry no id of their own.

        Raises:
            Misconfigured: this is no payload of such an event.
        """
        ...
