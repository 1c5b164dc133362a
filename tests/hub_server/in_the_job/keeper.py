"""The keeper of one job: a program that starts the job's command, keeps its log and its time limit, and writes how it ended.

It is not part of the server's process, so a job outlives a server that was killed, and a server that comes back reads from the
job's folder what happened meanwhile. What it shall do comes as one line of JSON on its standard input: the values of secrets
never lie on a disk. It uses the standard library alone, and starts in a few hundredths of a second, once for each job.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from types import FrameType
from typing import IO, cast

_TICK = 0.05
_GRACE = 2.0
_COULD_NOT_START = 128  # what a container runtime reports for a command that is not there


def main() -> None:
    """Keep the job whose folder is the first argument; the second is the file that a living server has locked."""
    folder, server_lock = Path(sys.argv[1]), Path(sys.argv[2])
    asked_to_end = Event()

    def ask_to_end(_number: int, _frame: FrameType | None) -> None:
        asked_to_end.set()

    signal.signal(signal.SIGTERM, ask_to_end)
    order = cast("dict[str, object]", json.loads(sys.stdin.buffer.readline()))
    if _wait_in_the_queue(folder, order, asked_to_end):
        _write(folder / "ended.json", _Job(folder=folder, order=order, server_lock=server_lock).run(asked_to_end))


def _wait_in_the_queue(folder: Path, order: Mapping[str, object], asked_to_end: Event) -> bool:
    """Wait until the hardware is there: after `queue_seconds`, or, where that is null, when the file `go` appears."""
    seconds = order["queue_seconds"]
    until = monotonic() + float(str(seconds)) if seconds is not None else None
    while not asked_to_end.is_set():
        if (folder / "go").exists() or (until is not None and monotonic() >= until):
            return True
        sleep(_TICK)
    return False


class _Job:
    """A command that runs, and what is known about it."""

    def __init__(self, *, folder: Path, order: Mapping[str, object], server_lock: Path) -> None:
        self._folder = folder
        self._order = order
        self._log = (folder / "logs.jsonl").open("a", encoding="utf-8", buffering=1)
        self._server = _Server(server_lock, patience=float(str(order["orphan_seconds"])))

    def run(self, asked_to_end: Event) -> dict[str, object]:
        """Run the command to its end and return how that was."""
        _write(self._folder / "started.json", {"at": _now()})
        self._say(f"===== Job started at {datetime.now(UTC):%Y-%m-%d %H:%M:%S} =====")
        try:
            process = self._start()
        except OSError as problem:
            self._say(f"exec: {problem.filename or problem}: {problem.strerror}")
            return {"at": _now(), "exit_code": _COULD_NOT_START, "reason": "StartError"}
        reader = Thread(target=self._copy, args=(process.stdout,), daemon=True)
        reader.start()
        reason = self._watch(process, asked_to_end)
        _end_group(process)
        reader.join(timeout=_GRACE)
        code = process.returncode if process.returncode >= 0 else 128 - process.returncode
        return {"at": _now(), "exit_code": code, "reason": reason or _reason_of(code)}

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            cast("list[str]", self._order["command"]),
            cwd=self._folder / "files",
            env=cast("dict[str, str]", self._order["environment"]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _watch(self, process: subprocess.Popen[bytes], asked_to_end: Event) -> str | None:
        """Wait for the end; return why it was brought about, None when it came by itself."""
        deadline = monotonic() + float(str(self._order["timeout_seconds"]))
        while process.poll() is None:
            if asked_to_end.is_set():
                return "canceled"
            if monotonic() >= deadline:
                return "timeout"
            if (self._folder / "preempted").exists():
                return "preempted"
            if self._server.is_gone():
                return "orphaned"
            sleep(_TICK)
        return None

    def _copy(self, output: IO[bytes] | None) -> None:
        for line in output or ():
            self._say(line.decode(errors="replace").rstrip("\n"))

    def _say(self, words: str) -> None:
        self._log.write(json.dumps({"timestamp": _now(), "data": words}) + "\n")


class _Server:
    """The server that ordered this job, or the one in its place after a restart: it holds a lock for as long as it lives."""

    def __init__(self, lock: Path, *, patience: float) -> None:
        self._lock = lock
        self._patience = patience
        self._seen = monotonic()
        self._looked = monotonic()

    def is_gone(self) -> bool:
        """Say whether no server has been there for as long as we are patient; look once a second."""
        if monotonic() - self._looked >= 1:
            self._looked = monotonic()
            if self._is_held():
                self._seen = monotonic()
        return monotonic() - self._seen > self._patience

    def _is_held(self) -> bool:
        with suppress(FileNotFoundError), self._lock.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the command and everything it started, politely first: where a container ends, all in it ends."""
    with suppress(ProcessLookupError):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=_GRACE)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _reason_of(code: int) -> str:
    return {0: "Completed", 137: "OOMKilled"}.get(code, "Error")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _write(path: Path, value: Mapping[str, object]) -> None:
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(value), encoding="utf-8")
    beside.replace(path)


if __name__ == "__main__":
    main()
