"""A clock that is right and waits for nobody: it remembers how long it should have waited."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class HastyClock:
    """Implements `core.ports.Clock`."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() + sum(self.waits)

    def wait(self, seconds: float) -> None:
        if seconds > 0:
            self.waits.append(round(seconds, 1))
