"""Commands of a sandbox: in the foreground with their output as it comes, or in the background."""

from __future__ import annotations

import os
import queue
import secrets
import signal
import subprocess
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread
from typing import IO, TypeAlias, cast

from .files import Refused

Event: TypeAlias = dict[str, object]
_PING_SECONDS = 15.0
_PIECE = 64 * 1024
_KEPT = 100


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command that can be started, in a process group of its own."""

    words: Sequence[str]
    asked: object
    environment: Mapping[str, str]
    folder: Path

    def run(self, *, seconds: float | None, given: str) -> Iterator[Event]:
        """Run it and yield what it says, then how it ended. A reader who leaves ends it."""
        process = self.start(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return self._events(process, seconds, given)

    def _events(self, process: subprocess.Popen[bytes], seconds: float | None, given: str) -> Iterator[Event]:
        began = time.monotonic()
        said: queue.Queue[Event | None] = queue.Queue()
        readers = [
            Thread(target=_read, args=(name, stream, said), daemon=True)
            for name, stream in (("stdout", process.stdout), ("stderr", process.stderr))
        ]
        for reader in [*readers, Thread(target=_feed, args=(process, given), daemon=True)]:
            reader.start()
        try:
            timed_out = yield from _told(said, open_streams=len(readers), until=began + seconds if seconds else None)
        finally:
            end_group(process)
        code = process.returncode
        yield {
            "event": "exit",
            "exit_code": code if code >= 0 else None,
            "signal": -code if code < 0 else None,
            "timed_out": timed_out,
            "duration_ms": int((time.monotonic() - began) * 1000),
        }

    def start(self, *, stdin: int, stdout: int | None, stderr: int | None) -> subprocess.Popen[bytes]:
        """Start it; a program that is not there is a refusal."""
        try:
            return subprocess.Popen(
                list(self.words),
                cwd=self.folder,
                env=dict(self.environment),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        except OSError as problem:
            raise Refused(400, f"failed to spawn command: {problem.strerror} (os error {problem.errno})") from None


def _told(said: queue.Queue[Event | None], *, open_streams: int, until: float | None) -> Generator[Event, None, bool]:
    """Yield what both streams hold until they end; return whether time was up before."""
    while open_streams:
        left = _PING_SECONDS if until is None else min(_PING_SECONDS, until - time.monotonic())
        if left <= 0:
            return True
        try:
            event = said.get(timeout=left)
        except queue.Empty:
            if until is None or time.monotonic() < until:
                yield {"event": "ping"}
            continue
        if event is None:
            open_streams -= 1
        else:
            yield event
    return False


def _read(name: str, stream: IO[bytes] | None, said: queue.Queue[Event | None]) -> None:
    assert stream is not None
    while data := cast("bytes", stream.read1(_PIECE)):  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        said.put({"event": name, "data": data.decode(errors="replace")})
    said.put(None)


def _feed(process: subprocess.Popen[bytes], given: str) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.write(given.encode())
        process.stdin.close()


@dataclass(kw_only=True)
class _Process:
    id: str
    command: Command
    process: subprocess.Popen[bytes]
    started_at_ms: int

    def shown(self) -> Event:
        code = self.process.poll()
        return {
            "id": self.id,
            "pid": self.process.pid,
            "cmd": self.command.asked,
            "tag": None,
            "started_at_ms": self.started_at_ms,
            "running": code is None,
            "exit_code": code,
        }


class Background:
    """What runs in the background, and the last that did. What it says goes into the job's log, where nobody redirected it."""

    def __init__(self) -> None:
        self._processes: dict[str, _Process] = {}
        self._lock = Lock()

    def start(self, command: Command) -> Event:
        """Start one."""
        process = command.start(stdin=subprocess.DEVNULL, stdout=None, stderr=None)
        one = _Process(id=secrets.token_hex(8), command=command, process=process, started_at_ms=int(time.time() * 1000))
        with self._lock:
            ended = [old.id for old in self._processes.values() if old.process.poll() is not None]
            for identifier in ended[:-_KEPT]:
                del self._processes[identifier]
            self._processes[one.id] = one
        return one.shown()

    def shown(self) -> list[Event]:
        """Return all of them, the oldest first."""
        with self._lock:
            return [one.shown() for one in self._processes.values()]

    def any_running(self) -> bool:
        """Return whether one still runs."""
        return any(one["running"] for one in self.shown())

    def kill(self, identifier: str) -> bool:
        """End one; return whether it still ran."""
        with self._lock:
            one = self._processes.get(identifier)
        if one is None:
            raise Refused(404, f"no such process: {identifier}")
        if one.process.poll() is not None:
            return False
        end_group(one.process)
        return True


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a command and what it started in its group, once it has ended itself or has to."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
