"""What every session of a world shares: settings, folders, time, the forge and the ledger."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import cached_property
from typing import Literal, Protocol, TypeAlias

from intern_action.core.ports import Clock, Forge, RecipeBook, Watcher
from intern_action.git.branch import GitBranch
from intern_action.git.shared_word import SharedWord
from intern_action.ledger.ledger import GitLedger
from intern_action.settings.places import configs
from intern_action.settings.settings import Settings
from intern_action.settings.world import World
from intern_action.trace.whole import write_whole
from intern_action.wiring.ground import Ground, LocalGround
from intern_action.wiring.keys import LedgerKeys, ledger_keys

Role: TypeAlias = Literal["all", "agent", "control"]
"""Both halves, or the one that this process is."""


class Onlooker(Watcher, Protocol):
    """A watcher that also shows how far a long call is, and lets go at the end."""

    def progress(self, line: str) -> None:
        """Show how far a long call is."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was."""
        ...


class Premises:
    """A world: its folders on this machine, and the ground it stands on.

    Args:
        settings: of this run.
        world: its folders, made.
        environment: the environment variables, as they were handed down.
        watcher: who shows what happens; None is whoever fits the terminal.
        recipes: the book of the planner; None is our own.
        ground: where the repository lies and people talk; None is below the world's own folders.
    """

    def __init__(
        self,
        settings: Settings,
        world: World,
        environment: Mapping[str, str],
        clock: Clock,
        *,
        watcher: Onlooker | None = None,
        recipes: RecipeBook | None = None,
        ground: Ground | None = None,
    ) -> None:
        self.ground: Ground = ground or LocalGround(world, clock)
        self.watcher = watcher
        self.recipes = recipes
        self.settings = settings
        self.world = world
        self.environment = environment
        self.clock = clock
        self.began = clock.now()
        """When this run did."""

    @property
    def forge(self) -> Forge:
        """Threads, pull requests and reviews."""
        return self.ground.forge

    @cached_property
    def ledger(self) -> GitLedger:
        """The ledger on its branch of the repository."""
        return ledger_on(self.ground, self.world, self.clock, ledger_keys(self.settings))

    @cached_property
    def home(self) -> str:
        """A name that no other ledger has, and every machine that shares this one: jobs elsewhere carry it.

        So nobody takes them for abandoned ones of theirs, and a runner that has never been here finds them.
        """
        note = self.world.control / "home"
        if not note.exists():
            git_dir, ground = str(self.world.control / "ledger"), self.ground
            shared = SharedWord.at(git_dir, ground.url, "refs/intern/home", config=ground.git)
            write_whole(note, shared.settle(secrets.token_hex(8), at=self.clock.now()))
        return note.read_text(encoding="utf-8").strip()

    @property
    def repository(self) -> str:
        """The person's own repository that this world mirrors, "" when nobody noted it."""
        note = self.world.control / "repository"
        return note.read_text(encoding="utf-8").strip() if note.exists() else ""

    def note_repository(self, top: str) -> None:
        """Note whose repository this world mirrors."""
        (self.world.control / "repository").write_text(f"{top}\n", encoding="utf-8")


def ledger_on(ground: Ground, world: World, clock: Clock, keys: LedgerKeys) -> GitLedger:
    """Return the ledger of a repository; its mirror lies in the world."""
    branch = GitBranch.at(str(world.control / "ledger"), ground.url, "intern/ledger", config=ground.git)
    readme = (configs() / "texts" / "ledger.md").read_text(encoding="utf-8")
    return GitLedger(branch, clock=clock, origin=ground.origin, key=keys.key, previous=keys.previous, readme=readme)
