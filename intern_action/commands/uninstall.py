"""`intern-action uninstall` ends everything and proposes a branch without our files; `forget` deletes a session's traces."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from intern_action.commands.act import door_of
from intern_action.commands.config import home_of
from intern_action.commands.local import user_name
from intern_action.core.errors import Misconfigured
from intern_action.core.types import JobRef
from intern_action.doctor._site import OURS, WORKFLOWS, origin_name
from intern_action.forge._connection import SERVER_URL
from intern_action.git.facts import inspect_repository
from intern_action.git.removal import propose_removal
from intern_action.session.forgetting import forget as forget_session
from intern_action.session.forgetting import refuse_unless_over
from intern_action.session.leaving import Left, end_machines, leave
from intern_action.session.office import Case
from intern_action.settings.clock import SystemClock
from intern_action.settings.load import load
from intern_action.settings.sources import REPOSITORY_FILE
from intern_action.settings.words import text
from intern_action.settings.world import forget as forget_note
from intern_action.settings.world import world_at, writing
from intern_action.wiring.desk import at_desk, desk_token
from intern_action.wiring.door import Door
from intern_action.wiring.traces import Kept
from intern_action.wiring.wiped import wipe

BRANCH = "intern-uninstall"
FILES = (*(f"{WORKFLOWS}/{name}" for name in OURS), REPOSITORY_FILE)
STANDING = 6
"""The exit code when a session could not be stopped: something outside did not answer."""


NOBODY = Left(stopped=(), standing={})


def uninstall(
    environment: Mapping[str, str], repo: str, *, out: str | None, person: str | None, github: str = ""
) -> int:
    """Stop every session, end every machine, and make a branch without our files. The ledger stays.

    Sessions on GitHub are stopped too, where there is a token.

    Args:
        environment: the environment variables.
        repo: the person's own repository.
        out: the folder of the world.
        person: who wishes it.
        github: `OWNER/NAME`, where the remote `origin` does not say it.
    """
    top, by = inspect_repository(repo).top, person or user_name(environment)
    server = (environment.get("GITHUB_SERVER_URL") or SERVER_URL).rstrip("/")
    name = github or origin_name(Path(top), server)
    asked = bool(name and desk_token(environment))
    here, machines = _ended(environment, repo, out, by)
    there, more = _ended_on_github(environment, name, by) if asked else (NOBODY, ())
    left = Left(stopped=(*here.stopped, *there.stopped), standing={**here.standing, **there.standing})
    ended = (*machines, *more)
    removed = propose_removal(top, FILES, branch=BRANCH, message=text("uninstall-commit"), at=SystemClock().now())
    page = text(
        "uninstall",
        left=left,
        ended=ended,
        removed=removed,
        branch=BRANCH,
        page=f"{server}/{name}" if name else "",
        asked=asked,
    )
    click.echo("\n".join(line for line in page.splitlines() if line.strip()))
    return STANDING if left.standing else 0


def _ended(environment: Mapping[str, str], repo: str, out: str | None, person: str) -> tuple[Left, tuple[JobRef, ...]]:
    """End what this machine has begun; where it has begun nothing, nothing."""
    loaded = load({"out": out}, environment, Path(repo).absolute(), home_of(environment))
    if not world_at(loaded.settings.out, environment).remote.exists():
        return NOBODY, ()
    door = door_of(environment, "", out)
    with writing(door.world):
        return ended_in(door, by=person)


def _ended_on_github(environment: Mapping[str, str], name: str, by: str) -> tuple[Left, tuple[JobRef, ...]]:
    with at_desk(environment, name) as door:
        return ended_in(door, by=by)


def ended_in(door: Door, *, by: str) -> tuple[Left, tuple[JobRef, ...]]:
    """End everything of one world; return what became of its sessions, and what else was ended.

    Args:
        door: the way into it.
        by: whose wish it is.
    """
    if not door.premises.ledger.read().sessions():
        return NOBODY, ()
    left = leave(lambda session: _case(door, session), door.premises.ledger, by=by)
    with door.open(door.newest()) as house:
        return left, end_machines(house.office)


@contextmanager
def _case(door: Door, session: str) -> Generator[Case]:
    with door.open(session) as house:
        yield house.case


def forget(
    environment: Mapping[str, str], session: str, *, out: str | None, yes: bool, github: str | None = None
) -> int:
    """Take a session's journal and traces away for good; the ledger's lines stay, and one more says so.

    Args:
        environment: the environment variables.
        session: which one; it is over.
        out: the folder of its world.
        yes: nobody is asked.
        github: `OWNER/NAME` for a session there, "" for the one that `origin` says, None for a session of this machine.
    """
    if github is not None:
        return _forget_on_github(environment, session, github, yes=yes)
    door = door_of(environment, session, out)
    refuse_unless_over(door.premises.ledger.read(), session)
    if not yes and not _sure(session):
        click.echo(text("forget", session=session, done=None))
        return 0
    with writing(door.world):
        with door.open(session) as house:
            done = forget_session(house.office, session, Kept(door.premises))
        wipe(door.world, session, done.snapshots)
    forget_note(session, environment)
    click.echo(text("forget", session=session, done=done))
    return 0


def _forget_on_github(environment: Mapping[str, str], session: str, github: str, *, yes: bool) -> int:
    server = (environment.get("GITHUB_SERVER_URL") or SERVER_URL).rstrip("/")
    name = github or origin_name(Path.cwd(), server)
    if not name:
        raise Misconfigured("no remote `origin` says which repository on GitHub is meant; name it: --github OWNER/NAME")
    with at_desk(environment, name) as door:
        refuse_unless_over(door.premises.ledger.read(), session)
        if not yes and not _sure(session):
            click.echo(text("forget", session=session, done=None))
            return 0
        with door.open("") as house:
            done = forget_session(house.office, session, Kept(door.premises))
    click.echo(text("forget", session=session, done=done))
    return 0


def _sure(session: str) -> bool:
    try:
        return click.confirm(text("forget-question", session=session), default=False)
    except click.Abort as gone:
        raise Misconfigured("nobody answered, and nothing was forgotten; take --yes") from gone
