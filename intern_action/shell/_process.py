"""One run of the supervisor: starts the command behind its walls, listens, and ends everything that belongs to it."""

from __future__ import annotations

import base64
import contextlib
import os
import selectors
import signal
import time
from collections.abc import Callable
from typing import NoReturn

from intern_action.shell import _confine
from intern_action.shell._capture import Capture
from intern_action.shell._order import End, Order
from intern_action.shell.beneath import Beneath

_PIECE = 1 << 16
_COULD_NOT_START = 127


class Run:
    """An order being carried out.

    Args:
        order: what to run.
        gone: a descriptor that becomes readable when whoever asked is gone or wants the end; None when nobody listens.
    """

    def __init__(self, order: Order, gone: int | None) -> None:
        self._order = order
        self._gone = gone
        opened = (lambda: _spill_file(order.spill)) if order.spill else None
        self._capture = Capture(
            keep=order.keep_bytes,
            opened=opened,
            spill=order.spill_bytes,
            always=bool(order.spill) and order.spill_always,
        )
        self._refusal = b""

    def carry_out(self, started: Callable[[], None] = lambda: None) -> End:
        """Run to the end, the time limit or the wish to stop; nothing of the command is alive afterwards.

        `started` is called once the command runs behind its walls.
        """
        begun = time.monotonic()
        output, refusal, child = self._start()
        try:
            self._refusal = _all(refusal)
            if not self._refusal:
                started()
            why = self._listen(output, child, begun + self._order.timeout_seconds)
            peak_kb, exit_code = self._finish(child)
            self._drain(output)
        finally:
            os.close(output)
            self._capture.close()
        return self._end(why, exit_code, seconds=time.monotonic() - begun, peak_mb=peak_kb >> 10)

    def _end(self, why: str, exit_code: int, *, seconds: float, peak_mb: int) -> End:
        if self._refusal:
            return End(refused=self._refusal.decode(errors="replace"))
        return End(
            exit_code=exit_code,
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
            _become_command(self._order, output_end, refusal_end)
        os.close(output_end)
        os.close(refusal_end)
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
            _kill_descendants(spare=_ended(child))
        _, status, usage = os.wait4(child, 0)
        _reap_rest()
        return usage.ru_maxrss, _exit_code(status)


def _become_command(order: Order, output: int, refusal: int) -> NoReturn:
    """In the fork: build the walls, then exec. Whatever goes wrong is written to `refusal`, which exec closes."""
    try:
        os.setsid()
        _plumb(order, output)
        if order.namespaces and order.uid is not None:
            _enter_views(order, refusal)
        _confine.limit(order)
        _confine.become(order.uid)
        _confine.die_with_parent()  # after the change of user, which forgets it
        _exec(order)
    except OSError as error:
        os.write(refusal, str(error).encode())
    finally:
        os._exit(_COULD_NOT_START)


def _plumb(order: Order, output: int) -> None:
    """Connect standard input to the given bytes, output and error to the pipe."""
    if order.stdin:
        source = os.memfd_create("stdin")
        os.write(source, base64.b64decode(order.stdin))
        os.lseek(source, 0, os.SEEK_SET)
    else:
        source = os.open(os.devnull, os.O_RDONLY)
    for fd, place in ((source, 0), (output, 1), (output, 2)):
        os.dup2(fd, place)
    os.close(source)
    os.close(output)


def _enter_views(order: Order, refusal: int) -> None:
    """Be the first process of the pid namespace: build the mounts, then fork the command and outlive it by nothing."""
    _confine.die_with_parent()
    _confine.new_mount_view(uid=order.uid or 0, readable=order.readable, writable=order.writable, hidden=order.hidden)
    _confine.own_proc()
    command = os.fork()
    if command == 0:
        os.setsid()
        return
    os.close(refusal)
    for fd in (0, 1, 2):
        os.close(fd)
    while True:
        pid, status = os.wait()
        if pid == command:
            os._exit(_exit_code(status))


def _exec(order: Order) -> None:
    """Become the command; as a shell would, say 127 for what is not there and 126 for what cannot be run."""
    os.umask(0o022)
    os.chdir(order.cwd)
    for number in (signal.SIGPIPE, signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvpe(order.argv[0], order.argv, order.environment)
    except (FileNotFoundError, NotADirectoryError):
        os.write(2, f"{order.argv[0]}: not found\n".encode())
        os._exit(_COULD_NOT_START)
    except PermissionError:
        os.write(2, f"{order.argv[0]}: not allowed to run\n".encode())
        os._exit(_COULD_NOT_START - 1)


def _spill_file(path: str) -> int:
    with Beneath(os.path.dirname(path)) as folder:
        return folder.create(os.path.basename(path))


def _all(fd: int) -> bytes:
    with os.fdopen(fd, "rb") as file:
        return file.read()


def _exit_code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _ended(child: int) -> int | None:
    """Return the child if it is a zombie already (its status is still to be read)."""
    return child if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) else None


def _kill_descendants(*, spare: int | None) -> None:
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


def _reap_rest() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, 0):
            pass
