"""Where file and shell tools work: in the checkout here, or in the session's sandbox with the checkout beside it.

What is in the checkout goes into the sandbox before a call and what changed there comes back after it, file by file, told apart
by git's ids of their bytes. So the checkout is always what a snapshot, a smoke test and a reviewer look at, and a
sandbox in which an earlier run died is put right by the next call. Root opens what comes back as what it is: a stranger's.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from threading import RLock
from typing import BinaryIO

from intern_action.core.ports import Command, Desk, FileState, Outcome, SandboxFiles
from intern_action.core.types import JobRef
from intern_action.shell.beneath import Beneath
from intern_action.tools._places import answered, place
from intern_action.tools._sandboxes import room

_FILE_BYTES = 512 << 20
"""Larger files stay on their side."""

_ONE_AT_A_TIME = RLock()
"""Calls that read run side by side; bringing files back and forth must not."""


@contextmanager
def workplace(path: str, desk: Desk) -> Generator[tuple[Beneath | SandboxFiles, str]]:
    """Open the folder a path of the session's work lies in, as `place` does. The scratch folder is always here.

    Raises:
        ToolFailed: as `place`; or the session works in a sandbox and has none.
    """
    where = room(desk)
    if where is None or _in_scratch(path, desk):
        with place(path, desk) as found:
            yield found
        return
    with beside(where, desk), desk.sandboxes.opened(where) as files, answered(path):
        yield files, path


def run_line(line: str, desk: Desk, *, seconds: float, spill: str) -> Outcome:
    """Run a command line where the session works."""
    where = room(desk)
    if where is not None:
        with beside(where, desk):
            return desk.sandboxes.run(where, line, timeout_seconds=seconds, environment=desk.environment, spill=spill)
    return desk.shell.run(
        Command(
            argv=("bash", "-c", line),
            cwd=desk.checkout.path,
            timeout_seconds=seconds,
            environment=desk.environment,
            readable=(desk.hub.cache,),
            writable=(desk.checkout.path, desk.scratch),
            spill=spill,
        )
    )


@contextmanager
def beside(sandbox: JobRef, desk: Desk) -> Generator[None]:
    """Keep the checkout beside a sandbox for the length of the block; a sandbox that is not the session's room is left alone."""
    if room(desk) != sandbox:
        yield
        return
    with _ONE_AT_A_TIME:
        with desk.sandboxes.opened(sandbox) as files, answered("the checkout"):
            here = desk.checkout.states()
            _bring(desk, files, here)
        yield
        with desk.sandboxes.opened(sandbox) as files, answered("the workspace"):
            _bring_back(desk, files, here)


def _bring(desk: Desk, files: SandboxFiles, here: Mapping[str, FileState]) -> None:
    """Make the workspace what the checkout is."""
    there = files.states(here)
    for path in there.keys() - here.keys():
        files.remove(path)
    with Beneath(desk.checkout.path) as checkout:
        for path, state in here.items():
            if there.get(path) != state:
                files.make_way(path)
                with checkout.reading(path) as file:
                    _copy(file, path, state, files)


def _bring_back(desk: Desk, files: SandboxFiles, here: Mapping[str, FileState]) -> None:
    """Make the checkout what the workspace has become."""
    there = files.states(here)
    with Beneath(desk.checkout.path) as checkout:
        for path in here.keys() - there.keys():
            checkout.remove(path)
        for path, state in there.items():
            if state.blob and here.get(path) != state:
                with files.reading(path) as file:
                    _copy(file, path, state, checkout)


def _copy(file: BinaryIO, path: str, state: FileState, to: Beneath | SandboxFiles) -> None:
    """Write a file on the other side, whole or not at all."""
    data = file.read(_FILE_BYTES + 1)
    if len(data) <= _FILE_BYTES:
        to.write(path, data, executable=state.executable)


def _in_scratch(path: str, desk: Desk) -> bool:
    return path == desk.scratch or path.startswith(f"{desk.scratch}/")
