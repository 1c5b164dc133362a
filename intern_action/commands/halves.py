"""The two halves in jobs of their own: control hands a session over, the agent half makes a bundle, control takes it back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from intern_action.commands._standing import standing
from intern_action.core.errors import Misconfigured, NotAllowed
from intern_action.core.states import State
from intern_action.session.office import AGENT
from intern_action.settings.words import text
from intern_action.shell.beneath import Beneath, Outside
from intern_action.wiring.github_door import GitHubDoor

if TYPE_CHECKING:
    from intern_action.wiring.house import House

BUNDLE = "intern-bundle"
"""Where the bundle lies in the workspace, unless the input `bundle` says something else."""

FILES = ("bundle.json", "segment.jsonl", "commits.bundle")
MOST_BYTES = 1 << 30


def hand_over(door: GitHubDoor, house: House) -> None:
    """Wake the agent half in a run of its own, and say in the ledger that it goes on."""
    file = door.run.main_file
    if not file:
        raise Misconfigured(
            "GITHUB_WORKFLOW_REF does not say which workflow this is, so the agent half cannot be woken"
        )
    house.case.hand_over()
    door.ground.forge.start_workflow(file, door.default.name, {"session": house.session})
    click.echo(f"{house.session} goes on in the agent half, in a run of its own")


def think(door: GitHubDoor) -> int:
    """Be the agent half: go on from the stored journal, and leave a bundle in the workspace. Nothing is written elsewhere."""
    session = door.run.session
    if not session:
        click.echo("no session is named, so the agent half has nothing to do")
        return 0
    with door.open(session) as house:
        if house.case.state is not State.RUNNING:
            click.echo(f"{session} is {house.case.state}, so it is not the agent half's turn")
            return 0
        made = Path(house.work())
    with Beneath(_workspace(door)) as workspace:
        for name in FILES:
            if (made / name).exists():
                workspace.write(f"{_place(door)}/{name}", (made / name).read_bytes())
    click.echo(f"the bundle of {session} is in {_place(door)}; control takes it from there")
    return 0


def take_over(door: GitHubDoor) -> House:
    """Be control again: take the bundle in and go on; where the agent half left none, say so and end the session."""
    session = door.run.session
    house = door.open(session, takes_over=True)
    moved = house.office.ledger.read().session_state(session)
    if moved is None or moved.runner != AGENT:
        raise NotAllowed(f"session {session} was not handed to the agent half, so nothing is taken from it")
    folder = _fetched(door, session)
    if folder is None:
        house.case.move(State.FAILED, text("no-bundle", url=door.run.url).strip(), exit_code=1)
        house.case.announce()
    else:
        house.take(str(folder))
        house.drive()
    click.echo(standing(house))
    return house


def _fetched(door: GitHubDoor, session: str) -> Path | None:
    """Copy the bundle to where control alone writes; None when there is none. What the agent half left is hostile."""
    target = door.world.control / "taken" / session
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    try:
        with Beneath(_workspace(door)) as workspace:
            for name in FILES:
                _copy(workspace, f"{_place(door)}/{name}", target / name)
    except Outside as error:
        raise NotAllowed(f"the bundle of {session} is refused: {error}") from error
    return target if (target / FILES[0]).exists() else None


def _copy(workspace: Beneath, path: str, target: Path) -> None:
    try:
        with workspace.reading(path) as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return
    if len(data) > MOST_BYTES:
        raise NotAllowed(f"{path} is larger than {MOST_BYTES:,} bytes")
    target.write_bytes(data)


def _workspace(door: GitHubDoor) -> str:
    if not door.run.workspace:
        raise Misconfigured("GITHUB_WORKSPACE is not set; the halves hand bundles over there")
    return door.run.workspace


def _place(door: GitHubDoor) -> str:
    return door.inputs.get("bundle", BUNDLE)
