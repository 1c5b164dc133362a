"""`smoke_test`: the planned job, small, on this machine. What it finds is recorded by us, not told by the model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field

from intern_action.core.errors import ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import Command, Desk, Outcome
from intern_action.core.types import EMPTY, JsonObject, ToolResult
from intern_action.shell.beneath import Beneath
from intern_action.tools._arguments import STRICT
from intern_action.tools._durations import seconds_within
from intern_action.tools._json import mapping
from intern_action.tools._places import place
from intern_action.tools._script import checked_flags, checked_script
from intern_action.tools._tool import ToolOf

_USUAL = "15m"
_MOST_METRICS = 1 << 20


@frozen
class Arguments:
    """A script and the flags that make it small."""

    __pydantic_config__ = STRICT

    script: str
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    timeout: str = _USUAL


def run(asked: Arguments, desk: Desk) -> ToolResult:
    """Run it as a job would be run: from the checkout, offline, with a folder of its own for what it writes."""
    script, flags = checked_script(asked.script), checked_flags(asked.parameters)
    with place(script, desk) as (folder, name), folder.reading(name):
        pass  # it is there, and a plain file
    output = _output(desk)
    command = _command((desk.python, script, *flags, f"--output-dir={output}"), asked, desk, output)
    desk.progress(f"smoke test: {script} {' '.join(flags)}")
    before = desk.checkout.tree()
    outcome = desk.shell.run(command)
    changed = desk.checkout.tree() != before
    metrics = _metrics(output)
    data: JsonObject = {
        "command": list(command.argv),
        "script": script,
        "tree": before,
        "changed": changed,
        "exit_code": outcome.exit_code,
        "seconds": round(outcome.seconds, 3),
        "timed_out": outcome.timed_out,
        "peak_mb": outcome.peak_mb,
        "metrics": metrics,
        "output": output,
    }
    return ToolResult(text=_words(outcome, metrics, output, changed=changed), data=data, failed=outcome.exit_code != 0)


def _output(desk: Desk) -> str:
    """Make a folder that no earlier test has written to: old metrics must not pass for new ones."""
    name = f"smoke/{desk.clock.now():%Y%m%d-%H%M%S-%f}"
    try:
        with Beneath(desk.scratch) as folder:
            folder.make_folder(name)
    except OSError as error:
        raise ToolFailed(f"no folder for what the test writes: {error.strerror}") from error
    return f"{desk.scratch}/{name}"


def _command(argv: tuple[str, ...], asked: Arguments, desk: Desk, output: str) -> Command:
    return Command(
        argv=argv,
        cwd=desk.checkout.path,
        timeout_seconds=seconds_within(asked.timeout, desk.limits),
        # bytecode would change the checkout; what is printed has to come in the order in which it happens
        environment={**desk.environment, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"},
        readable=(desk.hub.cache, desk.checkout.path),
        writable=(desk.scratch,),
        spill=f"{output}/output.txt",
    )


def _metrics(output: str) -> JsonObject:
    """Return `metrics.json` of the output folder, empty when there is none that can be read."""
    try:
        with Beneath(output) as folder, folder.reading("metrics.json") as file:
            text = file.read(_MOST_METRICS)
        return mapping(json.loads(text))
    except (OSError, ValueError, RecursionError):
        return EMPTY


def _words(outcome: Outcome, metrics: JsonObject, output: str, *, changed: bool) -> str:
    end = (
        f"ended after {outcome.seconds:.1f} s, the time limit"
        if outcome.timed_out
        else f"exit code {outcome.exit_code}"
    )
    lines = [f"{end}, {outcome.seconds:.1f} s, {outcome.peak_mb} MB at most; it wrote to {output}"]
    if metrics:
        lines.append(f"metrics: {json.dumps(mapping(metrics.get('metrics')) or metrics, default=str)[:1000]}")
    if changed:
        lines.append(
            "It changed files of the checkout, which a job cannot: let it write to --output-dir alone, then test again."
        )
    return "\n".join([*lines, "", outcome.output.rstrip()])


TOOL = ToolOf(name="smoke_test", arguments=Arguments, work=run, repeatable=True)
