"""The processes of jobs: each gets a keeper, a folder, and an environment that holds what it was given and no more."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from time import monotonic, sleep

from .hardware import PriceList
from .job_records import JobFolder, JobFolders, now
from .store import write_whole
from .world import World

_KEEPER = Path(__file__).parent / "in_the_job" / "keeper.py"
_STAND_INS = Path(__file__).parent / "in_the_job" / "stand_ins"
_NAMES = {"installer": ["uv", "pip", "pip3"], "wget": ["wget"], "sha256sum": ["sha256sum"]}


@dataclass(slots=True, kw_only=True)
class LogCut:
    """A log stream that breaks; each further one gets `further` lines more before it does, so that a patient reader arrives."""

    after_lines: int
    times: int = 1
    further: int = 0
    looks_finished: bool = False
    """Whether the stream ends as one that is complete, as through a proxy, and not with a broken connection."""

    def strike(self) -> int:
        """Take one of the times and return after how many lines it breaks."""
        here = self.after_lines
        self.times -= 1
        self.after_lines += self.further
        return here


@dataclass(slots=True, kw_only=True)
class JobSettings:
    """How jobs run on this server; a test may change any of it at any time, for the jobs and streams that come after."""

    python: Path = Path(sys.executable)
    """In the environment that stands in for every image."""
    queue_seconds: float | None = 0.0
    """None: the hardware never comes, until the job is let go."""
    orphan_seconds: float = 30.0
    """A job whose server died lives on for so long, should the server come back."""
    keep_alive_seconds: float = 30.0
    """Between the comments of a silent log. A client that does not follow leaves after 5 s of silence, so never below that."""
    timeout_seconds: int = 30 * 60
    """For a job that asks for none."""
    page_size: int = 100
    environment: dict[str, str] = field(default_factory=dict[str, str])
    """What every image sets."""
    without_credit: set[str] = field(default_factory=set[str])
    """Namespaces that cannot pay."""
    log_cuts: list[LogCut] = field(default_factory=list[LogCut])
    domain: str = "hf.jobs"
    """Under which the ports of jobs are reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a job shall run; secrets are values here and are never written down."""

    command: Sequence[str]
    environment: Mapping[str, str]
    secrets: Mapping[str, str]
    timeout_seconds: int


class Jobs:
    """A server's jobs: their folders, their processes, their prices."""

    def __init__(self, world: World) -> None:
        self.settings = JobSettings()
        self.prices = PriceList()
        self.folders = JobFolders(world.store.folder("jobs"))
        self.closed = False
        self._world = world
        self._bin = world.store.folder("jobs_bin")
        self._server_lock = world.store.root / "jobs.lock"
        self._alive = _hold(self._server_lock, fcntl.LOCK_SH)
        self._keepers: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = Lock()

    def start(self, folder: JobFolder, record: Mapping[str, object], order: Order) -> None:
        """Write a job down and start its keeper; the job itself begins when its hardware is there."""
        self._reap()
        lock = _hold(
            folder.path / "keeper.lock", fcntl.LOCK_EX
        )  # first: a job that is written down and has no keeper counts as lost
        folder.write("record.json", record)
        keeper = self._keeper(folder, lock)
        os.close(lock)
        (folder.path / "keeper.pid").write_text(str(keeper.pid), encoding="utf-8")
        with self._lock:
            self._keepers[folder.id] = keeper
        assert keeper.stdin is not None
        with suppress(BrokenPipeError):
            keeper.stdin.write(json.dumps(self._order(folder, order)).encode() + b"\n")
            keeper.stdin.close()

    def _keeper(self, folder: JobFolder, lock: int) -> subprocess.Popen[bytes]:
        with (folder.path / "keeper.err").open("wb") as errors:
            return subprocess.Popen(
                [sys.executable, "-I", "-S", str(_KEEPER), str(folder.path), str(self._server_lock)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
                pass_fds=[lock],
                env={},
            )

    def _order(self, folder: JobFolder, order: Order) -> dict[str, object]:
        return {
            "command": list(order.command),
            "environment": self._environment(folder, order),
            "timeout_seconds": order.timeout_seconds,
            "queue_seconds": self.settings.queue_seconds,
            "orphan_seconds": self.settings.orphan_seconds,
        }

    def _environment(self, folder: JobFolder, order: Order) -> dict[str, str]:
        """Return the whole environment of a job: ours is not handed down."""
        _lay_out_stand_ins(self._bin, self.settings.python)
        temporary = folder.files / "tmp"
        temporary.mkdir(exist_ok=True)
        path = os.pathsep.join([str(self._bin), str(self.settings.python.parent), "/usr/local/bin", "/usr/bin", "/bin"])
        image = {
            "PATH": path,
            "HOME": str(folder.files),
            "TMPDIR": str(temporary),
            "LANG": "C.UTF-8",
            "PIP_NO_INDEX": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "HF_ENDPOINT": self._world.url,
            "HF_HUB_DISABLE_XET": "1",  # this Hub keeps large files as Git LFS does
            "JOB_ID": folder.id,
        }
        return {**image, **self.settings.environment, **order.environment, **order.secrets}

    def cancel(self, folder: JobFolder) -> None:
        """Cancel a job that has not ended; the answer is given at once, its processes have a moment to end."""
        folder.write("canceled.json", {"at": now()})
        self._tell(folder)

    def let_go(self, folder: JobFolder) -> None:
        """Give a job that waits in the queue its hardware."""
        (folder.path / "go").touch()

    def preempt(self, folder: JobFolder) -> None:
        """Take a running job's node away."""
        (folder.path / "preempted").touch()

    def _tell(self, folder: JobFolder) -> None:
        if folder.is_kept():
            with suppress(ProcessLookupError, FileNotFoundError):
                os.kill(int((folder.path / "keeper.pid").read_text(encoding="utf-8")), signal.SIGTERM)

    def _reap(self) -> None:
        with self._lock:
            self._keepers = {name: keeper for name, keeper in self._keepers.items() if keeper.poll() is None}

    def close(self) -> None:
        """End every job that still runs, and wait until its processes are gone."""
        self.closed = True
        kept = [folder for folder in self.folders.everywhere() if self._alive >= 0 and folder.is_kept()]
        for folder in kept:
            self._tell(folder)
        until = monotonic() + 10
        while any(folder.is_kept() for folder in kept) and monotonic() < until:
            sleep(0.02)
        self.leave()

    def leave(self) -> None:
        """Let go of the jobs as they are, as a server does that is killed: they run on for the next one on the same folder."""
        self.closed = True
        with self._lock:
            for keeper in self._keepers.values():
                if keeper.poll() is None:
                    keeper.returncode = 0  # its end is not waited for: it is nobody's child soon
            self._keepers.clear()
        if self._alive >= 0:
            os.close(self._alive)
            self._alive = -1


def _hold(path: Path, how: int) -> int:
    """Lock a file for as long as the returned descriptor is open, here or in a process that got it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, how)
    return descriptor


def _lay_out_stand_ins(folder: Path, python: Path) -> None:
    """Write the small programs that jobs find on their PATH, each for the ready Python."""
    for source, names in _NAMES.items():
        text = f"#!{python}\n".encode() + (_STAND_INS / f"{source}.py").read_bytes()
        for name in names:
            program = folder / name
            if not program.exists() or program.read_bytes() != text:
                write_whole(program, text)
                program.chmod(0o755)
