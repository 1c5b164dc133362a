"""The timer's workflow: on while sessions wait, off when none does."""

from __future__ import annotations

from collections.abc import Callable

import click

from intern_action.core.entries import LedgerView
from intern_action.core.errors import ForgeError
from intern_action.forge._refusals import HTTP_NOT_FOUND, Refused
from intern_action.settings.words import text
from intern_action.wiring.github_door import GitHubDoor
from intern_action.wiring.workflow import TIMER


def quiet(view: LedgerView) -> bool:
    """Whether nothing waits, works, costs, or was said and not heard."""
    over = all(moved.state.over and not moved.runner for moved in view.sessions().values())
    return over and not (view.costing() or view.unheard() or view.unbegun())


def wake_timer(door: GitHubDoor) -> None:
    """Switch the timer on, unless it is the timer that runs."""
    if door.run.workflow_file != TIMER:
        _switch(door, door.ground.forge.switch_on, "on")


def rest_timer(door: GitHubDoor) -> None:
    """Let the timer switch itself off where nothing waits; another clock switches it on where something does.

    A session that begins says so in the ledger first and switches the timer on then. So whoever switches it off and reads
    the ledger once more cannot leave it off under a session.
    """
    still = quiet(door.glance())
    if door.run.workflow_file != TIMER:
        if not still:
            wake_timer(door)
        return
    if still:
        _switch(door, door.ground.forge.switch_off, "off")
        if not quiet(door.glance()):
            _switch(door, door.ground.forge.switch_on, "on")


def _switch(door: GitHubDoor, switch: Callable[[str], None], way: str) -> None:
    """Switch it; that it cannot be is said, and stops nothing."""
    try:
        switch(TIMER)
    except ForgeError as error:
        missing = isinstance(error, Refused) and error.status == HTTP_NOT_FOUND
        words = text("timer", file=TIMER, way=way, missing=missing, because=str(error)).strip()
        click.echo(words, err=True)
        door.run.summarise(words)
