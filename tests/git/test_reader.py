"""Each step of a read follows no link, whatever the step before it saw."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from intern_action.git import reader
from intern_action.git.reader import Unreadable, names, read


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    place = tmp_path / "outside"
    place.mkdir()
    (place / "f").write_text("secret")
    return place


@pytest.fixture
def root(tmp_path: Path, outside: Path) -> Path:
    place = tmp_path / "root"
    (place / "a").mkdir(parents=True)
    (place / "a/f").write_text("plain")
    (place / "way").symlink_to(outside)
    (place / "a/way").symlink_to(outside)
    return place


def test_what_is_there_is_read(root: Path) -> None:
    assert read(str(root), "a/f", limit=5).data == b"plain"
    assert names(str(root), "a").keys() == {"a/f", "a/way"}


@pytest.mark.parametrize("path", ["way/f", "a/way/f"])
def test_a_folder_that_is_a_link_by_now_is_not_entered(root: Path, path: str) -> None:
    with pytest.raises(Unreadable):
        read(str(root), path, limit=100)
    with pytest.raises(OSError, match="directory"):
        names(str(root), path.rpartition("/")[0])


def test_a_root_that_is_a_link_by_now_is_not_entered(root: Path, outside: Path) -> None:
    root.rename(root.with_name("aside"))
    root.symlink_to(outside)
    with pytest.raises(Unreadable):
        read(str(root), "f", limit=100)


def test_a_file_that_is_a_link_by_now_is_not_opened(root: Path) -> None:
    (root / "flip").symlink_to("/etc/passwd")
    handle = os.open(root, os.O_RDONLY)
    try:
        with pytest.raises(OSError, match="symbolic links"):
            reader._read_file(handle, "flip", 100, os.getuid())
    finally:
        os.close(handle)


def test_a_file_that_is_a_fifo_by_now_does_not_block(root: Path) -> None:
    os.mkfifo(root / "flip")
    with pytest.raises(Unreadable, match="neither a file nor a link"):
        read(str(root), "flip", limit=100)


def test_a_file_that_grows_under_our_eyes_is_not_read_for_ever(root: Path) -> None:
    with pytest.raises(Unreadable, match="larger than 4 bytes"):
        read(str(root), "a/f", limit=4)
    if Path("/proc/self/environ").stat().st_size == 0:  # says 0 bytes and has more
        with pytest.raises(Unreadable, match="larger than 4 bytes"):
            read(f"/proc/{os.getpid()}", "environ", limit=4)
