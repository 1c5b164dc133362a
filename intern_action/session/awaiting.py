"""Waiting for a command that runs on its own in a sandbox: it holds no runner, as waiting for a job does not."""

from __future__ import annotations

from intern_action.core.endings import NeedsCommand
from intern_action.core.errors import ToolFailed
from intern_action.core.events import Noted
from intern_action.core.states import State
from intern_action.core.types import JobStage, JobStatus
from intern_action.session.office import Case


def look_at_command(case: Case, awaited: NeedsCommand) -> JobStatus | None:
    """Tell the agent once the command has ended, or nothing more can be waited for; return the status of one that runs on.

    The note is what wakes the agent: from there on the memory does not wait any more, whoever is killed when.
    """
    news = _news(case, awaited)
    if not news:
        return JobStatus(ref=awaited.sandbox, stage=JobStage.RUNNING, message=f"{awaited.process} runs")
    case.write(Noted(text=news))
    case.move(State.RUNNING, news.partition(";")[0])
    return None


def _news(case: Case, awaited: NeedsCommand) -> str:
    """Return what there is to tell of a command, "" while it runs and is waited for."""
    where = f"{awaited.process} in the sandbox {awaited.sandbox.id}"
    try:
        code = case.office.door.progress(awaited.sandbox, awaited.process).exit_code
    except ToolFailed as failure:
        if case.office.sandboxes.status(awaited.sandbox).ended_at is not None:
            return str(failure)
        code = None  # it does not answer now, and may the next time
    if code is not None:
        return f"{where} ended with exit code {code}; sandbox_logs shows what it printed"
    if case.office.clock.now() >= awaited.until:
        return f"{where} is not known to have ended, and was waited for as long as was asked; sandbox_logs looks again"
    return ""
