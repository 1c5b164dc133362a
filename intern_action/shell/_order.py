"""What the supervisor is asked to run: the JSON that crosses from our process to it.

{"argv": ["bash", "-c", "make"], "cwd": "/w", "environment": {"PATH": "..."}, "timeout_seconds": 60.0,
 "uid": 60800, "namespaces": true, "readable": ["/opt/python"], "writable": ["/w"], "hidden": ["/home/me/.netrc"],
 "stdin": "<base64>", "memory_mb": null, "processes": 1024, "keep_bytes": 1048576,
 "spill": "/scratch/out.txt", "spill_bytes": 67108864, "spill_always": false, "machine": ""}
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import cast


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One process, everything about it said.

    Args:
        environment: the whole environment, nothing is inherited.
        uid: the user and group it becomes; None stays who we are.
        namespaces: give it its own view of mounts and processes (the kernel has to allow it).
        readable, writable: paths it needs; with namespaces they are made reachable under closed folders.
        hidden: paths it must not see; covered with namespaces.
        stdin: base64.
        memory_mb: address-space limit of each of its processes.
        processes: how many processes and threads the user may have; counts only with a uid of its own.
        keep_bytes: how much output is answered; the first and last half when there was more.
        spill: file for the whole output, up to `spill_bytes`; written when there was more than is kept, or always.
        machine: folder of an isolated machine to run on (`_machine.py`); needs a uid and namespaces.
    """

    argv: tuple[str, ...]
    cwd: str
    environment: dict[str, str]
    timeout_seconds: float
    uid: int | None = None
    namespaces: bool = False
    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    stdin: str = ""
    memory_mb: int | None = None
    processes: int = 1024
    keep_bytes: int = 1 << 20
    spill: str = ""
    spill_bytes: int = 64 << 20
    spill_always: bool = False
    machine: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How an order ended.

    Args:
        exit_code: 128 + n for a death by signal n; None when it never ran.
        refused: why it never ran.
        peak_mb: most memory that one of its processes had resident.
        spilled: the spill file was written.
        left_out: bytes of output that are neither answered nor in the spill file.
    """

    exit_code: int | None = None
    seconds: float = 0.0
    timed_out: bool = False
    cancelled: bool = False
    peak_mb: int = 0
    spilled: bool = False
    left_out: int = 0
    refused: str = ""
    output: bytes = field(default=b"", repr=False)


def order_text(order: Order) -> str:
    """Write an order as JSON."""
    return json.dumps(asdict(order))


def read_order(text: str) -> Order:
    """Read what `order_text` wrote."""
    return order_of(cast("dict[str, object]", json.loads(text)))


def order_of(raw: dict[str, object]) -> Order:
    """Take an order from decoded JSON; lists become tuples again."""
    lists = {name: tuple(cast("list[str]", raw[name])) for name in ("argv", "readable", "writable", "hidden")}
    return Order(**{**raw, **lists})  # pyright: ignore[reportArgumentType] -- we wrote it ourselves  # written by `order_text` alone


def end_text(end: End) -> bytes:
    """Write an end: one line of JSON, then the output as it came."""
    head = {name: value for name, value in asdict(end).items() if name != "output"}
    return json.dumps(head).encode() + b"\n" + end.output


def read_end(answer: bytes) -> End:
    """Read what `end_text` wrote."""
    head, _, output = answer.partition(b"\n")
    return End(**cast("dict[str, object]", json.loads(head)), output=output)  # pyright: ignore[reportArgumentType] -- we wrote it ourselves
