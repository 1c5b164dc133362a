"""Files beneath a folder that somebody hostile writes to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from intern_action.shell.beneath import Beneath, Outside


def read(root: Path, path: str) -> bytes:
    with Beneath(str(root)) as folder, folder.reading(path) as file:
        return file.read()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "file").write_text("inside")
    (tmp_path / "secret").write_text("outside")
    return root


def test_a_path_is_read_relative_or_absolute(root: Path):
    assert read(root, "sub/file") == b"inside"
    assert read(root, f"{root}/sub/file") == b"inside"
    assert read(root, "./sub/../sub//file") == b"inside"


def test_a_link_may_lead_around_inside(root: Path):
    (root / "link").symlink_to("sub")
    (root / "sub" / "back").symlink_to("../sub/file")
    assert read(root, "link/back") == b"inside"


@pytest.mark.parametrize("target", ["../secret", "/etc/passwd", "sub/../../secret", "sub/../..//srv/../secret"])
def test_a_link_that_leads_out_is_refused(root: Path, target: str):
    (root / "link").symlink_to(target)
    with pytest.raises(Outside):
        read(root, "link")


@pytest.mark.parametrize("path", ["../secret", "sub/../../secret", "/etc/passwd"])
def test_a_path_that_leads_out_is_refused(root: Path, path: str):
    with pytest.raises(Outside):
        read(root, path)


def test_a_folder_that_only_begins_like_the_root_is_outside(root: Path):
    (root.parent / "root-two").mkdir()
    (root.parent / "root-two" / "file").write_text("outside")
    with pytest.raises(Outside):
        read(root, f"{root}-two/file")


def test_a_linked_folder_on_the_way_out_is_refused_for_writing_too(root: Path):
    (root / "link").symlink_to("..")
    with Beneath(str(root)) as folder, pytest.raises(Outside):
        folder.write("link/secret", b"changed")
    assert (root.parent / "secret").read_text() == "outside"


def test_links_that_go_in_circles_are_refused(root: Path):
    (root / "one").symlink_to("two")
    (root / "two").symlink_to("one")
    with pytest.raises(Outside):
        read(root, "one")


def test_a_pipe_does_not_hang_the_reader(root: Path):
    os.mkfifo(root / "pipe")
    with pytest.raises(Outside, match="plain file"):
        read(root, "pipe")


def test_a_device_is_refused(root: Path):
    with Beneath("/dev") as folder, pytest.raises(Outside, match="plain file"), folder.reading("zero"):
        pass
    assert root.exists()


def test_writing_makes_folders_and_says_whether_the_file_was_new(root: Path):
    with Beneath(str(root)) as folder:
        assert folder.write("a/b/c", b"one")
        assert not folder.write("a/b/c", b"two")
    assert (root / "a/b/c").read_bytes() == b"two"


def test_writing_keeps_the_mode_and_leaves_nothing_beside(root: Path):
    (root / "script").write_text("old")
    (root / "script").chmod(0o755)
    with Beneath(str(root)) as folder:
        folder.write("script", b"new")
    assert (root / "script").stat().st_mode & 0o777 == 0o755
    assert sorted(path.name for path in root.iterdir()) == ["script", "sub"]


def test_writing_through_a_link_changes_what_it_leads_to(root: Path):
    (root / "link").symlink_to("sub/file")
    with Beneath(str(root)) as folder:
        folder.write("link", b"changed")
    assert (root / "sub/file").read_bytes() == b"changed"
    assert (root / "link").is_symlink()


def test_a_folder_is_not_written_over(root: Path):
    with Beneath(str(root)) as folder, pytest.raises(IsADirectoryError):
        folder.write("sub", b"")


def test_a_new_file_takes_the_place_of_a_link_and_leaves_its_target_alone(root: Path):
    (root / "spill").symlink_to("../secret")
    with Beneath(str(root)) as folder, pytest.raises(Outside):
        folder.create("spill")
    assert (root.parent / "secret").read_text() == "outside"


def test_folders_are_listed_with_a_slash(root: Path):
    with Beneath(str(root)) as folder:
        assert folder.list(".") == ["sub/"]
        assert folder.list("sub") == ["file"]
        assert folder.is_folder("sub")
        assert not folder.is_folder("sub/file")
        assert not folder.is_folder("nowhere/at/all")
