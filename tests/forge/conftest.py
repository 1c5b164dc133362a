"""A forge over a real bare repository with one published branch and an open pull request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from intern_action.core.types import Permission, PullRequest
from intern_action.forge.local import LocalForge
from tests.fakes.git_world import ADA, GitWorld, copy_world, make_world

PEOPLE = {"ada": Permission.WRITE, "grace": Permission.ADMIN, "eve": Permission.READ}


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeWorld:
    """A repository, a forge over it, and pull request 1 of the branch `topic`."""

    git: GitWorld
    forge: LocalForge
    folder: Path
    again: Callable[[], LocalForge]

    def pull(self) -> PullRequest:
        return self.forge.pull_request(1)

    def page(self, name: str = "pulls/1.md") -> Path:
        return self.folder / name


@pytest.fixture(scope="session")
def first_world(tmp_path_factory: pytest.TempPathFactory) -> GitWorld:
    world = make_world(tmp_path_factory.mktemp("world"))
    world.push("topic", {"train.py": "1"}, by=ADA)
    return world


@pytest.fixture
def house(first_world: GitWorld, tmp_path: Path) -> ForgeWorld:
    git = copy_world(first_world, tmp_path)
    folder = tmp_path / "forge"

    def again() -> LocalForge:
        return LocalForge(folder, git.bare, clock=git.clock)

    forge = LocalForge.create(folder, git.bare, clock=git.clock, people=PEOPLE)
    forge.open_pull_request(title="Train it", body="why", head="topic", base="main")
    return ForgeWorld(git=git, forge=forge, folder=folder, again=again)
