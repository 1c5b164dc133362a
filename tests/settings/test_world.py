"""Where a local run keeps things, how it is found again, and what is said when it cannot be written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from intern_action.core.errors import Interrupted, LedgerError, Misconfigured
from intern_action.settings.world import World, find, make, remember, sessions_in, unmake, world_at, writing


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home"), "INTERN_ACTION_WORK": str(tmp_path / "work")}


@pytest.fixture
def world(tmp_path: Path, environment: dict[str, str]) -> World:
    made = world_at(str(tmp_path / "out"), environment)
    make(made)
    return made


def begun(world: World, session: str) -> None:
    world.remote.mkdir(exist_ok=True)
    (world.control / "journals").mkdir(exist_ok=True)
    (world.control / "journals" / f"{session}.jsonl").touch()


def test_looking_where_a_world_would_be_makes_nothing(tmp_path: Path, environment: dict[str, str]) -> None:
    world_at(str(tmp_path / "out"), environment)
    assert not list(tmp_path.iterdir())


def test_two_worlds_never_share_a_folder_to_work_in(tmp_path: Path, environment: dict[str, str]) -> None:
    one, two = (world_at(str(tmp_path / name), environment) for name in ("one", "two"))
    assert one.work != two.work
    assert one.work.parent == two.work.parent == tmp_path / "work"


def test_a_world_inside_a_repository_ignores_itself_and_control_is_closed(world: World) -> None:
    assert (world.out / ".gitignore").read_text() == "*\n"
    assert world.control.stat().st_mode & 0o077 == 0


def test_a_folder_others_may_write_to_is_not_worked_in(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work").chmod(0o777)
    with pytest.raises(Misconfigured, match="INTERN_ACTION_WORK"):
        make(world_at(str(tmp_path / "out"), environment))


def test_a_world_in_which_nothing_began_goes_away_whole(world: World) -> None:
    unmake(world)
    assert not world.out.exists()


def test_a_world_with_anything_in_it_stays(world: World) -> None:
    (world.hub / "models").mkdir()
    unmake(world)
    assert (world.hub / "models").is_dir()
    assert world.out.is_dir()


def test_a_world_in_which_a_session_stands_stays_as_it_is(world: World) -> None:
    begun(world, "abc")
    unmake(world)
    assert world.forge.is_dir()
    assert sessions_in(world) == {"abc"}


def test_a_session_is_found_where_it_was_noted(world: World, tmp_path: Path, environment: dict[str, str]) -> None:
    begun(world, "abc")
    remember("abc", world, environment)
    assert find("abc", str(tmp_path / "elsewhere"), environment) == world
    assert find("", str(tmp_path / "elsewhere"), environment) == world


def test_the_folder_that_is_named_comes_before_any_note(
    world: World, tmp_path: Path, environment: dict[str, str]
) -> None:
    other = world_at(str(tmp_path / "other"), environment)
    make(other)
    for each in (world, other):
        begun(each, "abc")
    remember("abc", other, environment)
    assert find("abc", str(world.out), environment) == world


def test_a_session_nobody_noted_is_said_with_the_flag(world: World, environment: dict[str, str]) -> None:
    begun(world, "abc")
    with pytest.raises(Misconfigured, match="does not hold session nix.*--out"):
        find("nix", str(world.out), environment)


def test_a_home_that_cannot_be_written_is_no_error(world: World) -> None:
    remember("abc", world, {"XDG_STATE_HOME": "/dev/null/x"})


@pytest.mark.parametrize(
    "failure",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        LedgerError("git fast-import failed: fatal: write error: No space left on device"),
    ],
)
def test_a_full_disk_is_said_as_one_however_it_shows(world: World, failure: Exception) -> None:
    with pytest.raises(Misconfigured, match="is full.*make room"), writing(world):
        raise failure


def test_a_file_we_may_not_write_is_named(world: World) -> None:
    with pytest.raises(Misconfigured, match="/x/y cannot be written.*--out"), writing(world):
        raise PermissionError(errno.EACCES, "Permission denied", "/x/y")


@pytest.mark.parametrize(
    "failure",
    [LedgerError("the chain is broken"), OSError(errno.EIO, "a bad disk"), Interrupted("stop", signal_number=2)],
)
def test_what_no_disk_is_to_blame_for_stays_what_it_is(world: World, failure: Exception) -> None:
    with pytest.raises(type(failure)) as raised, writing(world):
        raise failure
    assert raised.value is failure
