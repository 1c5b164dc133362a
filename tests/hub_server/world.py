"""Everything that one running Hub is: its store, its accounts, its faults, and the parts that area modules add."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Protocol, TypeVar, cast

from .accounts import Accounts
from .faults import Faults
from .store import Store


class Part(Protocol):
    """What an area keeps while the server runs: threads, processes, waiting readers."""

    def close(self) -> None:
        """End what runs; called when the server stops."""
        ...


AnyPart = TypeVar("AnyPart", bound=Part)


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One request as it was, and what came of it."""

    method: str
    path: str
    """With the query, as it was sent."""
    token: str
    body: bytes
    status: int
    """0 when no answer went out."""


@dataclass(kw_only=True)
class World:
    """Handed to every handler."""

    root: Path
    url: str = ""
    """Where this server listens."""
    storage_url: str = ""
    """The same under another host name: clients must not take their token there."""
    requests: list[Recorded] = field(default_factory=list[Recorded])

    def __post_init__(self) -> None:
        self.store = Store(self.root)
        self.accounts = Accounts(self.store)
        self.faults = Faults()
        self._lock = RLock()
        self._parts: dict[object, Part] = {}

    def part(self, kind: Callable[[World], AnyPart]) -> AnyPart:
        """Return this world's one part of that kind, made at the first call."""
        with self._lock:
            if kind not in self._parts:
                self._parts[kind] = kind(self)
            return cast("AnyPart", self._parts[kind])

    def close(self) -> None:
        """End every part, the last one first."""
        with self._lock:
            parts = list(self._parts.values())
            self._parts.clear()
        for part in reversed(parts):
            part.close()


def now() -> str:
    """Return the time as the Hub writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
