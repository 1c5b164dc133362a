"""What small parts cost that every turn or every start pays for: in this process, the fastest of many."""

from __future__ import annotations

import string
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from intern_action.core.events import Answered
from intern_action.core.types import ToolResult
from intern_action.settings.load import load
from intern_action.shell.tool_shell import make_shell
from intern_action.tools._governor import governed
from intern_action.trace import codec
from intern_action.trace.redact import SecretRedactor
from tests.fakes.desk import make_desk

TRIES = 200
CODE = "tokenizer.pad_token = tokenizer.eos_token  # https://example.org keeps max_new_tokens: 512\n" * 135
OUTPUT = "a line of output, as tools give them\n" * 330

AIMS_MS: Mapping[str, float] = {
    "redact 12 kB of code": 1,
    "journal an answer of 12 kB": 0.3,
    "govern an answer of 12 kB": 1,
    "load the settings": 25,
}
"""Milliseconds."""


def costs() -> Mapping[str, float]:
    """Return the milliseconds of each part."""
    with _parts() as parts:
        return {name: _fastest_ms(part) for name, part in parts.items()}


def table(found: Mapping[str, float]) -> str:
    """Return them as a table beside their aims."""
    rows = [f"| {name} | {ms:.3f} | {AIMS_MS[name]:g} |" for name, ms in found.items()]
    return "\n".join(["| | ms | aim |", "| --- | ---: | ---: |", *rows])


@contextmanager
def _parts() -> Iterator[Mapping[str, Callable[[], object]]]:
    redactor = SecretRedactor({f"S{number}": f"{number}-{string.ascii_letters[:40]}" for number in range(3)})
    answered = Answered(call_id="1", result=ToolResult(text=OUTPUT))
    with tempfile.TemporaryDirectory() as folder, make_shell(session="bench", home=f"{folder}/home") as shell:
        place = Path(folder)
        desk = make_desk(place, shell, python=sys.executable)
        yield {
            "redact 12 kB of code": lambda: redactor.text(CODE),
            "journal an answer of 12 kB": lambda: codec.write("", 0, datetime.now(UTC), answered),
            "govern an answer of 12 kB": lambda: governed(OUTPUT, desk, tool="bash"),
            "load the settings": lambda: load({}, {"PATH": "/usr/bin:/bin"}, place, place),
        }


def _fastest_ms(part: Callable[[], object]) -> float:
    took: list[float] = []
    for _ in range(TRIES):
        began = time.perf_counter()
        part()
        took.append(time.perf_counter() - began)
    return min(took) * 1000
