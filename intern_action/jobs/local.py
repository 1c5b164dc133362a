"""Jobs on this machine: a process of the tool user's, with limits of time and memory, that outlives us.

A launch is made once per key. Whoever launches holds the folder's lock; the mark `started` is on disk before the process is
started, so a starter that dies before it leaves nothing that runs, and one that dies after it leaves something that is
never started a second time. Everything else is read from files, by whichever process of ours asks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from intern_action.core.errors import JobError, Misconfigured
from intern_action.core.ports import Command, JobOrder
from intern_action.core.types import Flavor, JobRef, JobStage, JobStatus
from intern_action.jobs._archive import tree_id, unpack
from intern_action.jobs._argv import argv_of
from intern_action.jobs._backend import Backend, Supplies
from intern_action.jobs._folder import JobFolder, check_output, folder_of
from intern_action.jobs._installed import missing
from intern_action.jobs._seal import seal
from intern_action.jobs._verdict import verdict
from intern_action.launches.folder import write_whole
from intern_action.shell import detached

NAME = "local"
GRACE = timedelta(seconds=30)
"""How long a process may take from `started` to its pid file; then nobody is going to write one."""

FOLLOW_SECONDS = 0.5
"""Between two looks at a log that grows."""

_TAIL_BYTES = 64 << 10


class LocalJobs:
    """The backend. Several processes of ours may use one root at the same time."""

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
        """Return the job of this key if it may run or have run; a start that got nowhere is no job."""
        folder = folder_of(self._root, launch_key)
        return _ref(launch_key) if folder.started.exists() else None

    def alive(self) -> tuple[JobRef, ...]:
        """Return the jobs beneath our root that have not ended."""
        keys = sorted(place.parent.name for place in self._root.glob("*/started"))
        return tuple(ref for ref in map(_ref, keys) if not self.status(ref).stage.final)

    # --- starting --------------------------------------------------------------------------------------------------

    def launch(self, order: JobOrder) -> JobRef:
        """Start the job, or return it when it was started already; what a killed start left is cleared away first.

        Raises:
            JobError: it was certainly not started: the order cannot be carried out here, or the tree is not the approved one.
        """
        folder = folder_of(self._root, order.launch_key)
        self._check(order)
        folder.path.mkdir(parents=True, exist_ok=True)
        with folder.locked():
            if folder.cancelled.exists():
                raise JobError(f"{order.launch_key} was cancelled before it was started")
            if not folder.started.exists():
                folder.empty()
                self._prepare(folder, order)
                self._start(folder, order)
        return _ref(order.launch_key)

    def _check(self, order: JobOrder) -> None:
        check_output(order.spec.output)
        if order.spec.flavor not in self._with.flavors:
            raise JobError(f"there is no {order.spec.flavor!r} here; there is: {', '.join(sorted(self._with.flavors))}")
        if not 1 <= order.timeout_minutes <= self._with.longest_minutes:
            raise JobError(
                f"a time limit of {order.timeout_minutes} minutes is not between 1 and {self._with.longest_minutes}; "
                "the setting jobs.local.timeout has the most"
            )

    def _prepare(self, folder: JobFolder, order: JobOrder) -> None:
        """Unpack what was approved, and make sure that it is."""
        folder.write_order(order)
        unpack(order.archive, folder.tree)
        found = tree_id(folder.tree, like=order.tree)
        if found != order.tree:
            raise JobError(f"the archive holds tree {found}, not the approved {order.tree}; nothing was started")
        lacking = missing(order.spec.dependencies, self._with.shell, self._with.python, cwd=str(folder.tree))
        if lacking:
            raise JobError(
                f"this machine's {self._with.python} lacks {', '.join(lacking)}; install it there, or leave it out of the job"
            )
        Path(self._with.cache).mkdir(parents=True, exist_ok=True)
        folder.output.mkdir(parents=True)
        self._with.own(str(folder.output))

    def _start(self, folder: JobFolder, order: JobOrder) -> None:
        command = self._command(folder, order)
        write_whole(folder.started, f"{self._with.clock.now().isoformat()}\n")
        try:
            self._with.shell.detach(command, pid_file=folder.pid_file, status_file=folder.status_file)
        except Misconfigured as error:  # the shell's word that nothing runs
            folder.started.unlink()
            raise JobError(str(error)) from error

    def _command(self, folder: JobFolder, order: JobOrder) -> Command:
        return Command(
            argv=argv_of(order.spec, python=self._with.python, tree=folder.tree, output=folder.output),
            cwd=str(folder.tree),
            timeout_seconds=order.timeout_minutes * 60,
            environment={
                **self._with.environment,
                "HF_HUB_CACHE": self._with.cache,
                "HF_HUB_OFFLINE": "1",
                "PYTHONUNBUFFERED": "1",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            readable=(self._with.cache, str(folder.tree)),
            writable=(str(folder.output),),
            memory_mb=self._with.memory_mb,
            spill=str(folder.log),
        )

    # --- looking ---------------------------------------------------------------------------------------------------

    def status(self, ref: JobRef) -> JobStatus:
        """Return where the job is, from its files. A supervisor that was killed took the job with it: that is a failure."""
        folder = self._folder(ref)
        if not folder.started.exists():
            return _not_started(ref, folder)
        # in this order, for both files come into being while we look: what is found lost here was lost before
        known = Path(folder.pid_file).exists()
        alive = detached.alive(folder.pid_file)
        ended = detached.read_status(folder.status_file)
        if ended is not None:
            stage, message = verdict(ended, _last_lines(folder.log))
            return JobStatus(
                ref=ref,
                stage=stage,
                message=message,
                exit_code=ended.exit_code,
                started_at=ended.started_at,
                finished_at=ended.finished_at,
                output_dir=str(folder.output),
            )
        if alive:
            return JobStatus(ref=ref, stage=JobStage.RUNNING, started_at=_written_at(folder.pid_file))
        return self._silent(ref, folder, known=known)

    def _silent(self, ref: JobRef, folder: JobFolder, *, known: bool) -> JobStatus:
        """Neither alive nor ended: it is just being started, or it was lost."""
        started = _written_at(str(folder.started))
        if not known and self._with.clock.now() < started + GRACE:
            return JobStatus(ref=ref, stage=JobStage.SCHEDULING, message="is being started")
        words = (
            "its supervisor was killed, and the job with it"
            if known
            else "its starter was killed while it started the job"
        )
        return JobStatus(
            ref=ref,
            stage=JobStage.FAILED,
            message=f"lost: {words}; nothing of it runs any more",
            started_at=started,
            finished_at=_last_sign(folder),
            output_dir=str(folder.output),
        )

    def logs(self, ref: JobRef) -> str:
        """Return everything the job has printed so far."""
        try:
            return self._folder(ref).log.read_text("utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def follow(self, ref: JobRef) -> Iterator[str]:
        """Yield each whole line of the log as it comes, until the job has ended."""
        seen = 0
        while True:
            over = self.status(ref).stage.final  # asked first: what an ended job has printed is all there afterwards
            lines = self.logs(ref).splitlines(keepends=True)
            whole = [line.rstrip("\n") for line in lines if over or line.endswith("\n")]
            yield from whole[seen:]
            seen = len(whole)
            if over:
                return
            self._with.clock.wait(FOLLOW_SECONDS)

    # --- ending ----------------------------------------------------------------------------------------------------

    def cancel(self, ref: JobRef) -> None:
        """End the job with every process of it. A job that is not started yet never will be."""
        folder = self._folder(ref)
        with folder.locked():
            if folder.started.exists():
                self._await_pid(folder)
                detached.cancel(folder.pid_file)
            else:
                write_whole(folder.cancelled, "")

    def _await_pid(self, folder: JobFolder) -> None:
        """Wait for a process that a killed starter has left on its way: it cannot be told to end before it is there."""
        until = _written_at(str(folder.started)) + GRACE
        while not Path(folder.pid_file).exists() and self._with.clock.now() < until:
            self._with.clock.wait(0.1)

    def collect(self, ref: JobRef) -> JobStatus:
        """Return the final status; its output is ours from now on. May be repeated.

        Raises:
            JobError: the job has not ended.
        """
        status = self.status(ref)
        if not status.stage.final:
            raise JobError(f"{ref.id} has not ended, so there is nothing to collect")
        if not status.output_dir:
            return status
        removed = seal(Path(status.output_dir))
        if not removed:
            return status
        left_out = f"{status.message}; left out of the output, for being no plain files: {', '.join(removed[:5])}"
        return JobStatus(
            ref=status.ref,
            stage=status.stage,
            message=left_out,
            exit_code=status.exit_code,
            started_at=status.started_at,
            finished_at=status.finished_at,
            output_dir=status.output_dir,
        )

    def leftovers(self) -> tuple[str, ...]:
        """Return nothing: what a job here left is where it belongs."""
        return ()

    def forget(self, ref: JobRef) -> bool:
        """Delete nothing: the folder of a job here is its results' home."""
        del ref
        return False

    def _folder(self, ref: JobRef) -> JobFolder:
        folder = folder_of(self._root, ref.launch_key)
        if ref.backend != NAME or not folder.path.is_dir():
            raise JobError(f"there is no local job {ref.id} beneath {self._root}")
        return folder


def _ref(launch_key: str) -> JobRef:
    return JobRef(backend=NAME, id=launch_key, launch_key=launch_key)


def _not_started(ref: JobRef, folder: JobFolder) -> JobStatus:
    if folder.cancelled.exists():
        return JobStatus(ref=ref, stage=JobStage.CANCELLED, message="cancelled before it was started")
    return JobStatus(ref=ref, stage=JobStage.SCHEDULING, message="not started; a launch with its key starts it")


def _written_at(path: str) -> datetime:
    return datetime.fromtimestamp(Path(path).stat().st_mtime, tz=UTC)


def _last_sign(folder: JobFolder) -> datetime:
    """Return when a lost job last showed a sign of life: it is billed until then."""
    signs = [path for path in (folder.log, Path(folder.pid_file), folder.started) if path.exists()]
    return max(_written_at(str(path)) for path in signs)


def _last_lines(log: Path) -> Sequence[str]:
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(file.tell() - _TAIL_BYTES, 0))
            return file.read().decode("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return ()


BACKEND = Backend(name=NAME, make=LocalJobs)
