"""The way into a world, whichever it is: sessions are opened there, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from intern_action.wiring.house import House
    from intern_action.wiring.premises import Premises


class Door(Protocol):
    """The way into a world."""

    @property
    def premises(self) -> Premises:
        """What all of its sessions share."""
        ...

    def open(self, session: str) -> House:
        """Return a session's house. Raises Misconfigured when there is no such session."""
        ...

    def newest(self) -> str:
        """Return the session that was begun last. Raises Misconfigured when there is none."""
        ...
