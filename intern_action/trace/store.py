"""A journal in a file: one whole line an event, one writer at a time, and never half a line left behind.

What survives what: a line is with the kernel when `append` returns, so SIGKILL loses nothing. A power cut loses at most the
last second of the agent half's own lines (which can be made again) and none of control's: those are forced to the disk,
one `fdatasync` each. Forcing every line would cost a millisecond a line, more than everything else the loop does.
"""

from __future__ import annotations

import errno
import fcntl
import os
import weakref
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from intern_action.core.errors import InternError, Misconfigured
from intern_action.core.events import AGENT_KINDS, Entry, Event
from intern_action.core.ports import Clock
from intern_action.trace import codec

SYNC_SECONDS = 1.0


class FileJournal:
    """The journal at `path`; a torn last line that a killed writer left is cut off when it is opened.

    Args:
        path: the file; made when it is not there (its folder too).
        clock: time of the entries.
        after: the entry this file's first line follows; None for a journal from its beginning. A segment should lie in a
            file that is named after the hash of its head, so that one with another head is never found here.

    Raises:
        Misconfigured: another process has it open, or the file cannot be made or written.
        BrokenJournal: what stands there cannot be trusted.
    """

    def __init__(self, path: Path | str, *, clock: Clock, after: Entry | None = None) -> None:
        self.path = Path(path)
        self._clock = clock
        self._after = after
        self._synced_at = clock.monotonic()
        with _explained(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._unlock = weakref.finalize(self, os.close, _lock(self.path))
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._close = weakref.finalize(self, os.close, self._file)
        self._entries: list[Entry] = []
        self._size = 0
        self._take_up()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def head(self) -> Entry | None:
        """The newest entry, `after` while the file is empty."""
        return self._entries[-1] if self._entries else self._after

    def entries(self) -> Iterator[Entry]:
        """Return everything that stands in this file, oldest first."""
        yield from tuple(self._entries)

    def append(self, event: Event) -> Entry:
        """Write one event and return its entry.

        Raises:
            Misconfigured: the disk is full or the file cannot be written; nothing of the event stands there then.
            BrokenJournal: somebody else has written to the file since.
        """
        head = self.head
        before, seq = (head.hash, head.seq + 1) if head else ("", 0)
        entry, line = codec.write(before, seq, self._clock.now(), event)
        self._write(line)
        self._entries.append(entry)
        self._sync(event)
        return entry

    def extend(self, segment: Sequence[Entry]) -> None:
        """Take in entries that follow the head; those that already stand here are skipped. All of them or none.

        Raises:
            NotAllowed: the segment follows something else, or an entry is not what its hash says.
        """
        known = {entry.hash for entry in self._entries}
        new = [entry for entry in segment if entry.hash not in known]
        if not new:
            return
        head = self.head
        before, seq = (head.hash, head.seq + 1) if head else ("", 0)
        lines = [codec.line(entry) for entry in new]
        checked = codec.verify(lines, before=before, seq=seq)
        self._write(b"".join(lines))
        self._entries.extend(checked)
        self._force()

    def lines(self) -> bytes:
        """Return the file as it stands."""
        return self.path.read_bytes()

    def close(self) -> None:
        """Force everything to the disk and let another process have it. May be repeated."""
        if self._close.alive:
            self._force()
        self._close()
        self._unlock()

    # --- inside ------------------------------------------------------------------------------------------------------

    def _take_up(self) -> None:
        """Read what stands in the file, and cut off a torn last line."""
        head = self._after
        before, seq = (head.hash, head.seq + 1) if head else ("", 0)
        try:
            with _explained(self.path):
                whole, rest = codec.split(self.path.read_bytes())
            self._entries.extend(codec.verify(whole, before=before, seq=seq))
        except InternError:
            self._close()
            self._unlock()
            raise
        self._size = sum(len(line) + 1 for line in whole)
        if rest:
            os.ftruncate(self._file, self._size)

    def _write(self, data: bytes) -> None:
        if os.fstat(self._file).st_size != self._size:
            raise codec.BrokenJournal("is not ours: something else writes this file", line=len(self._entries) + 1)
        done = False
        try:
            with _explained(self.path):
                _write_all(self._file, data)
            done = True
        finally:  # also when a signal cuts in: a line that nobody took in must not stand there
            if not done:
                os.ftruncate(self._file, self._size)
        self._size += len(data)

    def _sync(self, event: Event) -> None:
        if event.kind not in AGENT_KINDS or self._clock.monotonic() - self._synced_at >= SYNC_SECONDS:
            self._force()

    def _force(self) -> None:
        with _explained(self.path):
            os.fdatasync(self._file)
        self._synced_at = self._clock.monotonic()


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _lock(path: Path) -> int:
    """Take the lock beside the journal. The kernel gives it back when we die, however we die."""
    file = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(file, 20).decode(errors="replace").strip() or "unknown"
        os.close(file)
        raise Misconfigured(
            f"{path} is being written by process {holder}: one session is worked on by one process at a time. "
            f"Wait until it ends, or end it with `kill {holder}`; nothing is lost by that."
        ) from None
    os.ftruncate(file, 0)
    os.write(file, f"{os.getpid()}\n".encode())
    return file


@contextmanager
def _explained(path: Path) -> Generator[None]:
    """Turn what the disk says into one message."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Misconfigured(
                f"the disk is full: {path} cannot take another line. Everything before is kept. "
                "Make room and run the same command again; it goes on from there."
            ) from error
        raise Misconfigured(
            f"the journal {path} cannot be written: {error.strerror}. Give a folder you may write to with `--out DIR`."
        ) from error
