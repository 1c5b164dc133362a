"""`intern-action local`: a task on one's own repository, up to the approval or the end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from intern_action.commands.codes import exit_code
from intern_action.commands.config import home_of
from intern_action.core.errors import Misconfigured
from intern_action.core.ports import HOUSE_LEASE
from intern_action.core.states import State
from intern_action.git.facts import RepositoryFacts, ready_repository
from intern_action.settings.clock import SystemClock
from intern_action.settings.keys import RUN_FLAGS
from intern_action.settings.load import Loaded, load
from intern_action.settings.world import make, remember, sessions_in, unmake, world_at, writing
from intern_action.wiring.local import LocalDoor
from intern_action.wiring.premises import Premises

if TYPE_CHECKING:
    from intern_action.wiring.house import House

SIGNALLED = {130, 143}


def local(environment: Mapping[str, str], task: str, options: Mapping[str, object]) -> int:
    """Begin, or take up, a session with this task; return the exit code.

    Args:
        environment: the environment variables.
        task: what is asked for, with or without a leading `/intern`.
        options: the flags of the command line.
    """
    repo = Path(str(options.get("repo") or ".")).absolute()
    loaded = settings_of(environment, options, repo)
    door = LocalDoor(Premises(loaded.settings, world_at(loaded.settings.out, environment), environment, SystemClock()))
    make(door.world)
    person = str(options.get("person") or user_name(environment))
    with writing(door.world), _begun(door, repo, task, person, anew=bool(options.get("new"))) as house:
        remember(house.session, door.world, environment)
        return go_on(house)


def _begun(door: LocalDoor, repo: Path, task: str, person: str, *, anew: bool) -> House:
    """Begin or take up; where the repository will not do, leave no folders behind."""
    known, words = sessions_in(door.world), task.removeprefix("/intern").strip()
    try:
        house = (None if anew or not known else _interrupted(door, repo, words, person)) or door.begin(
            repo, words, person, anew=anew
        )
    except Misconfigured:
        unmake(door.world)
        raise
    if house.session in known:
        click.echo(f"note: this task has an unfinished session; going on with {house.session}", err=True)
    return house


def _interrupted(door: LocalDoor, repo: Path, task: str, person: str) -> House | None:
    """Take up the last session with this task if a signal ended it and the repository stands where it stood."""
    view = door.premises.ledger.read()
    for session, moved in reversed(tuple(view.sessions().items())):
        began = view.admission(session)
        if began is None or (began.task, began.requester) != (task, person):
            continue
        if moved.state is not State.FAILED:
            return None
        facts = ready_repository(str(repo))
        house = door.open(session)
        if _is_ours(house, facts, sandboxed=door.premises.settings.sandbox_tools):
            house.case.move(State.RUNNING, f"taken up again by {person}")
            return house
        house.__exit__(None, None, None)
        return None
    return None


def _is_ours(house: House, facts: RepositoryFacts, *, sandboxed: bool) -> bool:
    """Whether a session ended on a signal, on this commit, with its tools where they are wanted now."""
    memory = house.case.memory
    same = memory.beginning.base_sha == facts.head_sha and (HOUSE_LEASE in memory.calls) == sandboxed
    return same and memory.exit_code in SIGNALLED


def settings_of(environment: Mapping[str, str], options: Mapping[str, object], repo: Path) -> Loaded:
    """Return the settings with the flags on top; say their notes."""
    flags: dict[str, object] = {path: options.get(flag) for flag, path in RUN_FLAGS.items()}
    if options.get("no_stream"):
        flags["stream"] = False
    loaded = load(flags, environment, repo, home_of(environment))
    for note in loaded.notes:
        click.echo(f"note: {note}", err=True)
    return loaded


def go_on(house: House) -> int:
    """Drive the session and show where it stands. Where no other user can be had for the tools, say so first."""
    if house.shell.uid is None:
        click.echo(f"note: {house.shell.protection}", err=True)
    house.drive()
    from intern_action.commands.show import show

    show(house)
    return exit_code(house)


def user_name(environment: Mapping[str, str]) -> str:
    """Return who is at the keyboard."""
    return environment.get("USER") or environment.get("LOGNAME") or "me"
