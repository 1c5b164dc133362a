"""The check that stands beside a commit: one of each name, ours, renewed."""

from __future__ import annotations

from intern_action.core.frozen import frozen
from intern_action.core.types import Check
from intern_action.forge._answers import CheckRun, CheckRuns
from intern_action.forge._bodies import first_piece
from intern_action.forge._wire import Wire

SUMMARY_MOST = 65_535
"""`output.summary` of a check run takes no more."""


@frozen
class Checks:
    """Checks of one repository.

    Args:
        wire: the line to GitHub.
        repository: the path of the repository's API, `/repos/OWNER/NAME`.
    """

    wire: Wire
    repository: str

    def keep(self, check: Check) -> None:
        """Make or renew a check. Only a GitHub App may: a workflow's own token does, a person's does not."""
        asked = f"show the check {check.name} on {check.head_sha[:12]}"
        path, body = f"{self.repository}/check-runs", {**_body(check), "head_sha": check.head_sha}
        there = self._of(check)
        if there is None:
            self.wire.make_once(lambda: self.wire.create(path, body, CheckRun, asked), look=lambda: self._of(check))
        else:
            self.wire.change("PATCH", f"{path}/{there.id}", _body(check), asked)

    def _of(self, check: Check) -> CheckRun | None:
        """Return ours: the name alone could be another app's."""
        path, asked = (
            f"{self.repository}/commits/{check.head_sha}/check-runs",
            f"list the checks of {check.head_sha[:12]}",
        )
        found = self.wire.parts(path, CheckRuns, asked, check_name=check.name, filter="all")
        runs = (run for page in found for run in page.check_runs)
        return next((run for run in runs if run.name == check.name and run.external_id == _mark(check)), None)


def _mark(check: Check) -> str:
    return f"intern:{check.name}"


def _body(check: Check) -> dict[str, object]:
    ended = (
        {"status": "completed", "conclusion": check.conclusion.value} if check.conclusion else {"status": "in_progress"}
    )
    link = {"details_url": check.url} if check.url else {}
    output = {"title": check.title, "summary": first_piece(check.summary, SUMMARY_MOST)}
    return {"name": check.name, "external_id": _mark(check), "output": output, **ended, **link}
