"""Every test of git gets a repository of its own, copied from one that is made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.git_world import GitWorld, copy_world, make_world


@pytest.fixture(scope="session")
def first_world(tmp_path_factory: pytest.TempPathFactory) -> GitWorld:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def world(first_world: GitWorld, tmp_path: Path) -> GitWorld:
    return copy_world(first_world, tmp_path)
