"""Leaving a place: every session is stopped, every machine ended. The ledger stays, and says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from intern_action.core.entries import Ledger, LedgerView
from intern_action.core.errors import InternError, Interrupted
from intern_action.core.frozen import frozen
from intern_action.core.types import JobRef
from intern_action.session import lease, retiring
from intern_action.session.office import Case, Office
from intern_action.session.stopping import stop
from intern_action.session.sweep import sweep
from intern_action.session.tidy import tidy


@frozen
class Left:
    """What leaving came to.

    Args:
        stopped: sessions that ran or waited, or had left something running.
        standing: why a session could not be stopped, by its id; it is as it was.
    """

    stopped: tuple[str, ...]
    standing: Mapping[str, str]


def leave(open_case: Callable[[str], AbstractContextManager[Case]], ledger: Ledger, *, by: str) -> Left:
    """Stop each session that is not over, and of the others what still costs. What keeps one from it keeps no other.

    Args:
        open_case: gives one session into control's hands, for as long as its context lasts.
        ledger: which sessions there are.
        by: whose wish it is.
    """
    stopped: list[str] = []
    standing: dict[str, str] = {}
    for session in _live(ledger.read()):
        try:
            with open_case(session) as case:
                stop(case, by=by)
            stopped.append(session)
        except Interrupted:
            raise
        except InternError as error:
            standing[session] = str(error)
    return Left(stopped=tuple(stopped), standing=standing)


def end_machines(office: Office) -> tuple[JobRef, ...]:
    """End every job, sandbox and endpoint that no session owns any more, and delete what finished jobs left behind."""
    ended = (*sweep(office), *lease.sweep(office), *retiring.sweep(office))
    tidy(office)
    return ended


def _live(view: LedgerView) -> tuple[str, ...]:
    costs = {row.session for row in view.costing()}
    return tuple(session for session, moved in view.sessions().items() if session in costs or not moved.state.over)
