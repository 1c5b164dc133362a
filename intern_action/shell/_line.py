"""Our end of the line to the supervisor: starts it when it is first needed, sends orders, hears their ends."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

from intern_action.core.errors import Bug
from intern_action.shell._order import End, Order, order_text, read_end

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_START = "import sys; sys.path.append(sys.argv.pop(1)); from intern_action.shell._supervisor import main; main(*sys.argv[1:])"
_PIECE = 1 << 16


class SupervisorLine:
    """The fork server of one session and the channel to it; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._channel: socket.socket | None = None

    def warm(self) -> None:
        """Start the supervisor now, so that the first order need not wait for it."""
        with self._lock:
            self._opened()

    def close(self) -> None:
        """Let the supervisor go; it kills what still runs."""
        with self._lock:
            if self._channel is not None:
                self._channel.close()
                self._channel = None

    def ask(self, mark: str, order: Order) -> End:
        """Send one order over a socket of its own and wait for its end; leaving early ends it."""
        with self._sent(mark, order, ()) as ours:
            answer = b"".join(_pieces(ours))
        if not answer:
            raise Bug(f"the supervisor died while it ran {order.argv}")
        return read_end(answer)

    def talk(self, order: Order) -> Conversation:
        """Start what is talked to."""
        heard, hears = os.pipe()
        says, said = os.pipe()
        try:
            asker = self._sent("!", order, (heard, said))
        except BaseException:
            os.close(hears)
            os.close(says)
            raise
        finally:
            os.close(heard)
            os.close(said)
        return Conversation(asker, hears=hears, says=says)

    def _sent(self, mark: str, order: Order, talk: tuple[int, ...]) -> socket.socket:
        """Send one order; return where its end is heard."""
        ours, theirs = socket.socketpair()
        text = (mark + order_text(order)).encode()
        try:
            with theirs:
                self._hand_over(theirs.fileno(), *talk)
            ours.sendall(f"{len(text):08x}".encode() + text)
        except BaseException:
            ours.close()
            raise
        return ours

    def _hand_over(self, *ends: int) -> None:
        with self._lock:
            try:
                socket.send_fds(self._opened(), [b"+"], ends)
            except BrokenPipeError:  # somebody ended it; a new one is as good
                self._opened().close()
                self._channel = None
                socket.send_fds(self._opened(), [b"+"], ends)

    def _opened(self) -> socket.socket:
        if self._channel is None:
            self._channel, theirs = socket.socketpair()
            with theirs:
                subprocess.run(
                    _supervisor("serve", str(theirs.fileno())),
                    env={},
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    check=True,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
        return self._channel


class Conversation:
    """Implements `core.ports.Talk`: our ends of a running command."""

    def __init__(self, asker: socket.socket, *, hears: int, says: int) -> None:
        self.hears = hears
        self.says = says
        self._hushed = False
        self._asker: socket.socket | None = asker

    def hush(self) -> None:
        """Close its standard input: nothing more comes."""
        if not self._hushed:
            self._hushed = True
            os.close(self.hears)

    def end(self) -> str:
        """End it with all of its processes; return what it wrote to standard error, or why it never ran."""
        asker, self._asker = self._asker, None
        if asker is None:
            return ""
        with asker:
            with contextlib.suppress(OSError):  # the supervisor may be gone already
                asker.shutdown(socket.SHUT_WR)
            answer = b"".join(_pieces(asker))
        self.hush()
        os.close(self.says)
        end = read_end(answer) if answer else End(refused="its supervisor died")
        return end.refused or end.output.decode("utf-8", errors="replace")


def start_detached(order: Order, *, pid_file: str, status_file: str) -> str:
    """Start a supervisor that outlives us; return "" once the command runs, else why it does not."""
    task = {"order": json.loads(order_text(order)), "pid_file": pid_file, "status_file": status_file}
    done = subprocess.run(
        _supervisor("once"),
        input=json.dumps(task).encode(),
        env={},
        cwd="/",
        capture_output=True,
        check=False,
        start_new_session=True,
    )
    said = done.stderr.decode(errors="replace").strip()
    return "" if done.returncode == 0 else said or f"the supervisor ended with {done.returncode}"


def _supervisor(mode: str, argument: str = "") -> list[str]:
    return [sys.executable, "-I", "-S", "-c", _START, _ROOT, mode, argument]


def _pieces(asker: socket.socket) -> Iterator[bytes]:
    while piece := asker.recv(_PIECE):
        yield piece
