"""What a step of a workflow leaves: outputs for other steps, a summary for people, files in the shared workspace."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from intern_action.core.errors import Misconfigured
from intern_action.core.frozen import frozen
from intern_action.shell.beneath import Beneath
from intern_action.wiring.workflow import WorkflowRun

if TYPE_CHECKING:
    from intern_action.wiring.house import House

FILES = ("trace.jsonl", "trace.html", "result.json", "summary.md")
REPORT, TRACE = "summary.md", "trace.html"


@frozen
class Left:
    """Where a session's files were left for later steps, relative to the workspace; "" where there is none."""

    trace: str = ""
    report: str = ""


def deliver(house: House, run: WorkflowRun) -> None:
    """Give outputs and summary, and leave the session's files below `out` in the workspace."""
    folder = house.world.results(house.session)
    left = _leave(folder, run, f"{house.settings.out}/{house.session}")
    result = cast("Mapping[str, Any]", json.loads((folder / "result.json").read_bytes()))
    run.give(outputs_of(result, left))
    run.summarise((folder / REPORT).read_text(encoding="utf-8"))


def outputs_of(result: Mapping[str, Any], left: Left) -> Mapping[str, str]:
    """Return the outputs that `action.yml` declares, from what `result.json` says (docs/result.md)."""
    return {
        "state": str(result["state"]),
        "session": str(result["session"]),
        "pull_request": str(result["pull_request"]["number"] if result["pull_request"] else ""),
        "branch": str(result["branch"]),
        "head_sha": str(result["head_sha"] or ""),
        "metrics": json.dumps(result["metrics"], separators=(",", ":")),
        "cost_usd": format(Decimal(result["spend"]["model_usd"]) + Decimal(result["spend"]["jobs_usd"]), "f"),
        "trace_path": left.trace,
        "report_path": left.report,
    }


def _leave(folder: Path, run: WorkflowRun, where: str) -> Left:
    """Copy files into the workspace. Other steps may have put anything there, so no link in it is followed."""
    if not run.workspace:
        return Left()
    try:
        with Beneath(run.workspace) as workspace:
            for name in FILES:
                if (folder / name).exists():
                    workspace.write(f"{where}/{name}", (folder / name).read_bytes())
    except OSError as error:
        raise Misconfigured(
            f"{where} cannot be written in the workspace ({error.strerror}); name another folder as the input `out`"
        ) from error
    return Left(trace=f"{where}/{TRACE}", report=f"{where}/{REPORT}")
