"""One run of the supervisor: starts the command behind its walls, listens, and ends everything that belongs to it."""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Callable

from intern_action.shell import _confine
from intern_action.shell._child import become_command, exit_code
from intern_action.shell._family import kill_descendants, reap_rest
from intern_action.shell._order import End, Order
from intern_action.shell.beneath import Beneath
from intern_action.shell.capture import Capture

_PIECE = 1 << 16


class Run:
    """An order being carried out.

    Args:
        order: what to run.
        gone: a descriptor that becomes readable when whoever asked is gone or wants the end; None when nobody listens.
        talk: the command's ends of what whoever asked talks to it by: its input, its output. They are closed here.
    """

    def __init__(self, order: Order, gone: int | None, talk: tuple[int, ...] = ()) -> None:
        self._order = order
        self._gone = gone
        self._talk = talk
        opened = (lambda: _spill_file(order.spill)) if order.spill else None
        self._capture = Capture(
            keep=order.keep_bytes,
            opened=opened,
            spill=order.spill_bytes,
            always=bool(order.spill) and order.spill_always,
        )

    def carry_out(self, started: Callable[[], None] = lambda: None) -> End:
        """Run to the end, the time limit or the wish to stop; nothing of the command is alive afterwards.

        `started` is called once the command runs behind its walls.
        """
        begun = time.monotonic()
        output, refusal, child = self._start()
        try:
            refused = _all(refusal).decode(errors="replace")
            if not refused:
                started()
            why = self._listen(output, child, begun + self._order.timeout_seconds)
        finally:
            peak_kb, code = self._finish(child)
            self._drain(output)
            os.close(output)
            self._capture.close()
        if refused:
            return End(refused=refused)
        return self._end(why, code, seconds=time.monotonic() - begun, peak_mb=peak_kb >> 10)

    def _end(self, why: str, code: int, *, seconds: float, peak_mb: int) -> End:
        return End(
            exit_code=code,
            seconds=seconds,
            timed_out=why == "time",
            cancelled=why == "gone",
            peak_mb=peak_mb,
            spilled=self._capture.spilled,
            left_out=self._capture.spill_lost,
            output=self._capture.bytes(),
        )

    def _start(self) -> tuple[int, int, int]:
        """Fork the command; return where its output and its refusal to start are read, and its process."""
        output, output_end = os.pipe()
        refusal, refusal_end = os.pipe()
        if self._order.namespaces:
            _confine.new_process_view()
        child = os.fork()
        if child == 0:
            become_command(self._order, output_end, refusal_end, self._talk)
        for end in (output_end, refusal_end, *self._talk):
            os.close(end)
        os.set_blocking(output, False)
        return output, refusal, child

    def _listen(self, output: int, child: int, until: float) -> str:
        """Take output until the command ends ("ended"), time is up ("time") or nobody waits any more ("gone")."""
        with selectors.DefaultSelector() as listening:
            ended = os.pidfd_open(child)
            try:
                listening.register(output, selectors.EVENT_READ)
                listening.register(ended, selectors.EVENT_READ)
                if self._gone is not None:
                    listening.register(self._gone, selectors.EVENT_READ)
                return self._listening(listening, output, ended, until)
            finally:
                os.close(ended)

    def _listening(self, listening: selectors.BaseSelector, output: int, ended: int, until: float) -> str:
        while (left := until - time.monotonic()) > 0:
            ready = {key.fd for key, _ in listening.select(left)}
            if self._gone is not None and self._gone in ready:
                return "gone"
            if output in ready and not self._take(output):
                listening.unregister(output)
            if ended in ready:
                return "ended"
        return "time"

    def _take(self, output: int) -> bool:
        """Take one piece; False at the end of the pipe."""
        try:
            piece = os.read(output, _PIECE)
        except BlockingIOError:
            return True
        self._capture.take(piece)
        return bool(piece)

    def _drain(self, output: int) -> None:
        """Take what is left in the pipe; nobody writes to it any more."""
        while True:
            try:
                piece = os.read(output, _PIECE)
            except BlockingIOError:
                return
            if not piece:
                return
            self._capture.take(piece)

    def _finish(self, child: int) -> tuple[int, int]:
        """Kill what is alive, reap everything, return peak memory in KiB and the exit code."""
        if self._order.namespaces:
            os.kill(child, signal.SIGKILL)  # the first process of a pid namespace takes all others with it
        else:
            kill_descendants(spare=_ended(child))
        _, status, usage = os.wait4(child, 0)
        reap_rest()
        return usage.ru_maxrss, exit_code(status)


def _spill_file(path: str) -> int:
    with Beneath(os.path.dirname(path)) as folder:
        return folder.create(os.path.basename(path))


def _all(fd: int) -> bytes:
    with os.fdopen(fd, "rb") as file:
        return file.read()


def _ended(child: int) -> int | None:
    """Return the child if it is a zombie already (its status is still to be read)."""
    return child if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) else None
