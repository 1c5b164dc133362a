"""How a local job ended, told from what its supervisor wrote and from the last lines of its log."""

from __future__ import annotations

import json
import signal
from collections.abc import Sequence
from typing import cast

from intern_action.core.types import JobStage
from intern_action.shell.detached import Status

KILLED = 128 + signal.SIGKILL
_WORDS = ("MemoryError", "std::bad_alloc", "Cannot allocate memory", "DefaultCPUAllocator: can't allocate memory")
"""What Python, C++, the kernel and torch say when an address-space limit is met."""


def verdict(status: Status, last_lines: Sequence[str]) -> tuple[JobStage, str]:
    """Return the stage and the words for it."""
    if status.cancelled:
        return JobStage.CANCELLED, f"cancelled after {status.seconds:.0f} s"
    if status.timed_out:
        return JobStage.TIMED_OUT, f"its time was up after {status.seconds:.0f} s"
    if status.exit_code == 0:
        return JobStage.COMPLETED, f"completed in {status.seconds:.0f} s"
    why = memory(status.exit_code, last_lines)
    if why:
        return JobStage.OUT_OF_MEMORY, why
    return JobStage.FAILED, said(last_lines) or f"the script ended with exit code {status.exit_code}"


def said(last_lines: Sequence[str]) -> str:
    """Return what the script itself says went wrong: the message of its last JSON line with an `error`, "" without one."""
    for line in reversed(last_lines):
        match _object(line):
            case {"error": str(error), "message": str(message)}:
                return f"{error}: {message}"
            case _:
                pass
    return ""


def memory(exit_code: int, last_lines: Sequence[str]) -> str:
    """Return why it was memory, "" when it was something else."""
    for line in reversed(last_lines):
        if _object(line).get("error") == "out_of_memory":
            return str(_object(line).get("message", "out of memory"))
    if exit_code == KILLED:
        return "the system killed it, most likely because memory ran out"
    return next((f"out of memory: {line.strip()}" for line in reversed(last_lines) if _tells(line)), "")


def _tells(line: str) -> bool:
    return any(words in line for words in _WORDS)


def _object(line: str) -> dict[str, object]:
    try:
        found: object = json.loads(line)
    except ValueError:
        return {}
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}
