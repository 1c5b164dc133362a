"""`sandbox_logs`: what a command that runs on its own in a sandbox has printed, and whether it has ended."""

from __future__ import annotations

from datetime import datetime, timedelta

from intern_action.core.errors import ToolFailed
from intern_action.core.frozen import frozen
from intern_action.core.ports import Desk, Progress
from intern_action.core.types import JobRef, JsonObject, ToolResult
from intern_action.tools._arguments import STRICT
from intern_action.tools._durations import in_time, seconds_of
from intern_action.tools._json import mapping
from intern_action.tools._room import beside
from intern_action.tools._sandboxes import LONGEST_SECONDS, sandbox_named
from intern_action.tools._tool import ToolOf

_POLL_SECONDS = 0.5


@frozen
class Arguments:
    """A command that was started, the newest if none is named, and how long to wait for its end."""

    __pydantic_config__ = STRICT

    process: str = ""
    sandbox: str = ""
    wait: str = ""


def run(asked: Arguments, desk: Desk) -> ToolResult:
    """Wait for it up to a minute, then say how far it is; for a longer wait the session is suspended."""
    sandbox = sandbox_named(asked.sandbox, desk)
    process = asked.process or _newest(sandbox, desk)
    seconds = in_time(seconds_of(asked.wait), desk.limits) if asked.wait else 0.0
    with beside(sandbox, desk):
        progress = _waited(sandbox, process, desk, seconds if seconds <= LONGEST_SECONDS else 0.0)
    running = progress.exit_code is None
    end = "still running" if running else f"exit code {progress.exit_code}"
    data: JsonObject = {"process": process, "exit_code": progress.exit_code, "running": running}
    if running and seconds > LONGEST_SECONDS:
        end += f"; the session waits for it, {asked.wait} at most, and a note follows"
        data = {**data, "awaited": _awaited(sandbox, process, desk.clock.now() + timedelta(seconds=seconds))}
    return ToolResult(text=f"{progress.output.rstrip()}\n[{process}: {end}]".lstrip(), data=data)


def _awaited(sandbox: JobRef, process: str, until: datetime) -> JsonObject:
    """Return what the session waits for: the loop ends on it, and control looks at it from then on."""
    ref: JsonObject = {"backend": sandbox.backend, "id": sandbox.id, "launch_key": sandbox.launch_key}
    return {"sandbox": ref, "process": process, "until": until.isoformat()}


def _waited(sandbox: JobRef, process: str, desk: Desk, seconds: float) -> Progress:
    until = desk.clock.monotonic() + seconds
    progress = desk.sandboxes.progress(sandbox, process)
    while progress.exit_code is None and desk.clock.monotonic() < until:
        desk.clock.wait(_POLL_SECONDS)
        progress = desk.sandboxes.progress(sandbox, process)
    return progress


def _newest(sandbox: JobRef, desk: Desk) -> str:
    started = [mapping(past.result.data) for past in desk.past("sandbox_exec")]
    names = [str(data["process"]) for data in started if data.get("sandbox") == sandbox.id and "process" in data]
    if not names:
        raise ToolFailed("nothing runs on its own in this sandbox; sandbox_exec with a timeout above 60 s starts it")
    return names[-1]


TOOL = ToolOf(name="sandbox_logs", arguments=Arguments, work=run, repeatable=True)
