"""Jobs that nobody owns any more, ended: what a launch left behind whose session is over, or was never written down."""

from __future__ import annotations

from collections.abc import Sequence

from intern_action.core.entries import LedgerView
from intern_action.core.states import JobState
from intern_action.core.types import JobRef
from intern_action.session.office import Office

_OWNED = frozenset({JobState.APPROVED, JobState.LAUNCHING, JobState.RUNNING, JobState.COLLECTING, JobState.CANCELLING})


def sweep(office: Office) -> tuple[JobRef, ...]:
    """Cancel each job of this ledger's that runs without an owner, and return those."""
    return sweep_of(office, office.jobs.alive())


def sweep_of(office: Office, alive: Sequence[JobRef]) -> tuple[JobRef, ...]:
    """Do the same with a list that was asked for before the ledger is read: a launch is written down before its job starts."""
    if not alive:
        return ()
    owned = _owned(office.ledger.read())
    abandoned = tuple(ref for ref in alive if ref.launch_key not in owned)
    for ref in abandoned:
        office.jobs.cancel(ref)
    return abandoned


def _owned(view: LedgerView) -> frozenset[str]:
    """Return the launch keys that a session still waits for, or is about to."""
    found: set[str] = set()
    for session, moved in view.sessions().items():
        made = view.newest_plan(session)
        if moved.state.over or made is None or view.dropped(made.digest):
            continue
        found |= {row.launch_key for row in view.jobs(made.digest) if row.state in _OWNED}
    return frozenset(found)
