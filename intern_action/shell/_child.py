"""The fork that becomes the command: it builds its own walls, then execs. Nothing comes back from here."""

from __future__ import annotations

import base64
import os
import signal
from typing import NoReturn

from intern_action.shell import _confine, _machine
from intern_action.shell._order import Order

_COULD_NOT_START = 127


def become_command(order: Order, output: int, refusal: int, talk: tuple[int, ...] = ()) -> NoReturn:
    """In the fork: build the walls, then exec. Whatever goes wrong is written to `refusal`, which exec closes.

    `talk` are the ends of whoever talks to the command: its input, its output. Then only its errors go to `output`.
    """
    try:
        os.setsid()
        _plumb(order, output, talk)
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


def _plumb(order: Order, output: int, talk: tuple[int, ...]) -> None:
    """Connect standard input to the given bytes, output and error to the pipe; or both to whoever talks to it."""
    if talk:
        heard, said = talk
        _connect(heard, said, output)
        return
    if order.stdin:
        source = os.memfd_create("stdin")
        os.write(source, base64.b64decode(order.stdin))
        os.lseek(source, 0, os.SEEK_SET)
    else:
        source = os.open(os.devnull, os.O_RDONLY)
    _connect(source, output, output)


def _connect(heard: int, said: int, errors: int) -> None:
    for fd, place in ((heard, 0), (said, 1), (errors, 2)):
        os.dup2(fd, place)
    for fd in {heard, said, errors}:
        os.close(fd)


def _enter_views(order: Order, refusal: int) -> None:
    """Be the first process of the pid namespace: build the mounts, then fork the command and outlive it by nothing."""
    _confine.die_with_parent()
    if order.machine:
        _machine.enter(order.machine, readable=order.readable)
    else:
        _confine.new_mount_view(
            uid=order.uid or 0, readable=order.readable, writable=order.writable, hidden=order.hidden
        )
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
            os._exit(exit_code(status))


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


def exit_code(status: int) -> int:
    """Return the exit code of a wait status; 128 + n for a death by signal n."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
