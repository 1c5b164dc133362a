"""The body of a request as it comes over the wire: of a told length, or in chunks."""

from __future__ import annotations

from typing import BinaryIO

_PIECE = 1024 * 1024


class Measured:
    """A body of a told length."""

    def __init__(self, source: BinaryIO, length: int) -> None:
        self._source, self._left = source, length

    def read(self, most: int = -1, /) -> bytes:
        """Return up to so many bytes; a client that left early has sent what it has sent."""
        wanted = self._left if most < 0 else min(most, self._left)
        data = self._source.read(wanted) if wanted else b""
        self._left = self._left - len(data) if len(data) == wanted else 0
        return data

    @property
    def complete(self) -> bool:
        """Whether all of it was read."""
        return self._left == 0


class Chunked:
    """A body in chunks."""

    def __init__(self, source: BinaryIO) -> None:
        self._source, self._ahead, self.complete = source, b"", False

    def read(self, most: int = -1, /) -> bytes:
        """Return up to so many bytes."""
        while not self.complete and (most < 0 or len(self._ahead) < most):
            self._ahead += self._chunk()
        wanted = len(self._ahead) if most < 0 else most
        data, self._ahead = self._ahead[:wanted], self._ahead[wanted:]
        return data

    def _chunk(self) -> bytes:
        size = int(self._source.readline().split(b";")[0].strip() or b"0", 16)
        if size == 0:
            while self._source.readline().strip():
                pass  # trailers
            self.complete = True
            return b""
        data = self._source.read(size)
        self._source.readline()
        return data


def drain(body: Measured | Chunked) -> None:
    """Read what a handler left, so that the next request of this connection begins where it begins."""
    while body.read(_PIECE):
        pass
