"""A clock that is right and waits for nobody: it remembers how long it should have waited."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class HastyClock:
    """Implements `core.ports.Clock`; `off_seconds` is how wrong it goes."""

    def __init__(self, off_seconds: float = 0.0) -> None:
        self.waits: list[float] = []
        self._off = timedelta(seconds=off_seconds)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._off

    def monotonic(self) -> float:
        return time.monotonic() + sum(self.waits)

    def wait(self, seconds: float) -> None:
        if seconds > 0:
            self.waits.append(round(seconds, 1))
