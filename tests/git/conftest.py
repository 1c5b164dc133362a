"""Every test of git gets a repository of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.git_world import GitWorld, make_world


@pytest.fixture
def world(tmp_path: Path) -> GitWorld:
    return make_world(tmp_path)
