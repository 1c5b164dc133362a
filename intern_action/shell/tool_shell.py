"""The `Shell` port: hands each command to a supervisor of ours, which runs it as the tool user."""

from __future__ import annotations

import base64
import json
import os
import stat
import sys
import zlib
from dataclasses import replace
from typing import Self, cast

from intern_action.core.errors import Misconfigured
from intern_action.core.frozen import frozen
from intern_action.core.ports import Command, Outcome
from intern_action.shell import _machine
from intern_action.shell._line import Conversation, SupervisorLine, start_detached
from intern_action.shell._order import Order
from intern_action.shell.places import close_to_others, interpreter_paths, shut_folder

FIRST_UID, LAST_UID = 60706, 61183
"""Users nobody else has: systemd leaves these unused, Debian too, and containers with 65536 ids still know them."""

_FEWEST_PROCESSES, _PROCESSES_A_CORE = 1024, 256
"""Threads count too: libraries for arithmetic start one a core in each process."""

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@frozen
class _Walls:
    """What the probe found: "" for namespaces means that the kernel allows them."""

    namespaces: str
    unreachable: tuple[str, ...]
    exposed: tuple[str, ...]


class ToolShell:
    """Runs commands as the tool user, each with all of its processes ended when it ends.

    Args:
        uid: the tool user and its group, ≥ 60000; None runs as ourselves (off root) and `protection` says so.
        home: the user's private home, for HOME and TMPDIR; made and handed over if need be.
        python: interpreter that must be usable inside; its folder leads PATH.
        readable, writable: what the commands need to reach, whatever folder it lies under.
        hidden: paths they must not see (`usual_secrets` lists the common ones).

    Raises:
        Misconfigured: on first use, when the kernel allows no namespaces and a needed path is closed to the user or a hidden
            one open; the message has the command that puts it right.
    """

    def __init__(
        self,
        *,
        uid: int | None,
        home: str,
        python: str = sys.executable,
        readable: tuple[str, ...] = (),
        writable: tuple[str, ...] = (),
        hidden: tuple[str, ...] = (),
    ) -> None:
        self.uid = uid
        self._home = home
        self._scratch = os.path.join(home, "tmp")
        self._python = python
        self._readable = (*interpreter_paths(python), *readable)
        self._writable = (home, *writable)
        self._hidden = hidden
        self._line = SupervisorLine()
        self._walls: _Walls | None = None

    @property
    def protection(self) -> str:
        """What stands between commands and us, in words for the log."""
        if self.uid is None:
            return (
                "commands run as your own user: they can read what you can read, your tokens and this process included; "
                "run as root (a container, CI) to have them run as another user"
            )
        walls = self._probed()
        if walls.namespaces:
            return f"commands run as user {self.uid}; they share our view of processes and files ({walls.namespaces})"
        return f"commands run as user {self.uid} with their own view of processes and files"

    def run(self, command: Command) -> Outcome:
        """Run to the end or to the time limit; either way no process of the command is left.

        Raises:
            Misconfigured: the walls cannot be built, or the working folder cannot be entered.
        """
        end = self._line.ask("!", self._order(command, spill_always=False))
        if end.refused or end.exit_code is None:
            raise Misconfigured(f"{command.argv[0]} was not started: {end.refused}")
        text = end.output.decode("utf-8", errors="replace")
        return Outcome(
            exit_code=end.exit_code,
            output=text,
            seconds=end.seconds,
            timed_out=end.timed_out,
            spilled=end.spilled,
            peak_mb=end.peak_mb,
        )

    def detach(self, command: Command, *, pid_file: str, status_file: str) -> None:
        """Start a process that outlives us; `shell/detached.py` says how both files look and how to end it.

        `command.spill` is its log, written from the first byte. Returns once the command runs behind its walls.

        Raises:
            Misconfigured: it could not be started; neither file was written.
        """
        order = self._order(command, spill_always=True)
        why = start_detached(order, pid_file=pid_file, status_file=status_file)
        if why:
            raise Misconfigured(f"{command.argv[0]} was not started: {why}")

    def talk(self, command: Command) -> Conversation:
        """Start what is talked to; nothing of it is left once the conversation is ended, or we are.

        Raises:
            Misconfigured: the walls cannot be built.
        """
        return self._line.talk(replace(self._order(command, spill_always=False), stdin="", spill=""))

    def own(self, path: str) -> None:
        """Give `path` and all that lies in it to the tool user. Links are not followed; no file with a second name is touched.

        Call it while no command runs: then nothing can be swapped under our hands.
        """
        if self.uid is None:
            return
        os.lchown(path, self.uid, self.uid)
        for _, folders, files, folder in os.fwalk(path):
            for name in (*folders, *files):
                self._own_entry(name, folder)

    def warm(self) -> None:
        """Start the supervisor now, so that the first command need not wait for it."""
        self._line.warm()

    def close(self) -> None:
        """Let the supervisor go; it kills what still runs."""
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _own_entry(self, name: str, folder: int) -> None:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if found.st_uid == self.uid and found.st_gid == self.uid:
            return
        if found.st_nlink > 1 and not stat.S_ISDIR(found.st_mode):
            return  # a hard link could be the second name of somebody else's file
        os.chown(name, self.uid or 0, self.uid or 0, dir_fd=folder, follow_symlinks=False)

    def machine(self, folder: str) -> None:
        """Lay out the folder of an isolated machine for the tool user (`Command.machine`).

        Raises:
            Misconfigured: there can be none here: no user of its own, or no namespaces.
        """
        if self.uid is None:
            raise Misconfigured(
                "an isolated machine needs a user of its own, which only root can give it; run as root (in a container)"
            )
        walls = self._probed()
        if walls.namespaces:
            raise Misconfigured(
                f"an isolated machine needs namespaces of its own, and the kernel allows none ({walls.namespaces}); "
                "allow CAP_SYS_ADMIN"
            )
        _machine.prepare(folder, self.uid)

    def _order(self, command: Command, *, spill_always: bool) -> Order:
        walls = self._probed()
        if command.machine and (self.uid is None or walls.namespaces):
            raise Misconfigured("an isolated machine needs a user and namespaces of its own; there are none here")
        return Order(
            argv=command.argv,
            cwd=command.cwd,
            environment=self._environment(command),
            timeout_seconds=command.timeout_seconds,
            uid=self.uid,
            namespaces=self.uid is not None and not walls.namespaces,
            readable=(*self._readable, *command.readable),
            writable=(*self._writable, *command.writable),
            hidden=self._hidden,
            stdin=base64.b64encode(command.stdin).decode(),
            memory_mb=command.memory_mb,
            processes=max(_FEWEST_PROCESSES, _PROCESSES_A_CORE * (os.cpu_count() or 1)),
            spill=command.spill,
            spill_always=spill_always,
            machine=command.machine,
        )

    def _environment(self, command: Command) -> dict[str, str]:
        """Return the whole environment: where programs are, a private home, a language, and what was asked for."""
        home, scratch = (_machine.HOME, _machine.TEMPORARY) if command.machine else (self._home, self._scratch)
        return {
            "PATH": f"{os.path.dirname(self._python)}:{_PATH}",
            "HOME": home,
            "TMPDIR": scratch,
            "LANG": "C.UTF-8",
            **command.environment,
        }

    def _probed(self) -> _Walls:
        if self._walls is None:
            walls = self._probe()
            if walls.namespaces and walls.exposed:
                close_to_others(walls.exposed)
                walls = self._probe()
            self._walls = self._judged(walls)
        return self._walls

    def _probe(self) -> _Walls:
        self._make_home()
        if self.uid is None:
            return _Walls(namespaces="not root", unreachable=(), exposed=())
        asked = Order(
            argv=(),
            cwd="/",
            environment={},
            timeout_seconds=10,
            uid=self.uid,
            readable=self._readable,
            writable=self._writable,
            hidden=self._hidden,
        )
        found = cast("dict[str, object]", json.loads(self._line.ask("?", asked).output))
        paths = {name: tuple(cast("list[str]", found[name])) for name in ("unreachable", "exposed")}
        return _Walls(namespaces=str(found["namespaces"]), **paths)

    def _judged(self, walls: _Walls) -> _Walls:
        """Refuse when a wall is needed that cannot be built."""
        if not walls.namespaces:
            return walls
        if walls.unreachable:
            shut = shut_folder(walls.unreachable[0])
            raise Misconfigured(
                f"The tool user {self.uid} cannot reach {walls.unreachable[0]}, and the kernel lets us build no view in which it "
                f"can ({walls.namespaces}). Run `chmod o+x {shut}`, install outside of it, or allow CAP_SYS_ADMIN."
            )
        if walls.exposed:
            raise Misconfigured(
                f"The tool user {self.uid} could read {walls.exposed[0]}, which it must not see, and the kernel lets us build no "
                f"view without it ({walls.namespaces}). Run `chmod -R o-rwx {walls.exposed[0]}`, or allow CAP_SYS_ADMIN."
            )
        return walls

    def _make_home(self) -> None:
        os.makedirs(self._scratch, mode=0o755, exist_ok=True)
        if self.uid is not None:
            for folder in (self._home, self._scratch):
                os.lchown(folder, self.uid, self.uid)


def make_shell(
    *,
    session: str,
    home: str,
    python: str = sys.executable,
    readable: tuple[str, ...] = (),
    writable: tuple[str, ...] = (),
    hidden: tuple[str, ...] = (),
) -> ToolShell:
    """Return the shell of a session: as root with the session's own user, otherwise as ourselves."""
    uid = tool_uid(session) if os.geteuid() == 0 else None
    return ToolShell(uid=uid, home=home, python=python, readable=readable, writable=writable, hidden=hidden)


def tool_uid(session: str) -> int:
    """Return the user of a session: the same one after each resume, so that its files stay its own."""
    return FIRST_UID + zlib.crc32(session.encode()) % (LAST_UID - FIRST_UID + 1)
