"""Everything that one running Hub is: its store, its accounts, its faults, and the parts that area modules add."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Protocol, TypeVar, cast

from .accounts import Accounts
from .faults import Faults
from .moment import now
from .store import Store

MOST_REQUESTS = 50_000


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


@dataclass(frozen=True, kw_only=True)
class Happened:
    """Something changed that a webhook may want to know."""

    action: str
    """`create`, `update`, `move` or `delete`."""
    scope: str
    """`repo`, `repo.content`, `repo.config`, `discussion` or `discussion.comment`."""
    type: str
    """`model`, `dataset` or `space`."""
    id: str
    """`owner/name`."""
    about: Mapping[str, object] = field(default_factory=dict[str, object])
    """More that the webhook tells: `updatedRefs`, `discussion`, `comment`, …"""
    at: str = field(default_factory=now)


class Onlooker(Protocol):
    """Sees each request before it is heard, and once more when it was done and nobody has the answer yet."""

    def asked(self, method: str, path: str) -> None: ...

    def done(self, method: str, path: str) -> None: ...


@dataclass(kw_only=True)
class World:
    """Handed to every handler."""

    root: Path
    url: str = ""
    """Where this server listens."""
    storage_url: str = ""
    """The same under another host name: clients must not take their token there."""
    in_parts_above: int = 100 * 1024 * 1024
    """Larger uploads come in parts of this many bytes, where the client can."""
    requests: list[Recorded] = field(default_factory=list[Recorded])
    listeners: list[Callable[[Happened], None]] = field(default_factory=list["Callable[[Happened], None]"])

    onlooker: Onlooker | None = None

    def __post_init__(self) -> None:
        self.store = Store(self.root)
        self.accounts = Accounts(self.store)
        self.faults = Faults()
        self._lock = RLock()
        self._parts: dict[object, Part] = {}

    @contextmanager
    def seen(self, method: str, path: str) -> Generator[None]:
        """Let whoever looks on see a request that is answered meanwhile."""
        if self.onlooker is not None:
            self.onlooker.asked(method, path)
        yield
        if self.onlooker is not None:
            self.onlooker.done(method, path)

    def record(self, one: Recorded) -> None:
        """Keep a request; after very many, the oldest half is forgotten."""
        self.requests.append(one)
        if len(self.requests) > MOST_REQUESTS:
            del self.requests[: MOST_REQUESTS // 2]

    def tell(self, happened: Happened) -> None:
        """Tell every listener; they must not take long."""
        for listener in list(self.listeners):
            listener(happened)

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
