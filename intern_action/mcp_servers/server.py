"""One server: where it is, and how long it may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TypeAlias

from intern_action.core.frozen import frozen
from intern_action.core.ports import Command, Talker


@frozen
class Program:
    """A program of this machine; `talker` puts it behind its walls."""

    command: Command
    talker: Talker


@frozen
class Address:
    """An address, and what is sent there and nowhere else."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


Place: TypeAlias = Program | Address


@frozen
class Server:
    """A server.

    Args:
        name: as the settings call it.
        tools: its tools that may be called; of all others nobody hears.
        seconds: the most it may take to be there, and for a call.
    """

    name: str
    place: Place
    tools: frozenset[str]
    seconds: float
