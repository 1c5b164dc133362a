"""One run of one client against the scripted model server, on the clock of the server."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.clients import HOUSE, NOTES, Client, Place, furnish
from tests.fakes.model_server import ModelServer, bench_script

TURNS = 300
EARLY, LATE = 5, 300
AROUND = 20
"""Turns that one figure is the median of."""
_ARGUMENTS = f'{{"path": "{NOTES}", "limit": {{turn}}}}'
_PROBE_SECONDS = 0.01
_LONGEST_RUN_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run took. Overhead of a turn: from the last byte of an answer to the last byte of the next request.

    Args:
        cold_s: process start to first request.
        rest_s: last answer to the end of the process: a session's end is work, not only leaving.
        exit_s: last output to the end of the process.
        early_ms, late_ms: overhead of a turn around turn 5 and at turn 300.
        sum_s: overhead of all turns.
        peak_mib: most memory of the process itself.
        first_kb: size of the first request.
    """

    cold_s: float
    rest_s: float
    exit_s: float
    early_ms: float
    late_ms: float
    sum_s: float
    peak_mib: float
    first_kb: float


def run(client: Client, turns: int) -> Run:
    """Run a client once. Raises RuntimeError with its output when it fails or does another number of turns."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        with ModelServer(bench_script(turns, "read_file", _ARGUMENTS), keep_bodies=False) as server:
            place = Place(root=server.root, folder=Path(folder))
            furnish(place)
            watched = _watch(client.command(place), client.environment(place))
        if watched.code != 0 or len(server.seen) != turns + 1:
            raise RuntimeError(
                f"{client.name} ended with {watched.code} after {len(server.seen)} requests:\n{watched.output[-3000:]}"
            )
        gaps = [later.arrived_at - before for before, later in zip(server.answered_at, server.seen[1:], strict=False)]
        return Run(
            cold_s=server.seen[0].arrived_at - watched.began,
            rest_s=watched.ended - server.answered_at[-1],
            exit_s=watched.ended - watched.last_output,
            early_ms=_typical_ms(gaps[EARLY - 1 : EARLY - 1 + AROUND]),
            late_ms=_typical_ms(gaps[-AROUND:]),
            sum_s=sum(gaps),
            peak_mib=watched.peak_mib,
            first_kb=len(server.seen[0].body) / 1000,
        )


def help_seconds(client: Client) -> float:
    """Return how long the help takes."""
    began = time.perf_counter()
    subprocess.run(client.help_argv, check=True, capture_output=True, cwd=HOUSE)
    return time.perf_counter() - began


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    code: int
    output: str
    began: float
    ended: float
    last_output: float
    peak_mib: float


def _watch(command: list[str], environment: dict[str, str]) -> _Watched:
    """Run a process; note when it last said something, and its peak as the kernel counts it."""
    environment["PYTHONPATH"] = str(HOUSE)
    began = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, cwd=HOUSE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    peak: list[float] = [0.0]
    over = threading.Event()
    probe = threading.Thread(target=_probe, args=(process.pid, peak, over))
    probe.start()
    killer = threading.Timer(_LONGEST_RUN_SECONDS, process.kill)
    killer.start()
    said, last_output = _listen(process)
    code = process.wait()
    ended = time.perf_counter()
    killer.cancel()
    over.set()
    probe.join()
    return _Watched(
        code=code, output=said, began=began, ended=ended, last_output=min(last_output, ended), peak_mib=peak[0]
    )


def _listen(process: subprocess.Popen[bytes]) -> tuple[str, float]:
    """Read to the end; the end itself says nothing, so the time is that of the last byte."""
    said, last = [], time.perf_counter()
    while process.stdout and (piece := os.read(process.stdout.fileno(), 65536)):
        last = time.perf_counter()
        said.append(piece)
    if process.stdout:
        process.stdout.close()
    return b"".join(said).decode(errors="replace"), last


def _probe(pid: int, peak: list[float], over: threading.Event) -> None:
    """The high-water mark only rises, so the last look before the end is the peak."""
    status = Path(f"/proc/{pid}/status")
    while not over.wait(_PROBE_SECONDS):
        try:
            text = status.read_text()
        except OSError:
            return
        for line in text.splitlines():
            if line.startswith("VmHWM:"):
                peak[0] = int(line.split()[1]) / 1024


def _typical_ms(gaps: list[float]) -> float:
    """The median: one turn in which the machine did something else says nothing about ours."""
    return 1000 * median(gaps) if gaps else 0.0
