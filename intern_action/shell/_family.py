"""Ends every descendant of this process, however it tried to get away; we are their reaper (PR_SET_CHILD_SUBREAPER)."""

from __future__ import annotations

import contextlib
import os
import signal


def kill_descendants(*, spare: int | None) -> None:
    """Stop, then kill, every descendant; we are their reaper, so none can leave the family.

    Stopping all of them first, until a look finds no new one, keeps a fork bomb from outrunning us.
    """
    for number in (signal.SIGSTOP, signal.SIGKILL):
        seen: set[int] = set() if spare is None else {spare}
        while found := _descendants() - seen:
            for pid in found:
                _signal(pid, number)
            seen |= found


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _descendants() -> set[int]:
    """Return everybody below us, zombies left out."""
    parents = dict(_living())
    mine: set[int] = {os.getpid()}
    while grown := {pid for pid, parent in parents.items() if parent in mine} - mine:
        mine |= grown
    return mine - {os.getpid()}


def _living() -> list[tuple[int, int]]:
    """Return (process, parent) of all living processes, from /proc/*/stat (proc_pid_stat(5))."""
    found: list[tuple[int, int]] = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                state, parent = file.read().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state not in {"Z", "X"}:
            found.append((int(name), int(parent)))
    return found


def reap_rest() -> None:
    """Take the last word of every child that has ended, and wait for those that are about to."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, 0):
            pass
