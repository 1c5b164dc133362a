"""The output of a process: a bounded head and tail in memory, the whole in a spill file up to its own bound."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable


class Capture:
    """Takes bytes as they come.

    Args:
        keep: bytes answered; the first and the last half when there was more.
        opened: opens the spill file for writing, None when there is none.
        spill: bytes the spill file takes at most.
        always: write the spill file from the first byte.
    """

    def __init__(self, *, keep: int, opened: Callable[[], int] | None, spill: int, always: bool = False) -> None:
        self._half = max(keep // 2, 1)
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self._dropped = 0
        self._opened = opened
        self._room = spill
        self._fd: int | None = None
        self.spilled = False
        self.spill_lost = 0
        if always:
            self._start_spill()

    def take(self, data: bytes) -> None:
        """Take the next piece."""
        if self._fd is not None:
            self._write(data)
        room = self._half - len(self._head)
        self._head += data[:room] if room > 0 else b""
        rest = data[room:] if room > 0 else data
        if rest:
            self._keep_end(rest)

    def bytes(self) -> bytes:
        """Return what was kept, with a line where something was left out."""
        tail = b"".join(self._tail)
        if not self._dropped and len(tail) <= self._half:
            return bytes(self._head) + tail
        dropped = self._dropped + max(len(tail) - self._half, 0)
        return bytes(self._head) + f"\n[... {dropped} bytes left out ...]\n".encode() + tail[-self._half :]

    def close(self) -> None:
        """Close the spill file."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _keep_end(self, data: bytes) -> None:
        self._tail.append(data)
        self._tail_bytes += len(data)
        if self._tail_bytes > self._half and self._fd is None and self._opened is not None:
            self._start_spill()
        while self._tail_bytes - len(self._tail[0]) >= self._half:
            gone = len(self._tail.popleft())
            self._tail_bytes -= gone
            self._dropped += gone

    def _start_spill(self) -> None:
        if self._opened is None:
            return
        try:
            self._fd = self._opened()
        except (
            OSError
        ):  # no room, no folder: the command goes on, and its answer says that only head and tail were kept
            self._opened = None
            return
        self.spilled = True
        self._write(bytes(self._head))
        for piece in self._tail:
            self._write(piece)

    def _write(self, data: bytes) -> None:
        fits = data[: self._room]
        self._room -= len(fits)
        self.spill_lost += len(data) - len(fits)
        try:
            while fits and self._fd is not None:
                fits = fits[os.write(self._fd, fits) :]
        except OSError:  # the disk is full; what has been written stays readable
            self._room = 0
            self.spill_lost += len(fits)
