"""What goes wrong on the way, on demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Refuse:
    """GitHub refuses, and nothing happens there."""

    status: int
    message: str = "Server Error"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Lost:
    """It is done, and the answer never arrives."""


@dataclass(frozen=True)
class Never:
    """The connection breaks before it is done."""


@dataclass(frozen=True)
class Cut:
    """The answer ends after so many bytes; `honest` also shortens the length it announces."""

    after_bytes: int
    honest: bool = False


Kind = Refuse | Lost | Never | Cut


@dataclass
class Fault:
    """One kind of trouble for requests of a method whose path holds some words."""

    method: str
    words: str
    kind: Kind
    times: int = 1


class Faults:
    """Those that are switched on."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Switch one on."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """Switch all off."""
        self._waiting.clear()

    def strike(self, method: str, path: str) -> Kind | None:
        """Return what befalls a request, if anything."""
        for fault in self._waiting:
            if fault.times > 0 and fault.method == method and fault.words in path:
                fault.times -= 1
                return fault.kind
        return None
