"""Processes that outlive us: the files their supervisor leaves, and how to end one.

The pid file is one line, `<pid of the supervisor> <its start in clock ticks since boot>`: the second number tells it
from a later process with the same pid. The status file comes into being whole, when everything is over:

    {"exit_code": 0, "seconds": 12.5, "timed_out": false, "cancelled": false, "peak_mb": 812, "left_out": 0,
     "started_at": "2026-11-23T20:00:00+00:00", "finished_at": "2026-11-23T20:00:12.5+00:00"}

`exit_code` is 128 + n for a death by signal n. A pid file without a status file and without its process means that the
machine, or somebody, killed the supervisor; the command has died with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from intern_action.shell._order import End


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How a detached process ended; times are aware."""

    exit_code: int
    seconds: float
    timed_out: bool
    cancelled: bool
    peak_mb: int
    left_out: int
    started_at: datetime
    finished_at: datetime


def read_status(status_file: str) -> Status | None:
    """Return how it ended, None while it has not."""
    try:
        with open(status_file, encoding="utf-8") as file:
            raw = cast("dict[str, object]", json.load(file))
    except FileNotFoundError:
        return None
    times = {name: datetime.fromisoformat(str(raw[name])) for name in ("started_at", "finished_at")}
    return Status(**{**raw, **times})  # pyright: ignore[reportArgumentType]  # written by `status_text` alone


def alive(pid_file: str) -> bool:
    """Whether the supervisor of this pid file still runs."""
    return _pid(pid_file) is not None


def cancel(pid_file: str) -> bool:
    """Ask the supervisor to end the command now; False when there is nobody to ask. The status file follows at once."""
    pid = _pid(pid_file)
    if pid is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    return True


def own_mark() -> str:
    """Return the line of a pid file for this very process."""
    return f"{os.getpid()} {_started(os.getpid())}\n"


def status_text(end: End, started_at: datetime, finished_at: datetime) -> str:
    """Write the status file's content."""
    status = {
        "exit_code": end.exit_code,
        "seconds": round(end.seconds, 3),
        "timed_out": end.timed_out,
        "cancelled": end.cancelled,
        "peak_mb": end.peak_mb,
        "left_out": end.left_out,
        "started_at": started_at.isoformat(),
        "finished_at": finished_at.isoformat(),
    }
    return json.dumps(status) + "\n"


def _pid(pid_file: str) -> int | None:
    try:
        with open(pid_file, encoding="ascii") as file:
            pid, started = (int(word) for word in file.read().split())
    except FileNotFoundError:
        return None
    return pid if _started(pid) == started else None


def _started(pid: int) -> int | None:
    """Return a process' start time (field 22 of proc_pid_stat(5)), None when it is gone or only waits to be reaped."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            after_name = file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if after_name[0] in {"Z", "X"} else int(after_name[19])
