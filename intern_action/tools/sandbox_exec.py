"""`sandbox_exec`: a command line in a sandbox; one that may take longer than a minute runs on its own."""

from __future__ import annotations

from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk, Outcome
from intern_action.core.types import JobRef, ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._durations import in_time, seconds_of
from intern_action.tools._governor import SPILLS, govern
from intern_action.tools._room import beside
from intern_action.tools._sandboxes import LONGEST_SECONDS, sandbox_named
from intern_action.tools._tool import ToolOf


@frozen
class Arguments:
    """A command line, how long it may take, and where."""

    __pydantic_config__ = STRICT

    command: str
    timeout: str = "60"
    sandbox: str = ""


def run(asked: Arguments, desk: Desk) -> ToolResult:
    """Run it to its end, or start it and say how it is asked for."""
    sandbox = sandbox_named(asked.sandbox, desk)
    seconds = in_time(seconds_of(asked.timeout), desk.limits)
    if seconds > LONGEST_SECONDS:
        return _started(asked.command, sandbox, desk)
    spill = f"{desk.scratch}/{SPILLS}/sandbox-{desk.clock.now():%H%M%S%f}.txt"
    with beside(sandbox, desk):
        outcome = desk.sandboxes.run(
            sandbox, asked.command, timeout_seconds=seconds, environment=desk.environment, spill=spill
        )
    data = {"exit_code": outcome.exit_code, "seconds": round(outcome.seconds, 3), "timed_out": outcome.timed_out}
    text = _shown(desk.redactor.text(outcome.output), outcome, desk, spill)
    return ToolResult(text=f"{text}{_end(outcome, seconds)}".strip(), data=data, failed=outcome.exit_code != 0)


def _started(command: str, sandbox: JobRef, desk: Desk) -> ToolResult:
    with beside(sandbox, desk):
        process = desk.sandboxes.start(sandbox, command, environment=desk.environment)
    words = f"Started as {process} in {sandbox.id}; sandbox_logs with process={process} says how far it is, or waits for it."
    return ToolResult(text=words, data={"process": process, "sandbox": sandbox.id})


def _shown(text: str, outcome: Outcome, desk: Desk, spill: str) -> str:
    return govern(text, limit=desk.limits.output_chars - 200, whole=spill) if outcome.spilled else text


def _end(outcome: Outcome, seconds: float) -> str:
    if outcome.timed_out:
        return (
            f"\n[ended after {seconds:g} s, or with the lease; with more than {LONGEST_SECONDS} s it runs on its own]"
        )
    if outcome.exit_code:
        return f"\n[exit code {outcome.exit_code}]"
    return "" if outcome.output.strip() else "[no output]"


TOOL = ToolOf(name="sandbox_exec", arguments=Arguments, work=run)
