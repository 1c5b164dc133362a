"""Where a journal goes that must not be public."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from intern_action.core.errors import Misconfigured
from intern_action.settings.clock import SystemClock
from intern_action.settings.load import load
from intern_action.settings.world import make, world_at
from intern_action.wiring.ground import LocalGround
from intern_action.wiring.journals import check_journal_home, journal_home
from intern_action.wiring.premises import Premises


class PublicGround(LocalGround):
    public = True


def premises(place: Path, home: str, **environment: str) -> Premises:
    world, clock = world_at(str(place), {}), SystemClock()
    make(world)
    loaded = load({"journals.home": home}, {"HOME": str(place), **environment}, place, place)
    return Premises(loaded.settings, world, environment, clock, ground=PublicGround(world, clock))


@pytest.mark.parametrize("home", ["auto", "hub"])
def test_without_a_token_no_journal_of_a_public_repository_is_stored(tmp_path: Path, home: str) -> None:
    ours = premises(tmp_path, home)
    found = journal_home(ours)
    assert found is not None
    assert found.load("5e55") is None
    with pytest.raises(Misconfigured, match="hf_write_token"):
        found.save("5e55", b"{}", expected_head="", at=datetime.now(UTC))
    with pytest.raises(Misconfigured, match="hf_write_token"):
        check_journal_home(ours)


def test_where_everybody_may_read_them_they_are_refs(tmp_path: Path) -> None:
    ours = premises(tmp_path, "repository")
    assert journal_home(ours) is None
    check_journal_home(ours)
