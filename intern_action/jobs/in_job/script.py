"""The approved script as a process: its words are copied as they come, its time is kept, and it can be asked to stop."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from intern_action.jobs.in_job.words import STOPPED, TIME_UP

GRACE = 45
"""Seconds a script has to save its work after it was asked to stop."""
_LAST_LINES, _LONGEST_LINE = 400, 4_000


class Script:
    """One run of the script."""

    def __init__(self, argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str], log: Path) -> None:
        self.last: deque[str] = deque(maxlen=_LAST_LINES)
        self.timed_out = self.stopped = False
        self._asked_at = 0.0
        self._log = log
        self._process = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # in our own group: whoever ends this container, or stands in for one, ends both
        self._copier = threading.Thread(target=self._copy, daemon=True)
        self._copier.start()
        signal.signal(signal.SIGTERM, self._terminated)

    def wait(self, *, until: float, every: float, meanwhile: Callable[[], None]) -> int:
        """Wait for the end; past `until` ask it to stop. Return the exit code, 128 + n for a death by signal n.

        Args:
            until: when its time is up, on the monotonic clock.
            every: seconds between two calls of `meanwhile`.
            meanwhile: what else there is to do; called while the script runs.
        """
        again = time.monotonic() + every
        while self._process.poll() is None:
            now = time.monotonic()
            if now > until and not self._asked_at:
                self.timed_out = True
                self._ask()
            if self._asked_at and now > self._asked_at + GRACE:
                self._process.kill()
            if now > again and not self._asked_at:
                meanwhile()
                again = time.monotonic() + every
            time.sleep(0.1)
        self._copier.join(timeout=5)
        return self._code(self._process.returncode)

    def _code(self, code: int) -> int:
        if self.timed_out:
            return TIME_UP
        if self.stopped:
            return STOPPED
        return code if code >= 0 else 128 - code

    def _copy(self) -> None:
        """Copy what it prints to our own output and to the log file, line by line."""
        stream = self._process.stdout
        if stream is None:
            return
        with self._log.open("ab", buffering=0) as log:
            for line in stream:
                log.write(line)
                sys.stdout.buffer.write(line)
                sys.stdout.buffer.flush()
                self.last.append(line[:_LONGEST_LINE].decode("utf-8", errors="replace").rstrip("\n"))

    def _terminated(self, _number: int, _frame: object) -> None:
        self.stopped = True
        self._ask()

    def _ask(self) -> None:
        self._asked_at = self._asked_at or time.monotonic()
        self._process.terminate()


def say(words: str) -> None:
    """Write a line of our own into the log of the job."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()
