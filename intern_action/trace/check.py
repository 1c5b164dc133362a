"""The check beside a pull request's commit: it runs until results are in, and is red when something got worse."""

from __future__ import annotations

from pathlib import Path

from intern_action.core.states import State
from intern_action.core.types import Check, Conclusion
from intern_action.trace.report import ReportData, step_summary

NAME = "intern-action"


def check(data: ReportData, *, texts: Path) -> Check:
    """Return the check of a session's pull request, as of now. `texts` is the folder `configs/texts`."""
    return Check(
        name=NAME,
        head_sha=data.head_sha,
        title=_title(data),
        summary=step_summary(data, texts=texts),
        conclusion=_conclusion(data),
    )


def _conclusion(data: ReportData) -> Conclusion | None:
    """None while nothing is decided: a check that is required keeps the pull request from being merged so long."""
    match data.state:
        case State.DONE:
            return Conclusion.FAILURE if data.regressed else Conclusion.SUCCESS
        case State.FAILED:
            return Conclusion.FAILURE
        case State.STOPPED:
            return Conclusion.CANCELLED
        case _:
            return None


def _title(data: ReportData) -> str:
    if data.state is State.DONE and data.regressed:
        return f"worse than the baseline: {', '.join(data.regressed)}"
    return f"{data.state.value}: {data.why}" if data.why else data.state.value
