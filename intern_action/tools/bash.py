"""`bash`: a command line in the checkout, as the tool user."""

from __future__ import annotations

from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk, Outcome
from intern_action.core.types import ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._durations import seconds_within
from intern_action.tools._governor import SPILLS, govern
from intern_action.tools._room import run_line
from intern_action.tools._tool import ToolOf


@frozen
class Arguments:
    """A command line and how long it may take."""

    __pydantic_config__ = STRICT

    command: str
    timeout: str = ""


def run(asked: Arguments, desk: Desk) -> ToolResult:
    """Run it; the text is its output with the exit code when that is not 0."""
    seconds = seconds_within(asked.timeout, desk.limits)
    spill = f"{desk.scratch}/{SPILLS}/bash-{desk.clock.now():%H%M%S%f}.txt"
    outcome = run_line(asked.command, desk, seconds=seconds, spill=spill)
    text = _shown(desk.redactor.text(outcome.output), outcome, desk, spill)
    data = {"exit_code": outcome.exit_code, "seconds": round(outcome.seconds, 3), "timed_out": outcome.timed_out}
    return ToolResult(text=f"{text}{_end(outcome, seconds)}".strip(), data=data, failed=outcome.exit_code != 0)


def _shown(text: str, outcome: Outcome, desk: Desk, spill: str) -> str:
    """Govern output that the shell has spilled here, where the file's path is known; the rest is governed at the door."""
    if outcome.spilled:
        return govern(text, limit=desk.limits.output_chars - 200, whole=spill)
    return text


def _end(outcome: Outcome, seconds: float) -> str:
    if outcome.timed_out:
        return f"\n[ended after {seconds:g} s, the time limit: it and everything it had started was killed]"
    if outcome.exit_code:
        return f"\n[exit code {outcome.exit_code}]"
    return "" if outcome.output.strip() else "[no output]"


TOOL = ToolOf(name="bash", arguments=Arguments, work=run)
