"""The results as people and machines read them."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.clients import DIRECT, DIRECT_WHOLE, HOUSE, LITELLM, LITELLM_WHOLE, PLAIN
from bench.figures import LITELLM_TARGETS, TARGETS, Figures, here, missed
from bench.measure import TURNS

RESULTS = HOUSE / "bench" / "RESULTS.md"
NUMBERS = HOUSE / "bench" / "results.json"

COLUMNS: Mapping[str, str] = {
    "help_s": "`--help` s",
    "cold_s": "cold s",
    "exit_s": "exit s",
    "rest_s": "last answer to end s",
    "early_ms": "ms at turn 5",
    "late_ms": f"ms at turn {TURNS}",
    "growth": "growth",
    "sum_s": f"{TURNS} turns s",
    "peak_mib": "peak MiB",
    "first_kb": "first request kB",
}
_DIGITS = {"early_ms": 2, "late_ms": 2, "peak_mib": 0, "first_kb": 1, "growth": 2}

TARGETS_OF: Mapping[str, Mapping[str, float]] = {
    DIRECT.name: TARGETS,
    DIRECT_WHOLE.name: TARGETS,
    LITELLM.name: LITELLM_TARGETS,
    LITELLM_WHOLE.name: LITELLM_TARGETS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Further tables of the page, as the modules of the same names give them."""

    parts: str
    guard: str
    sessions: str
    requests: str
    github: str
    waits: str


def machine() -> Mapping[str, str]:
    """Return where and on what this was measured."""
    memory_kb = int(Path("/proc/meminfo").read_text().split()[1])
    dirty = _git("status", "--porcelain", "--untracked-files=no", "intern_action", "bench", "configs", "tests/fakes")
    return {
        "commit": _git("rev-parse", "--short=12", "HEAD") + (" and changes" if dirty else ""),
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "cores": str(os.cpu_count()),
        "memory": f"{memory_kb / 1024 / 1024:.0f} GiB",
        "python": platform.python_version(),
        "load": f"{os.getloadavg()[0]:.1f}",
    }


def committed() -> Mapping[str, Mapping[str, float]]:
    """Return the ratios that were committed, {} when there are none."""
    shown = subprocess.run(
        ["git", "show", "HEAD:bench/results.json"], cwd=HOUSE, capture_output=True, text=True, check=False
    )
    return json.loads(shown.stdout)["ratios"] if shown.returncode == 0 else {}


def write(
    figures: Mapping[str, Figures], ratios: Mapping[str, Mapping[str, float]], where: Mapping[str, str], tables: Tables
) -> None:
    """Write both files."""
    numbers: dict[str, Any] = {"machine": where, "turns": TURNS, "figures": {k: asdict(v) for k, v in figures.items()}}
    NUMBERS.write_text(json.dumps(_rounded({**numbers, "ratios": ratios}), indent=2) + "\n")
    RESULTS.write_text(text(figures, ratios, where, tables))


def text(
    figures: Mapping[str, Figures], ratios: Mapping[str, Mapping[str, float]], where: Mapping[str, str], tables: Tables
) -> str:
    """Return the page."""
    return PAGE.format(
        **where,
        turns=TURNS,
        ratios="\n".join(_table(ratios, " x")),
        figures="\n".join(_table({name: asdict(values) for name, values in figures.items()}, "")),
        targets="\n".join(_targets(figures)),
        parts=tables.parts,
        guard=tables.guard,
        sessions=tables.sessions,
        requests=tables.requests,
        github=tables.github,
        waits=tables.waits,
    )


PAGE = """# Side by side: the same scripted model, the same repository, the same tool

Commit {commit}, {date}, {cores} cores, {memory}, Python {python}, load {load} at the start. `make bench` writes this page and
`results.json`; a ratio that has doubled against the committed one fails it. Seconds belong to this machine, ratios travel.

The model calls `read_file` on a 2 kB file {turns} times and then says that it is done. Cold: process start to the first
request, with the repository mirrored, the checkout made and the session journaled. A turn: last byte of an answer to last byte of
the next request, with the tool, the journal and the progress lines. Growth: turn {turns} by turn 5. Best of several runs.

## Ratios to the plain httpx loop

{ratios}

## Figures

{figures}

## Targets

Seconds were aimed at where the plain loop takes 0.14 s cold and 1.5 s for 300 turns; here as much more as it takes more here.

{targets}

## Parts

What every turn or every start pays for, in one process, the fastest of many.

{parts}

## The loop guard

Labelled histories in `tests/agent/histories`, each loop played on for 60 turns by a model that heeds nothing, a note, or a plan.

{guard}

## Long sessions

In one process, over a real socket.

{sessions}

## Requests to the Hub

Counted, not measured: the same on every machine.

{requests}

## Requests to GitHub

Counted too, and how soon the first one comes. Git's own requests are not among them.

{github}

## What people wait for

With the GitHub and the Hub of the tests; what GitHub takes to begin a run is not in it.

{waits}
"""


def _table(rows: Mapping[str, Mapping[str, Any]], unit: str) -> list[str]:
    shown = {name: title for name, title in COLUMNS.items() if any(row.get(name) is not None for row in rows.values())}
    lines = ["| | " + " | ".join(shown.values()) + " |", "| --- |" + " ---: |" * len(shown)]
    for client, row in rows.items():
        cells = [_cell(row.get(name), 2 if unit else _DIGITS.get(name, 3), unit) for name in shown]
        lines.append(f"| {client.strip()} | " + " | ".join(cells) + " |")
    return lines


def _cell(value: float | None, digits: int, unit: str) -> str:
    return "-" if value is None else f"{value:.{digits}f}{unit}"


def _targets(figures: Mapping[str, Figures]) -> list[str]:
    lines: list[str] = []
    for client, targets in TARGETS_OF.items():
        if client in figures:
            over = missed(figures[client], here(targets, figures[PLAIN.name]))
            values = asdict(figures[client])
            words = ", ".join(f"{COLUMNS[name]} {values[name]:.3g} (aim {most:.3g})" for name, most in over.items())
            lines.append(f"- {client.strip()}: " + (f"not reached: {words}" if over else "all reached"))
    return lines


def _rounded(value: Any) -> Any:  # noqa: ANN401 -- whatever JSON holds
    match value:
        case float():
            return round(value, 4)
        case dict():
            return {name: _rounded(item) for name, item in value.items()}
        case _:
            return value


def _git(*command: str) -> str:
    return subprocess.run(["git", *command], cwd=HOUSE, capture_output=True, text=True, check=True).stdout.strip()
