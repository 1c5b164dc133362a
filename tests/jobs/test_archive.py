"""The tar is not trusted, and the tree is counted as git counts it."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from intern_action.core.errors import JobError
from intern_action.jobs._archive import tree_id, unpack
from tests.fakes.local_jobs import Workshop


def archived(workshop: Workshop) -> tuple[str, str]:
    tree = workshop.commit()
    archive = str(workshop.place / "a.tar")
    workshop.git("archive", "--output", archive, "HEAD")
    return archive, tree


def test_the_unpacked_tree_has_gits_own_id(workshop: Workshop):
    here = workshop.repository
    for name in ("a", "a.b", "a-b", "b/c/d.py", "ü/ß", "with space", "a0/x", "empty"):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("" if name == "empty" else name)
    (here / "run.sh").write_text("true")
    (here / "run.sh").chmod(0o755)
    (here / "b" / "up").symlink_to("../a//./b")
    archive, tree = archived(workshop)
    target = workshop.place / "out"
    unpack(archive, target)
    assert tree_id(target, like=tree) == tree


def test_a_folder_without_files_has_gits_empty_tree(tmp_path: Path):
    (tmp_path / "only" / "folders").mkdir(parents=True)
    empty = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    assert tree_id(tmp_path, like=empty) == empty


def test_a_repository_with_the_longer_hash_is_counted_in_it(workshop: Workshop):
    workshop.git("init", "--quiet", "--object-format=sha256", "../longer")
    (workshop.place / "longer" / "f").write_text("x")
    workshop.git("-C", "../longer", "add", "f")
    tree = workshop.git("-C", "../longer", "write-tree")
    (workshop.place / "out").mkdir()
    (workshop.place / "out" / "f").write_text("x")
    assert len(tree) == 64
    assert tree_id(workshop.place / "out", like=tree) == tree


@pytest.mark.parametrize(
    "change",
    [
        lambda out: (out / "a").write_text("b"),
        lambda out: (out / "a").chmod(0o755),
        lambda out: (out / "a").rename(out / "c"),
        lambda out: (out / "new").write_text(""),
        lambda out: ((out / "a").unlink(), (out / "a").symlink_to("x")),
    ],
)
def test_any_change_of_the_tree_changes_its_id(workshop: Workshop, change: Callable[[Path], object]):
    (workshop.repository / "a").write_text("a")
    archive, tree = archived(workshop)
    out = workshop.place / "out"
    unpack(archive, out)
    change(out)
    assert tree_id(out, like=tree) != tree


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    info.size = 4 if kind == tarfile.REGTYPE else 0
    return info


HOSTILE = {
    "a name that climbs": [entry("../evil")],
    "an absolute name": [entry("/var/evil-from-a-tar")],
    "a link out": [entry("l", tarfile.SYMTYPE, "../../etc")],
    "an absolute link": [entry("l", tarfile.SYMTYPE, "/etc")],
    "a link that climbs and returns": [entry("d/l", tarfile.SYMTYPE, "../../x/y")],
    "a file through a link": [entry("d", tarfile.DIRTYPE), entry("l", tarfile.SYMTYPE, "d"), entry("l/evil")],
    "a folder in place of a link": [entry("l", tarfile.SYMTYPE, "d"), entry("l", tarfile.DIRTYPE)],
    "a file over a link": [entry("l", tarfile.SYMTYPE, "d"), entry("l")],
    "a file twice": [entry("f"), entry("f")],
    "a file beneath a file": [entry("f"), entry("f/g")],
    "a hard link": [entry("h", tarfile.LNKTYPE, "/etc/passwd")],
    "a device": [entry("z", tarfile.CHRTYPE)],
    "a pipe": [entry("p", tarfile.FIFOTYPE)],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused(tmp_path: Path, name: str):
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for member in HOSTILE[name]:
            tar.addfile(member, io.BytesIO(b"evil") if member.isreg() else None)
    with pytest.raises(JobError):
        unpack(str(tmp_path / "a.tar"), tmp_path / "out")
    assert not list(tmp_path.rglob("evil*"))
    assert not Path("/var/evil-from-a-tar").exists()


def test_a_cut_archive_is_refused(workshop: Workshop):
    (workshop.repository / "big").write_bytes(b"x" * 50_000)
    archive, _ = archived(workshop)
    Path(archive).write_bytes(Path(archive).read_bytes()[:20_000])
    with pytest.raises(JobError, match="cannot be unpacked"):
        unpack(archive, workshop.place / "out")


def test_an_archive_that_is_none_is_refused(tmp_path: Path):
    (tmp_path / "a.tar").write_text("not a tar")
    with pytest.raises(JobError, match="cannot be unpacked"):
        unpack(str(tmp_path / "a.tar"), tmp_path / "out")
