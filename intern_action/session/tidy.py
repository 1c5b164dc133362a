"""What jobs left with their backend, deleted once it is of no more use: the session is over and the results are home."""

from __future__ import annotations

from intern_action.core.entries import LedgerView
from intern_action.core.errors import OutsideError
from intern_action.core.states import JobState
from intern_action.core.types import JobRef
from intern_action.session.office import Case, Office


def tidy(office: Office) -> tuple[str, ...]:
    """Delete what is left of jobs of sessions that are over, and return their launch keys. What is not home stays."""
    left = office.jobs.leftovers()
    view = office.ledger.read() if left else None
    return tuple(key for key in left if view is not None and _forgotten(office, view, key))


def tidy_own(case: Case) -> None:
    """Delete what the jobs of a session that is over left. Where the backend is away it stays for `tidy`.

    On a runner, whose own disk goes away with it, what was uploaded nowhere stays with the backend.
    """
    if not case.state.over or (case.office.runner and not _uploaded(case)):
        return
    keys = [sub.job.launch_key for launches in case.memory.submitted.values() for sub in launches]
    view = case.office.ledger.read() if keys else None
    for key in keys:
        try:
            if view is not None:
                _forgotten(case.office, view, key)
        except OutsideError:
            return


def _uploaded(case: Case) -> bool:
    return any(done.what == "hub-model" for done in case.memory.published)


def _forgotten(office: Office, view: LedgerView, key: str) -> bool:
    """Delete what one launch left, if nobody can come back to it: it is paid, and no money is left for another attempt."""
    row = view.row(key)
    if row is None or row.state is not JobState.ENDED or view.held(row.digest) > 0:
        return False
    session = view.session_state(row.session)
    if session is None or not session.state.over:
        return False
    return office.jobs.forget(row.job or JobRef(backend=office.jobs.name, id="", launch_key=key))
