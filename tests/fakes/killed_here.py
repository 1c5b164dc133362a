"""Where a story in memory ends as at SIGKILL: after so many events, or entries of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from intern_action.core.events import Event
from tests.fakes.house import KilledHere
from tests.fakes.memory_branch import MemoryBranch
from tests.fakes.thinking import SilentWatcher


class DiesAtEvent(SilentWatcher):
    """Ends the process after so many events."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.left = after

    def happened(self, event: Event) -> None:
        del event
        self.left -= 1
        if self.left == 0:
            raise KilledHere


class DiesAtEntry(MemoryBranch):
    """Ends the process right after so many entries have reached the ledger."""

    left = 0

    def push(self, files: Mapping[str, bytes], *, parent: str | None, message: str, at: datetime) -> str | None:
        pushed = super().push(files, parent=parent, message=message, at=at)
        self.left -= 1
        if self.left == 0:
            raise KilledHere
        return pushed
