"""Forgetting a session that is over: its journal and its traces are taken away, the ledger's lines stay.

What people wrote to each other (the thread, the pull request, its branch) is theirs, and stays where they see it.
"""

from __future__ import annotations

from typing import Protocol

from intern_action.core.entries import LedgerEvent, LedgerView, SessionMoved
from intern_action.core.errors import Misconfigured
from intern_action.core.events import Answered
from intern_action.core.frozen import frozen
from intern_action.session.office import Office


class Traces(Protocol):
    """Where traces are kept besides the journal."""

    def drop(self, session: str) -> str:
        """Take a session's trace away; return where that was, "" when there was none. May be repeated."""
        ...


@frozen
class Forgotten:
    """What was taken away.

    Args:
        trace: where a trace was, "" when there was none.
        journal: whether a stored journal was there.
        snapshots: commits that the journal named; whoever keeps them may let them go.
    """

    trace: str
    journal: bool
    snapshots: tuple[str, ...]


def forget(office: Office, session: str, traces: Traces | None) -> Forgotten:
    """Take a session's trace and journal away, what most people see first. May be repeated after a failure.

    Raises:
        Misconfigured: nobody knows the session, it is not over, or something of it still costs.
        OutsideError: a part could not be taken away; what was is gone, and the rest can be asked for again.
    """
    refuse_unless_over(office.ledger.read(), session)
    entries = office.journals.open(session).entries()
    snapshots = {event.snapshot for event in (entry.event for entry in entries) if isinstance(event, Answered)}
    trace = traces.drop(session) if traces is not None else ""
    journal = office.publisher.drop_journal(session)
    office.ledger.decide(lambda view: _mark(view, session))
    return Forgotten(trace=trace, journal=journal, snapshots=tuple(sorted(snapshots - {""})))


def _mark(view: LedgerView, session: str) -> tuple[LedgerEvent, ...]:
    """Return the line that says so, unless it stands there."""
    moved = view.session_state(session)
    if moved is None or moved.forgotten:
        return ()
    return (SessionMoved(session=session, state=moved.state, journal_head="", why="forgotten", forgotten=True),)


def refuse_unless_over(view: LedgerView, session: str) -> None:
    """Raise Misconfigured for a session whose journal is still needed."""
    moved = view.session_state(session)
    if moved is None:
        raise Misconfigured(f"there is no session {session} here; `intern-action status` lists them")
    if not moved.state.over:
        raise Misconfigured(
            f"{session} is {moved.state}, and its journal is what it goes on from; end it first: intern-action stop {session}"
        )
    if any(row.session == session for row in view.costing()):
        raise Misconfigured(f"something of {session} still runs and costs; end it first: intern-action stop {session}")
