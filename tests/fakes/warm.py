"""Python's processes by a program that has imported for them what takes long: each is forked from it.

What such a process imports itself is there already; everything else is as it would be: its words, its folder, its environment,
its group, its exit code. What a library makes of the environment when it is imported, it has made of the program's own.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import selectors
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict, Unpack

ROOT = Path(__file__).parents[2]


class Asked(TypedDict):
    """One process that is wished for."""

    command: list[str]
    cwd: str
    env: dict[str, str]
    group: int


class How(TypedDict, total=False):
    """Of what `Popen` knows, what is known here."""

    stdin: int
    stdout: int
    stderr: int
    process_group: int


class Forked(subprocess.Popen[str]):
    """A process that is not our child but the program's, which tells how it ends; otherwise `subprocess.Popen`.

    It overrides what `Popen` asks of the system: how a process is begun, and whether it has ended.
    """

    def __init__(
        self, door: socket.socket, command: Sequence[str], cwd: Path, env: Mapping[str, str], **how: Unpack[How]
    ) -> None:
        self._door = door
        self._line, self._theirs = socket.socketpair()
        try:
            super().__init__(command, text=True, cwd=cwd, env=env, **how)
        finally:
            self._theirs.close()

    def _execute_child(  # noqa: PLR0917 -- as `Popen` calls it
        self,
        args: Sequence[str],
        executable: object,
        preexec_fn: object,
        close_fds: object,
        pass_fds: object,
        cwd: object,
        env: Mapping[str, str],
        startupinfo: object,
        creationflags: object,
        shell: object,
        p2cread: int,
        p2cwrite: int,
        c2pread: int,
        c2pwrite: int,
        errread: int,
        errwrite: int,
        restore_signals: object,
        gid: object,
        gids: object,
        uid: object,
        umask: object,
        start_new_session: object,
        process_group: int,
    ) -> None:
        del close_fds, creationflags, restore_signals, startupinfo, umask
        assert not any((executable, preexec_fn, pass_fds, shell, start_new_session)), "nobody has needed that yet"
        assert (gid, gids, uid) == (None, None, None), "nobody has needed that yet"
        words = Asked(command=list(args), cwd=str(cwd), env=dict(env), group=process_group)
        three = [given if given >= 0 else usual for usual, given in enumerate((p2cread, c2pwrite, errwrite))]
        socket.send_fds(self._door, [b"+"], [self._theirs.fileno(), *three])
        self._theirs.close()
        self._close_pipe_fds(  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
            p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite
        )
        self._answers = self._line.makefile("rw", encoding="utf-8")
        self._answers.write(json.dumps(words) + "\n")
        self._answers.flush()
        self._child_created = True
        self.pid = int(self._answers.readline())

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        if wait_flags == os.WNOHANG and not select.select([self._line], [], [], 0)[0]:
            return 0, 0
        status = int(self._answers.readline())
        self._answers.close()
        self._line.close()
        return self.pid, status

    def _internal_poll(self, _deadstate: int | None = None) -> int | None:
        if self.returncode is None:
            pid, status = self._try_wait(os.WNOHANG)
            if pid:
                self._handle_exitstatus(status)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        return self.returncode


class Warm:
    """The program, from its making until `close`.

    Args:
        modules: what it imports, and, of a name with a colon (`module:function`), what it calls then.
        environment: what they are imported in.
    """

    def __init__(self, modules: Sequence[str], environment: Mapping[str, str]) -> None:
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._program = subprocess.Popen(
                [sys.executable, "-m", "tests.fakes.warm", str(theirs.fileno()), *modules],
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def start(self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], **how: Unpack[How]) -> Forked:
        """Start Python with a command's words: `script …` or `-m module …`; `how` is what `Popen` knows."""
        return Forked(self._door, command, cwd, env, **how)

    def run(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        said: str | None = None,
        timeout: float | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end, with something to read; what it says and its errors are returned.

        Raises:
            subprocess.TimeoutExpired: it took longer, and was killed.
        """
        pipe = subprocess.PIPE
        hears = subprocess.DEVNULL if said is None else pipe
        with self.start(command, cwd=cwd, env=env, stdin=hears, stdout=pipe, stderr=pipe) as process:
            try:
                out, errors = process.communicate(said, timeout=timeout)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(list(command), process.returncode, out, errors)

    def close(self) -> None:
        """End it."""
        self._door.close()
        self._program.wait()


class _Program:
    """The other side: it forks for each that is asked for, and tells how each ended, until nobody is there to ask."""

    def __init__(self, door: socket.socket) -> None:
        self._door = door
        self._lines: dict[int, socket.socket] = {}
        self._pids: dict[int, int] = {}
        self._looks = selectors.DefaultSelector()
        self._looks.register(door, selectors.EVENT_READ)

    def serve(self) -> Asked | None:
        """Return what to be, in a process that was forked for it; None in the program, at its end."""
        while True:
            for key, _ in self._looks.select():
                if key.fileobj is not self._door:
                    self._ended(key.fd)
                    continue
                asked = self._begun()
                if asked is not None:
                    return asked
                if self._door.fileno() < 0:
                    return None

    def _begun(self) -> Asked | None:
        said, given, _, _ = socket.recv_fds(self._door, 1, 4)
        if not said:
            self._door.close()
            return None
        line = socket.socket(fileno=given[0])
        with line.makefile("r", encoding="utf-8") as words:
            asked: Asked = json.loads(words.readline())
        pid = os.fork()
        if not pid:
            self._leave(line, given[1:])
            return asked
        for end in given[1:]:
            os.close(end)
        if asked["group"] >= 0:
            with contextlib.suppress(ProcessLookupError):
                os.setpgid(pid, asked["group"])
        watch = os.pidfd_open(pid)
        self._lines[watch], self._pids[watch] = line, pid
        self._looks.register(watch, selectors.EVENT_READ)
        _tell(line, pid)
        return None

    def _leave(self, line: socket.socket, three: Sequence[int]) -> None:
        """Keep nothing of the program's, and the three streams that were given."""
        self._looks.close()
        for one in (self._door, line, *self._lines.values()):
            one.close()
        for watch in self._pids:
            os.close(watch)
        for stream, end in enumerate(three):
            os.dup2(end, stream)
            os.close(end)

    def _ended(self, watch: int) -> None:
        self._looks.unregister(watch)
        os.close(watch)
        _, status = os.waitpid(self._pids.pop(watch), 0)
        with self._lines.pop(watch) as line:
            _tell(line, status)


def _tell(line: socket.socket, number: int) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        line.sendall(f"{number}\n".encode())


def main(door: str, *modules: str) -> None:
    """Import, then fork for each that is asked for; the fork leaves by the end of what it was to be."""
    for name in modules:
        module, _, function = name.partition(":")
        found = importlib.import_module(module)
        if function:
            getattr(found, function)()
    gc.collect()
    gc.freeze()  # or every fork copies the pages that its collector touches
    asked = _Program(socket.socket(fileno=int(door))).serve()
    if asked is not None:
        _be(asked)


def _be(asked: Asked) -> None:
    """Be a script or a module, as the interpreter makes it one."""
    if asked["group"] >= 0:
        os.setpgid(0, asked["group"])
    command, environment = asked["command"], asked["env"]
    os.environ.clear()  # noqa: TID251 -- a process of its own, as `__main__` is
    os.environ.update(environment)  # noqa: TID251
    os.chdir(asked["cwd"])
    first, *words = command[1:] if command[0] == "-m" else command
    sys.argv = [first, *words]
    paths = [part for part in environment.get("PYTHONPATH", "").split(os.pathsep) if part]
    sys.path[:1] = [asked["cwd"] if command[0] == "-m" else str(Path(first).parent.absolute()), *paths]
    if command[0] == "-m":
        runpy.run_module(first, run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
