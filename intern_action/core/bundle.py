"""What the agent half hands to control: a folder with `bundle.json`, the journal segment and a git bundle of the snapshots."""

from __future__ import annotations

from typing import Protocol

from intern_action.core.events import Entry, Heard
from intern_action.core.frozen import frozen

RELIEVED = "relieved"
"""The kind of the one fault that is none: the time of the runner is over, and another one goes on."""


@frozen
class Fault:
    """Why the agent half ended without an ending: a model error, a limit, an interruption."""

    kind: str
    message: str
    exit_code: int


@frozen
class Bundle:
    """One stretch of work.

    Args:
        session: whose.
        after: hash of the entry of control's journal that the segment extends.
        entries: the segment.
        snapshot: newest snapshot commit, "" when the checkout never changed.
        commits: path of the git bundle that holds it, "" without one.
        fault: set when the loop did not reach an ending.
    """

    session: str
    after: str
    entries: tuple[Entry, ...]
    snapshot: str = ""
    commits: str = ""
    fault: Fault | None = None

    @property
    def relieved(self) -> bool:
        """Whether another runner has to go on. One that had no answer is not believed: it would be relieved for ever."""
        answered = any(isinstance(entry.event, Heard) for entry in self.entries)
        return answered and self.fault is not None and self.fault.kind == RELIEVED


class BundleShelf(Protocol):
    """Where bundles lie between the two halves."""

    def put(self, bundle: Bundle) -> str:
        """Write a bundle as a folder, whole or not at all; return the folder."""
        ...

    def take(self, folder: str) -> Bundle:
        """Read a bundle. Raises NotAllowed when the segment's chain is broken or an event is of no known kind."""
        ...
