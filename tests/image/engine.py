"""A Docker engine for the tests: the machine's own where one answers, else one of ours.

`make engine` lays ours out (`lay.py`). Workers of one run, and runs beside each other, share it: the first one starts it, and
whoever lets go of it last ends it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PLACE = (Path(__file__).resolve().parent.parent.parent / ".cache" / "engine").resolve()
"""Where the link leads, if it is one: two checkouts may share it, and then share the engine."""
PROGRAMS = PLACE / "programs"
FOLDERS = ("usr/bin", "usr/sbin")

BEGINS_WITHIN_SECONDS = 60
ENDS_WITHIN_SECONDS = 30


@dataclass(frozen=True)
class Docker:
    """A client of one engine.

    Args:
        host: the engine's address, as `DOCKER_HOST` has it.
        program: the client.
        is_ours: whether the engine was laid out by us: it reaches no registry of images.
    """

    host: str
    program: str
    is_ours: bool

    @property
    def environment(self) -> Mapping[str, str]:
        """What a program needs to find this engine."""
        path = os.environ["PATH"]  # noqa: TID251 -- programs have to be found
        return {"PATH": f"{Path(self.program).parent}:{path}", "DOCKER_HOST": self.host, "DOCKER_BUILDKIT": "1"}

    def __call__(self, *args: str, check: bool = True, timeout_seconds: int = 120) -> subprocess.CompletedProcess[str]:
        """Run one command; with `check`, one that fails is an error with everything it said."""
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run(
                [self.program, *args],
                env={**self.environment, "HOME": home},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=timeout_seconds,
            )
        if check and done.returncode != 0:
            raise RuntimeError(f"docker {' '.join(args)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def answers(self) -> bool:
        """Whether the engine is there."""
        return self("version", "--format", "{{.Server.Version}}", check=False).returncode == 0

    def has(self, image: str) -> bool:
        """Whether the engine has this image."""
        return self("image", "inspect", image, check=False).returncode == 0


def answering() -> Docker | None:
    """Return the machine's own engine, None when there is none."""
    program = shutil.which("docker")
    if program is None:
        return None
    host = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"  # noqa: TID251 -- it says where the engine is
    found = Docker(host, program, is_ours=False)
    return found if found.answers() else None


@contextmanager
def docker_engine() -> Generator[Docker]:
    """Hold an engine."""
    found = answering()
    if found is not None:
        yield found
        return
    with OwnEngine(PLACE).held() as ours:
        yield ours


class OwnEngine:
    """The engine in `place`, with what it needs to be short (sockets have 108 letters) elsewhere."""

    def __init__(self, place: Path) -> None:
        if not (place / "programs.made-of").exists():
            raise FileNotFoundError(f"{place} holds no Docker engine; `make engine` lays one out")
        self._place = place
        told = hashlib.sha256(str(place).encode()).hexdigest()[:10]
        self._short = Path(tempfile.gettempdir()) / f"intern-engine-{told}"
        self.pid_file = self._short / "pid"
        socket = self._short / "docker.sock"
        self.docker = Docker(f"unix://{socket}", str(PROGRAMS / "usr" / "bin" / "docker"), is_ours=True)

    @contextmanager
    def held(self) -> Generator[Docker]:
        """Start it, unless it runs; end it, unless somebody else holds it."""
        with (self._place / "users").open("a") as users:
            with self._alone():
                fcntl.flock(users, fcntl.LOCK_SH)
                if not self.docker.answers():
                    self.start()
            try:
                yield self.docker
            finally:
                with self._alone():
                    fcntl.flock(users, fcntl.LOCK_UN)
                    if _is_last(users.fileno()):
                        self.stop()

    @contextmanager
    def _alone(self) -> Generator[None]:
        with (self._place / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def start(self) -> None:
        """Start it, after what was left by a run that was killed has ended."""
        self.stop()
        self._short.mkdir(mode=0o700, exist_ok=True)
        (self._short / "none.json").write_text("{}")
        log = self._place / "dockerd.log"
        with log.open("wb") as out:  # nobody's child: whoever holds it last ends it
            subprocess.run(
                ["setsid", "--fork", *self._command()],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=self._environment(),
                check=True,
            )
        until = time.monotonic() + BEGINS_WITHIN_SECONDS
        while not self.docker.answers():
            if time.monotonic() > until:
                self.stop()
                raise RuntimeError(f"the engine did not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.1)

    def _command(self) -> Sequence[str]:
        return [
            str(PROGRAMS / "usr" / "sbin" / "dockerd"),
            *("--data-root", str(self._place / "data"), "--exec-root", str(self._short / "run")),
            *("--pidfile", str(self.pid_file), "--config-file", str(self._short / "none.json")),
            *("--host", self.docker.host, "--bridge", "none", "--iptables=false", "--ip6tables=false"),
        ]

    def _environment(self) -> Mapping[str, str]:
        own = ":".join(str(PROGRAMS / folder) for folder in FOLDERS)
        return {
            "PATH": f"{own}:{self.docker.environment['PATH']}",
            "LD_LIBRARY_PATH": str(PROGRAMS / "usr" / "lib" / "x86_64-linux-gnu"),
            "HOME": str(self._short),
        }

    def stop(self) -> None:
        """End it and every container in it; nobody else's, whatever its pid file says."""
        pid = self.pid
        if pid is None:
            shutil.rmtree(self._short, ignore_errors=True)
            return
        running = self.docker("ps", "--quiet", check=False).stdout.split()
        if running:
            self.docker("rm", "--force", *running, check=False)
        for how in (signal.SIGTERM, signal.SIGKILL):
            os.kill(pid, how)
            until = time.monotonic() + ENDS_WITHIN_SECONDS
            while time.monotonic() < until:
                if not self.is_process(pid):
                    shutil.rmtree(self._short, ignore_errors=True)
                    return
                time.sleep(0.05)
        raise RuntimeError(f"the engine, process {pid}, does not end")

    @property
    def pid(self) -> int | None:
        """Return the engine's process, None when it does not run."""
        try:
            pid = int(self.pid_file.read_text())
        except FileNotFoundError:
            return None
        return pid if self.is_process(pid) else None

    def is_process(self, pid: int) -> bool:
        """Whether a process is this engine; one that has ended and waits for its parent to notice has no command any more."""
        try:
            return str(self._place / "data").encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return False


def _is_last(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
