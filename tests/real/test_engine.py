"""The engine that the tests bring along: shared by all who hold it at once, and ended by the last of them, with nothing left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.image.engine import PROGRAMS, OwnEngine


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A place of its own beside the one of the other tests, with the same programs."""
    (tmp_path / "programs.made-of").write_text("the same")
    return tmp_path


def test_who_comes_second_shares_it_and_the_last_one_ends_it(place: Path):
    first, second = OwnEngine(place), OwnEngine(place)
    with first.held() as docker:
        with second.held() as same:
            assert same.host == docker.host
            assert (first.pid, second.pid) == (first.pid, first.pid)
            assert same.answers()
        assert docker.answers()
        running = first.pid
        assert running is not None
    assert first.pid is None
    assert not docker.answers()
    assert not first.is_process(running)


def test_what_a_killed_run_left_is_taken_up(place: Path):
    killed = OwnEngine(place)
    killed.start()
    with OwnEngine(place).held() as docker:
        assert docker.answers()
    assert killed.pid is None


def test_a_pid_file_that_names_somebody_else_ends_nobody(place: Path):
    engine = OwnEngine(place)
    engine.pid_file.parent.mkdir(mode=0o700)
    engine.pid_file.write_text(str(os.getpid()))
    assert engine.pid is None
    engine.stop()


def test_without_programs_it_says_what_lays_them_out(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="make engine"):
        OwnEngine(tmp_path)
    assert PROGRAMS.is_dir()
