"""Sandboxes without walls: folders on this machine, begun and ended as the test's clock says, and a count of what was asked."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from intern_action.core.errors import JobError, OutsideError, ToolFailed
from intern_action.core.ports import Clock, Command, FileState, Outcome, Progress, SandboxOrder, SandboxStatus, Shell
from intern_action.core.types import Flavor, JobRef
from intern_action.git.objects import blob_id
from intern_action.shell.beneath import Beneath

NAME = "story"


class FolderFiles(Beneath):
    """The files of one sandbox; nothing is ignored."""

    def states(self, known: Collection[str]) -> Mapping[str, FileState]:
        del known
        root = Path(self.folder)
        return {
            str(path.relative_to(root)): FileState(
                blob=blob_id(path.read_bytes()), executable=bool(path.stat().st_mode & 0o100)
            )
            for path in root.rglob("*")
            if path.is_file() and not path.is_symlink()
        }


@dataclass
class StorySandboxes:
    """Implements `core.ports.Sandboxes` and `core.ports.SandboxDoor`."""

    clock: Clock
    folder: Path
    shell: Shell
    name: str = NAME
    price: Decimal = Decimal("0.60")
    orders: list[SandboxOrder] = field(default_factory=list[SandboxOrder])
    begun: dict[str, SandboxStatus] = field(default_factory=dict[str, SandboxStatus])
    ended: list[str] = field(default_factory=list[str])
    faults: list[JobError | OutsideError] = field(default_factory=list[JobError | OutsideError])
    lost_answers: int = 0
    ran: list[str] = field(default_factory=list[str])
    running: set[str] = field(default_factory=set[str])

    def flavors(self) -> Mapping[str, Flavor]:
        return {
            "local-cpu": Flavor(name="local-cpu", title="This machine", usd_per_hour=self.price, memory_gb=Decimal(16))
        }

    def find(self, launch_key: str) -> JobRef | None:
        status = self.begun.get(launch_key)
        return status.ref if status else None

    def create(self, order: SandboxOrder) -> JobRef:
        if self.faults:
            raise self.faults.pop(0)
        if order.launch_key in self.begun:
            return self.begun[order.launch_key].ref
        self.orders.append(order)
        ref = JobRef(backend=NAME, id=f"box-{len(self.orders)}", launch_key=order.launch_key)
        now = self.clock.now()
        self.begun[order.launch_key] = SandboxStatus(
            ref=ref, started_at=now, ends_at=now + timedelta(minutes=order.minutes)
        )
        self.place(ref).mkdir(parents=True)
        self.clock.wait(1)
        if self.lost_answers:
            self.lost_answers -= 1
            raise OutsideError("the answer was lost on the way")
        return ref

    def ready(self, ref: JobRef) -> SandboxStatus:
        return self.status(ref)

    def status(self, ref: JobRef) -> SandboxStatus:
        status = self.begun[ref.launch_key]
        if status.ended_at is None and self.clock.now() >= status.ends_at:
            return self._over(status)
        return status

    def end(self, ref: JobRef) -> SandboxStatus:
        status = self.status(ref)
        if ref.launch_key not in self.ended:
            shutil.rmtree(self.place(ref), ignore_errors=True)
            self.ended.append(ref.launch_key)
            self.begun[ref.launch_key] = self._over(status)
        return self.begun[ref.launch_key]

    def own(self) -> tuple[JobRef, ...]:
        return tuple(status.ref for key, status in self.begun.items() if key not in self.ended)

    def _over(self, status: SandboxStatus) -> SandboxStatus:
        at = min(self.clock.now(), status.ends_at)
        return SandboxStatus(ref=status.ref, started_at=status.started_at, ends_at=status.ends_at, ended_at=at)

    def place(self, ref: JobRef) -> Path:
        """Return the workspace of a sandbox."""
        return self.folder / ref.launch_key

    # --- the door --------------------------------------------------------------------------------------------------

    def run(
        self, ref: JobRef, command: str, *, timeout_seconds: float, environment: Mapping[str, str], spill: str = ""
    ) -> Outcome:
        self._live(ref)
        self.ran.append(command)
        self.clock.wait(1)
        return self.shell.run(
            Command(
                argv=("bash", "-c", command),
                cwd=str(self.place(ref)),
                timeout_seconds=timeout_seconds,
                environment=environment,
                spill=spill,
            )
        )

    def start(self, ref: JobRef, command: str, *, environment: Mapping[str, str]) -> str:
        self.run(ref, command, timeout_seconds=60, environment=environment)
        return f"p{len(self.ran):03}"

    def progress(self, ref: JobRef, process: str) -> Progress:
        self._live(ref)
        return Progress(output=f"{process} printed this\n", exit_code=None if process in self.running else 0)

    @contextmanager
    def opened(self, ref: JobRef) -> Generator[FolderFiles]:
        self._live(ref)
        with FolderFiles(str(self.place(ref))) as files:
            yield files

    def close(self) -> None:
        """Nothing is held."""

    def _live(self, ref: JobRef) -> None:
        if self.status(ref).ended_at is not None:
            raise ToolFailed(f"the sandbox {ref.id} ended; ask for another with sandbox_create")
