"""The process of ours between us and what the model steers; imports the standard library and its own folder alone.

`serve`: a fork server for one session. Each message on the channel brings a socket, and for a command that is talked to its input
and output. The fork that takes it reads an order, runs it and answers its end. When the session's process dies, sockets close and
everything running is killed.

`once`: reads `{"order": {…}, "pid_file": "…", "status_file": "…"}` from standard input, leaves its starter, runs the order,
and writes the end to the status file (`detached.py` says how both files look). SIGTERM ends the order early. Standard
error says why when it could not start.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NoReturn, cast

from intern_action.shell import _confine
from intern_action.shell._order import End, Order, end_text, order_of, read_order
from intern_action.shell._process import Run
from intern_action.shell.detached import own_mark, status_text

_LENGTH_DIGITS = 8
_MOST_DESCRIPTORS = 3


def main(mode: str, argument: str = "") -> NoReturn:
    """Be the fork server on descriptor `argument`, or run one detached order; never returns."""
    os.umask(0o022)  # what we make for the tool user, it has to be able to read
    if mode == "serve":
        _serve(int(argument))
    _once(cast("dict[str, object]", json.load(sys.stdin)))


def _serve(channel_fd: int) -> NoReturn:
    if os.fork() != 0:
        os._exit(0)  # whoever started us reaps this one, and waits for no other
    os.setsid()
    os.set_inheritable(channel_fd, False)  # noqa: FBT003  # the signature of os
    channel = socket.socket(fileno=channel_fd)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the forks
    while True:
        word, fds, _, _ = socket.recv_fds(channel, 1, _MOST_DESCRIPTORS)
        if not word:
            os._exit(0)
        for fd in fds:
            # `recv_fds` drops its flags, close-on-exec too: a command that inherits this socket could forge its own end
            os.set_inheritable(fd, False)  # noqa: FBT003  # the signature of os
        if os.fork() == 0:
            channel.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _answer(socket.socket(fileno=fds[0]), tuple(fds[1:]))
            os._exit(0)
        for fd in fds:
            os.close(fd)


def _answer(asker: socket.socket, talk: tuple[int, ...]) -> None:
    """Read one order, carry it out, answer. An asker that has left hears nothing, and nothing goes on without it."""
    with asker.makefile("rb") as lines:
        size = int(lines.read(_LENGTH_DIGITS), 16)
        text = lines.read(size).decode()
    order = read_order(text[1:])
    end = probe(order) if text.startswith("?") else _end_of(order, asker.fileno(), talk=talk)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        asker.sendall(end_text(end))


def _end_of(
    order: Order, gone: int | None, started: Callable[[], None] = lambda: None, talk: tuple[int, ...] = ()
) -> End:
    try:
        _confine.reap_orphans()
        return Run(order, gone, talk).carry_out(started)
    except OSError as error:
        return End(refused=str(error))


def probe(order: Order) -> End:
    """Try the walls without a command. The end's output is JSON: what the tool user can and cannot reach.

    `namespaces` is "" when the kernel allows them, else why not; `unreachable` are needed paths that the user cannot get
    to without them; `exposed` are hidden paths that it could read without them.
    """
    tried = Order(
        argv=("true",), cwd="/", environment={"PATH": os.defpath}, timeout_seconds=10, uid=order.uid, namespaces=True
    )
    found = {
        "namespaces": _in_fork(lambda: _end_of(tried, None).refused),
        "unreachable": _as_user(order.uid, _shut, [*order.readable, *order.writable]),
        "exposed": _as_user(order.uid, _open, list(order.hidden)),
    }
    return End(exit_code=0, output=json.dumps(found).encode())


def _as_user(uid: int | None, choose: Callable[[str], bool], paths: list[str]) -> list[str]:
    """Return the paths that the tool user chooses among those that are there."""
    there = [path for path in paths if os.path.exists(path)]

    def ask() -> str:
        _confine.become(uid)
        return json.dumps([path for path in there if choose(path)])

    return cast("list[str]", json.loads(_in_fork(ask)))


def _shut(path: str) -> bool:
    return not os.access(path, os.R_OK | (os.X_OK if os.path.isdir(path) else 0))


def _open(path: str) -> bool:
    return os.access(path, os.R_OK) or os.access(path, os.W_OK)


def _in_fork(work: Callable[[], str]) -> str:
    """Return what `work` says in a fork of ours: it may give up rights there that we keep."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, work().encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as said:
        text = said.read()
    os.waitpid(pid, 0)
    return text


def _once(task: dict[str, object]) -> NoReturn:
    """Fork; the starter waits until the command runs behind its walls, or says why it does not."""
    ready, ready_end = os.pipe()
    if os.fork() == 0:
        os.close(ready)
        _detached(task, ready_end)
    os.close(ready_end)
    word = os.read(ready, 1 << 16).decode()
    if word != "+":
        sys.stderr.write(word or "the supervisor died before the command started")
        sys.stderr.flush()
    os._exit(0 if word == "+" else 1)


def _detached(task: dict[str, object], ready: int) -> NoReturn:
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nowhere, fd)
    started_at = datetime.now(UTC)

    def started() -> None:
        _write(str(task["pid_file"]), own_mark())
        os.write(ready, b"+")

    end = _end_of(order_of(cast("dict[str, object]", task["order"])), _wish_to_stop(), started)
    if end.refused:
        os.write(ready, end.refused.encode())
    else:
        _write(str(task["status_file"]), status_text(end, started_at, datetime.now(UTC)))
    os._exit(0)


def _wish_to_stop() -> int:
    """Return a descriptor that becomes readable at SIGTERM."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write)
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    return read


def _write(path: str, text: str) -> None:
    """Write a whole file in one step, on disk when this returns."""
    temporary = f"{path}.new"
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
