"""`intern-action reconcile`: one look at all that waits, as a timer takes it. Nothing is waited for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from intern_action.commands._standing import standing
from intern_action.commands.interrupted import tell_interrupted
from intern_action.core.errors import InternError, Interrupted, OutsideError
from intern_action.core.types import JobRef, LineComment
from intern_action.session.lease import sweep as sweep_sandboxes
from intern_action.session.office import Office
from intern_action.session.reconcile import news
from intern_action.session.retiring import sweep_known
from intern_action.session.sweep import sweep_of
from intern_action.session.tidy import tidy
from intern_action.settings.world import writing
from intern_action.wiring.door import Door
from intern_action.wiring.homecoming import pay_debts

if TYPE_CHECKING:
    from intern_action.wiring.house import House


def _nobody(_house: House) -> object:
    """Show it to nobody."""


def reconcile(environment: Mapping[str, str], *, out: str | None) -> int:
    """Go on with each waiting session for which something happened, pay what is owed, end what nobody owns."""
    from intern_action.commands.act import door_of  # a runner that only ticks needs no reports

    door = door_of(environment, "", out)
    with writing(door.world):
        return tick(door)


def tick(
    door: Door,
    *,
    seen: Callable[[House], object] = _nobody,
    lines: Sequence[tuple[int, LineComment]] = (),
) -> int:
    """Do so in this world, and say what was done; return the exit code of the first session that could not go on.

    Args:
        door: the way into the world.
        seen: is shown each session that was gone on with.
        lines: what was said on lines of pull requests lately, with their numbers.
    """
    if not door.premises.ledger.read().sessions():
        click.echo("nothing waits here")
        return 0
    with door.open(door.newest()) as house:
        office = house.office
        alive = office.jobs.alive()
        sessions = news(office, alive, lines)
        told = [*_ended(office, alive), *_retired(office)]
    codes = [_go_on(door, session, seen) for session in sessions]
    told += [*_forgotten(door), *pay_debts(door.premises)]
    for line in told:
        click.echo(line)
    if not sessions and not told:
        click.echo("nothing has changed")
    return next((code for code in codes if code), 0)


def _go_on(door: Door, session: str, seen: Callable[[House], object]) -> int:
    """Go on with one session; what keeps it from that is said, and keeps no other."""
    try:
        with door.open(session) as house:
            house.look()
            click.echo(standing(house))
            seen(house)
    except Interrupted as error:
        tell_interrupted(door, session, error, seen)
        raise
    except InternError as error:
        click.echo(f"{session} could not go on: {error}", err=True)
        return error.exit_code
    return 0


def _ended(office: Office, alive: Sequence[JobRef]) -> list[str]:
    swept = (*sweep_of(office, alive), *sweep_sandboxes(office))
    return [f"cancelled {ref.id} ({ref.launch_key}): no session here waits for it" for ref in swept]


def _retired(office: Office) -> list[str]:
    """End the endpoints whose time is up; where they cannot be asked now, that keeps nothing else."""
    try:
        return [f"deleted the endpoint {ref.id} ({ref.launch_key}): its time is up" for ref in sweep_known(office)]
    except OutsideError as error:
        click.echo(f"the endpoints could not be looked at: {error}", err=True)
        return []


def _forgotten(door: Door) -> list[str]:
    with door.open(door.newest()) as house:
        return [f"deleted the staging repository of {key}: its results are home" for key in tidy(house.office)]
