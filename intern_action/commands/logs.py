"""`intern-action logs`: what a session's newest job prints, also while another process waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import click

from intern_action.commands.act import door_of
from intern_action.core.entries import LedgerView
from intern_action.core.errors import Misconfigured
from intern_action.core.types import JobRef
from intern_action.wiring.house import House

Lines: TypeAlias = Callable[[House, JobRef], Iterator[str]]


def logs(environment: Mapping[str, str], session: str, *, out: str | None) -> int:
    """Print what it has printed so far."""
    return _show(environment, session, out, lambda house, job: iter(house.jobs.logs(job).splitlines()))


def follow(environment: Mapping[str, str], session: str, *, out: str | None) -> int:
    """Print what it prints until it has ended. Ctrl-C ends the printing, never the job."""
    return _show(environment, session, out, lambda house, job: house.jobs.follow(job))


def _show(environment: Mapping[str, str], session: str, out: str | None, lines_of: Lines) -> int:
    door = door_of(environment, session, out)
    name = session or door.newest()
    job = _newest_job(door.premises.ledger.read(), name)
    with door.open(name) as house:  # its journal stays closed: whoever works on the session has it
        for line in lines_of(house, job):
            click.echo(line)
    return 0


def _newest_job(view: LedgerView, session: str) -> JobRef:
    """Return the job of the session's newest launch.

    Raises:
        Misconfigured: it has started none.
    """
    made = view.newest_plan(session)
    started = [row.job for row in view.jobs(made.digest) if row.job is not None] if made else []
    if made is None or made.plan.lease is not None or not started:
        raise Misconfigured(f"{session} has started no job yet; `intern-action status {session}` says what it does")
    return started[-1]
