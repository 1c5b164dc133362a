"""What a job says while it runs: its log, and once a second what it uses, both as server-sent events."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from .hardware import Hardware
from .job_records import JobFolder
from .job_runs import Jobs, LogCut
from .jobs import readable
from .refusals import Refused
from .request import Answer, Request
from .routes import Route

if TYPE_CHECKING:
    from .world import World

_TICK = 0.05
_HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
_KEEP_ALIVE = b": keep-alive\n\n"


def _logs(world: World, request: Request) -> Answer:
    """Stream from the first line (or the last `tail` ones) until the job has ended; the Hub knows no `follow`, clients leave."""
    folder, jobs = readable(world, request), world.part(Jobs)
    tail = request.asked("tail")
    stream = _events(folder, jobs, skip=_lines(folder.logs) - int(tail) if tail else 0)
    cut = next((one for one in jobs.settings.log_cuts if one.times > 0), None)
    return Answer(headers=_HEADERS, body=_broken(stream, cut) if cut else stream)


def _events(folder: JobFolder, jobs: Jobs, *, skip: int) -> Iterator[bytes]:
    spoke = time.monotonic()
    with folder.logs.open("rb") as log:
        for line in _follow(folder, jobs, log):
            if line is not None and skip > 0:
                skip -= 1
            elif line is not None:
                spoke = time.monotonic()
                yield b"data: " + line.rstrip(b"\n") + b"\n\n"
            elif time.monotonic() - spoke >= jobs.settings.keep_alive_seconds:
                spoke = time.monotonic()
                yield _KEEP_ALIVE


def _follow(folder: JobFolder, jobs: Jobs, log: IO[bytes]) -> Iterator[bytes | None]:
    """Yield the lines of a log that is still written, and None while there is none, until nobody writes it any more."""
    while not jobs.closed:
        over = not folder.is_kept()  # asked before reading: what was written by then is read now
        at = log.tell()
        while (line := log.readline()).endswith(b"\n"):
            yield line
            at = log.tell()
        log.seek(at)
        if over:
            return
        yield None
        time.sleep(_TICK)


def _broken(stream: Iterator[bytes], cut: LogCut) -> Iterator[bytes]:
    left, looks_finished = cut.strike(), cut.looks_finished
    for event in stream:
        if left == 0:
            break
        yield event
        left -= event.startswith(b"data: ")
    if left == 0 and not looks_finished:
        raise ConnectionResetError


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def _metrics(world: World, request: Request) -> Answer:
    folder, jobs = readable(world, request), world.part(Jobs)
    if folder.status().finished_at is not None:
        raise Refused(500, "Internal Error - We're working hard to fix this as soon as possible!")
    hardware = jobs.prices.find(str(folder.record()["flavor"]))
    assert hardware is not None
    return Answer(headers=_HEADERS, body=_measurements(folder, jobs, hardware))


def _measurements(folder: JobFolder, jobs: Jobs, hardware: Hardware) -> Iterator[bytes]:
    """Yield one event a second until the job's end; the Hub's own stream goes on in silence, which would keep a thread here."""
    while not jobs.closed and folder.is_kept():
        yield b"event: metric\ndata: " + json.dumps(_measured(folder, hardware)).encode() + b"\n\n"
        time.sleep(1)


def _measured(folder: JobFolder, hardware: Hardware) -> dict[str, object]:
    gigabytes = int(hardware.ram.split()[0])
    cards = hardware.accelerator
    memory = int(cards.vram.split()[0]) * 10**9 // cards.quantity if cards else 0
    card = {"utilization": 0, "memory_used_bytes": 0, "memory_total_bytes": memory}
    return {
        "cpu_usage_pct": 0,
        "cpu_millicores": int(hardware.cpu.split()[0]) * 1000 - 500,
        "memory_used_bytes": _resident(folder),
        "memory_total_bytes": (gigabytes - 2) * 2**30,
        "rx_bps": 0,
        "tx_bps": 0,
        "gpus": {f"{number:08x}": card for number in range(cards.quantity if cards else 0)},
        "replica": folder.id[-5:],
    }


def _resident(folder: JobFolder) -> int:
    """Return the memory of the processes whose working folder is the job's."""
    pages = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(folder.files):
                pages += int((process / "statm").read_text(encoding="ascii").split()[1])
        except OSError:
            continue  # it ended, or is not ours to look at
    return pages * 4096


ROUTES = (
    Route("GET", "/api/jobs/{namespace}/{job}/logs", _logs),
    Route("GET", "/api/jobs/{namespace}/{job}/metrics", _metrics),
)
