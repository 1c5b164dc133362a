"""The agent's side of local sandboxes: commands and files, as long as the lease lasts."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from intern_action.core.errors import JobError, Misconfigured, ToolFailed
from intern_action.core.ports import WORKSPACE, Command, FileState, Outcome, Progress
from intern_action.core.types import JobRef
from intern_action.sandboxes._backend import Supplies
from intern_action.sandboxes._folder import NAME, SandboxFolder, folder_of
from intern_action.sandboxes._states import States
from intern_action.shell import detached
from intern_action.shell.beneath import Beneath, Outside
from intern_action.shell.places import MACHINE_FOLDERS

_LOST = 137
_LOG_BYTES = 8 << 20


class LocalFiles:
    """Implements `core.ports.SandboxFiles`: root opens the files one component at a time, and follows no link out."""

    def __init__(self, roots: Mapping[str, Beneath], states: States) -> None:
        self._roots = roots
        self._states = states

    def is_folder(self, path: str) -> bool:
        root, name = self._placed(path)
        return root.is_folder(name)

    def list(self, path: str) -> list[str]:
        root, name = self._placed(path)
        return root.list(name)

    @contextmanager
    def reading(self, path: str) -> Generator[BinaryIO]:
        root, name = self._placed(path)
        with root.reading(name) as file:
            yield file

    def write(self, path: str, data: bytes, *, executable: bool | None = None) -> bool:
        root, name = self._placed(path)
        return root.write(name, data, executable=executable)

    def make_way(self, path: str) -> None:
        root, name = self._placed(path)
        root.make_way(name)

    def remove(self, path: str) -> None:
        root, name = self._placed(path)
        root.remove(name)

    def states(self, known: Collection[str]) -> Mapping[str, FileState]:
        return self._states.now(known)

    def _placed(self, path: str) -> tuple[Beneath, str]:
        """Return the folder that holds a path of the sandbox, and the path in it."""
        if not path.startswith("/"):
            return self._roots[WORKSPACE], path
        for inside, root in self._roots.items():
            if path == inside or path.startswith(f"{inside}/"):
                return root, path[len(inside) :].strip("/") or "."
        raise Outside(0, f"{path} is not in {', '.join(self._roots)}")


class LocalDoor:
    """Implements `core.ports.SandboxDoor`. It knows the sandboxes' folder, and nothing that begins or ends one."""

    def __init__(self, supplies: Supplies) -> None:
        self._with = supplies
        self._seen: dict[str, States] = {}

    def run(
        self, ref: JobRef, command: str, *, timeout_seconds: float, environment: Mapping[str, str], spill: str = ""
    ) -> Outcome:
        folder, left = self._live(ref)
        return self._with.shell.run(self._command(folder, command, min(timeout_seconds, left), environment, spill))

    def start(self, ref: JobRef, command: str, *, environment: Mapping[str, str]) -> str:
        folder, left = self._live(ref)
        process = folder.new_process()
        order = self._command(folder, command, left, environment, str(process.log))
        try:
            self._with.shell.detach(order, pid_file=process.pid_file, status_file=process.status_file)
        except Misconfigured as error:
            raise ToolFailed(str(error)) from error
        return process.path.name

    def progress(self, ref: JobRef, process: str) -> Progress:
        folder, _ = self._live(ref)
        found = folder.process(process)
        if found is None:
            known = ", ".join(one.path.name for one in folder.processes())
            raise ToolFailed(f"this sandbox has not started {process!r}; it has started {known or 'nothing'}")
        alive = detached.alive(found.pid_file)
        ended = detached.read_status(found.status_file)
        code = ended.exit_code if ended else None if alive else _LOST
        return Progress(output=_log(found.log), exit_code=code)

    @contextmanager
    def opened(self, ref: JobRef) -> Generator[LocalFiles]:
        folder, _ = self._live(ref)
        states = self._seen.get(ref.launch_key) or States(folder.workspace, folder.git)
        self._seen[ref.launch_key] = states
        with ExitStack() as held:
            roots = {
                inside: held.enter_context(Beneath(str(folder.machine / name)))
                for inside, name in MACHINE_FOLDERS.items()
            }
            yield LocalFiles(roots, states)

    def close(self) -> None:
        """Nothing is held open between two calls."""

    def _live(self, ref: JobRef) -> tuple[SandboxFolder, float]:
        """Return the folder of a sandbox that can be used, and how many seconds it has left."""
        try:
            folder = folder_of(Path(self._with.root), ref.launch_key)
        except JobError as error:
            raise ToolFailed(str(error)) from None
        times = folder.times if ref.backend == NAME else None
        if times is None:
            raise ToolFailed(f"there is no sandbox {ref.id}; ask for one with sandbox_create")
        ended = folder.ended_at or times.ends_at
        left = (ended - self._with.clock.now()).total_seconds()
        if folder.ended_at is not None or left <= 0:
            raise ToolFailed(
                f"the sandbox {ref.id} ended at {ended:%H:%M:%S} UTC with all that was in it; ask for another with sandbox_create"
            )
        return folder, left

    def _command(
        self, folder: SandboxFolder, line: str, seconds: float, environment: Mapping[str, str], spill: str
    ) -> Command:
        return Command(
            argv=("bash", "-c", line),
            cwd=WORKSPACE,
            timeout_seconds=seconds,
            environment={**self._with.environment, **environment},
            readable=(self._with.cache,),
            memory_mb=self._with.memory_mb,
            spill=spill,
            machine=str(folder.machine),
        )


def _log(log: Path) -> str:
    """Return what was printed; of a very long log the end."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _LOG_BYTES))
            return file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
