"""Sandboxes on this machine: folders whose commands run as a user of their own, on a machine of their own, without a network.

Nothing has to run for one to be there, so beginning and ending are a matter of files: the mark `started` is on disk before it
can be used, and `ended` when nothing of it runs any more. Every command carries the end of the lease as its own time limit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from intern_action.core.digests import plain
from intern_action.core.errors import JobError, Misconfigured
from intern_action.core.ports import WORKSPACE, Command, SandboxOrder, SandboxStatus
from intern_action.core.types import Flavor, JobRef
from intern_action.launches.folder import write_whole
from intern_action.sandboxes._backend import Backend, Supplies, check_minutes
from intern_action.sandboxes._door import LocalDoor
from intern_action.sandboxes._folder import NAME, ProcessFolder, SandboxFolder, Times, folder_of
from intern_action.shell import detached

PATIENCE = timedelta(seconds=30)
"""How long a command may take to come into being, or to go, before nobody waits for it."""


class LocalSandboxes:
    """The backend, as control sees it. Several processes of ours may use one root at the same time."""

    def __init__(self, supplies: Supplies) -> None:
        self._with = supplies
        self._root = Path(supplies.root)

    @property
    def name(self) -> str:
        """`local`."""
        return NAME

    def flavors(self) -> Mapping[str, Flavor]:
        """Return the flavors that the configuration names for this machine."""
        return self._with.flavors

    def find(self, launch_key: str) -> JobRef | None:
        folder = folder_of(self._root, launch_key)
        return folder.ref if folder.times else None

    # --- beginning -------------------------------------------------------------------------------------------------

    def create(self, order: SandboxOrder) -> JobRef:
        """Begin it, or return it when it has begun already; what a killed beginning left is cleared away first."""
        folder = folder_of(self._root, order.launch_key)
        self._check(order)
        folder.path.mkdir(parents=True, exist_ok=True)
        with folder.locked():
            if folder.ended_at is not None:
                raise JobError(f"the sandbox {order.launch_key} was ended before it began")
            if folder.times is None:
                self._prepare(folder, order)
                now = self._with.clock.now()
                folder.write_started(Times(started_at=now, ends_at=now + timedelta(minutes=order.minutes)))
        return folder.ref

    def _check(self, order: SandboxOrder) -> None:
        if order.lease.flavor not in self._with.flavors:
            raise JobError(
                f"there is no {order.lease.flavor!r} here; there is: {', '.join(sorted(self._with.flavors))}"
            )
        check_minutes(order, self._with.longest_minutes)

    def _prepare(self, folder: SandboxFolder, order: SandboxOrder) -> None:
        """Lay the machine out and try it: where a wall cannot be built there is no sandbox, rather than one with a gap."""
        folder.clear()
        write_whole(folder.path / "order.json", json.dumps(plain(order), indent=2) + "\n")
        Path(self._with.cache).mkdir(parents=True, exist_ok=True)
        trial = Command(argv=("true",), cwd=WORKSPACE, timeout_seconds=30, machine=str(folder.machine))
        try:
            self._with.lay_out(str(folder.machine))
            tried = self._with.shell.run(trial)
        except Misconfigured as error:
            raise JobError(f"there can be no sandbox on this machine: {error}") from error
        if tried.exit_code != 0:
            raise JobError(f"there can be no sandbox on this machine: nothing runs in it ({tried.output.strip()})")

    def ready(self, ref: JobRef) -> SandboxStatus:
        return self.status(ref)

    # --- looking and ending ----------------------------------------------------------------------------------------

    def status(self, ref: JobRef) -> SandboxStatus:
        return self._status(self._folder(ref))

    def end(self, ref: JobRef) -> SandboxStatus:
        folder = self._folder(ref)
        with folder.locked():
            if folder.ended_at is None:
                for process in folder.processes():
                    self._end_process(process)
                folder.clear()
                now, times = self._with.clock.now(), folder.times
                folder.write_ended(min(now, times.ends_at) if times else now)
        return self._status(folder)

    def _end_process(self, process: ProcessFolder) -> None:
        """End a command with everything it started; one that is only coming into being is waited for."""
        until = self._with.clock.monotonic() + PATIENCE.total_seconds()
        while not Path(process.pid_file).exists() and self._young(process):
            self._with.clock.wait(0.05)
        detached.cancel(process.pid_file)
        while detached.alive(process.pid_file):
            if self._with.clock.monotonic() > until:
                raise JobError(f"{process.path.name} of the sandbox does not end; end process {process.pid_file}")
            self._with.clock.wait(0.02)

    def _young(self, process: ProcessFolder) -> bool:
        return self._with.clock.now().timestamp() < process.path.stat().st_mtime + PATIENCE.total_seconds()

    def own(self) -> tuple[JobRef, ...]:
        if not self._root.is_dir():
            return ()
        folders = (SandboxFolder(path=path) for path in sorted(self._root.iterdir()) if path.is_dir())
        return tuple(folder.ref for folder in folders if folder.times and folder.ended_at is None)

    def _status(self, folder: SandboxFolder) -> SandboxStatus:
        """Say where it is. One that nobody ended is over when its lease is up: no command runs longer."""
        now, times, ended = self._with.clock.now(), folder.times, folder.ended_at
        if times is None:
            never = ended or now
            return SandboxStatus(ref=folder.ref, started_at=never, ends_at=never, ended_at=never)
        if ended is None and now >= times.ends_at:
            ended = times.ends_at
        return SandboxStatus(ref=folder.ref, started_at=times.started_at, ends_at=times.ends_at, ended_at=ended)

    def _folder(self, ref: JobRef) -> SandboxFolder:
        folder = folder_of(self._root, ref.launch_key)
        if ref.backend != NAME or not folder.path.is_dir():
            raise JobError(f"there is no local sandbox {ref.id} beneath {self._root}")
        return folder


BACKEND = Backend(name=NAME, make=LocalSandboxes, door=LocalDoor)
