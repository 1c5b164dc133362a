"""What a transport hands out, and how it says that it is over."""

from __future__ import annotations

from typing import TypeAlias

import anyio
from mcp.shared._stream_protocols import ReadStream, WriteStream
from mcp.shared.message import SessionMessage

Streams: TypeAlias = tuple[ReadStream[SessionMessage | Exception], WriteStream[SessionMessage]]


class Fate:
    """How a server ended: why, and what it wrote to standard error. Made inside of the event loop."""

    def __init__(self) -> None:
        self.ended = anyio.Event()
        self.why = ""
        self.errors = ""

    def over(self, why: str) -> None:
        """Say that it ended; who says it first is right."""
        self.why = self.why or why
        self.ended.set()
