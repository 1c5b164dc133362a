"""The work tree: what a snapshot holds, what a restore brings back."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from intern_action.core.errors import Misconfigured
from intern_action.git.checkout import WorkTree
from intern_action.git.objects import items
from intern_action.git.run import Git, GitFailed
from intern_action.git.walk import Seen
from tests.fakes.git_world import GitWorld, make_world


def held(world: GitWorld, commit: str, name: str = "work") -> dict[str, str]:
    """What a snapshot holds: modes by path."""
    found = items(Git(git_dir=str(world.folder / f"{name}.git")), commit)
    return {path: item.mode for path, item in found.items()}


def names(folder: str) -> list[str]:
    return sorted(place.name for place in Path(folder).iterdir())


def text_in(world: GitWorld, commit: str, path: str) -> bytes:
    return Git(git_dir=str(world.folder / "work.git")).run("cat-file", "blob", f"{commit}:{path}").out


def test_a_new_work_tree_holds_the_files_of_the_base_commit_and_no_git_directory(world: GitWorld) -> None:
    tree = world.work_tree()
    assert names(tree.path) == [".gitignore", "README.md", "src"]
    assert Path(tree.path, "src/train.py").read_text() == "print('train')\n"


def test_nothing_changed_is_no_commit(world: GitWorld) -> None:
    tree = world.work_tree()
    taken = tree.snapshot("nothing")
    assert not taken.changed
    assert taken.commit == world.base
    assert taken.tree == tree.tree()


def test_new_changed_and_removed_files_are_in_the_next_snapshot(world: GitWorld) -> None:
    tree = world.work_tree()
    place = Path(tree.path)
    (place / "README.md").write_text("# more\n")
    (place / "src/eval.py").write_text("1")
    (place / "src/train.py").unlink()
    taken = tree.snapshot("work")
    assert taken.changed
    assert held(world, taken.commit) == {".gitignore": "100644", "README.md": "100644", "src/eval.py": "100644"}
    assert text_in(world, taken.commit, "README.md") == b"# more\n"


def test_a_snapshot_builds_on_the_one_before_and_says_when_nothing_came_since(world: GitWorld) -> None:
    tree = world.work_tree()
    Path(tree.path, "a").write_text("1")
    first = tree.snapshot("one")
    Path(tree.path, "a").write_text("2")
    second = tree.snapshot("two")
    third = tree.snapshot("three")
    log = Git(git_dir=str(world.folder / "work.git")).run("log", "--format=%H %s", second.commit).text
    assert [line.split(" ", 1)[1] for line in log.splitlines()] == ["two", "one", "first"]
    assert first.commit in log
    assert (third.commit, third.changed) == (second.commit, False)


def test_a_change_of_the_same_size_right_after_a_snapshot_is_seen(world: GitWorld) -> None:
    """Two writes within one tick of the kernel's clock leave the same change time."""
    tree = world.work_tree()
    file = Path(tree.path, "README.md")

    def write(text: str) -> None:
        with file.open("r+") as out:
            out.write(text)
        os.utime(file, ns=(0, 0))

    for _ in range(40):
        write("# mails\n")
        tree.snapshot("small")
        write("# mails\n")
        assert not tree.snapshot("the same").changed
        write("# MAILS\n")
        assert tree.snapshot("large").changed


def test_a_change_time_of_the_present_tick_is_not_trusted(world: GitWorld) -> None:
    """Kernels before 6.13 give two changes within one tick the same time; this one does not, so the rule is asked itself."""
    tree = world.work_tree()
    seen = Seen(keys={"earlier": (0, 1, 41, 0, 0), "now": (0, 2, 42, 0, 0), "later": (0, 3, 43, 0, 0)})
    tree._remember(seen, 42)
    assert tree._keys.keys() == {"earlier"}


def test_a_touched_file_with_the_same_bytes_is_no_change(world: GitWorld) -> None:
    tree = world.work_tree()
    Path(tree.path, "README.md").touch()
    assert not tree.snapshot("touched").changed


def test_commits_are_ours_at_the_time_of_the_clock(world: GitWorld) -> None:
    tree = world.work_tree()
    Path(tree.path, "a").write_text("1")
    taken = tree.snapshot("one")
    who = (
        Git(git_dir=str(world.folder / "work.git")).run("log", "-1", "--format=%an|%ae|%cn|%at|%ct", taken.commit).text
    )
    name, email, committer, *dates = who.split("|")
    assert (name, committer) == ("intern-action[bot]", "intern-action[bot]")
    assert email == "intern-action[bot]@users.noreply.github.com"
    assert dates == [str(int(world.clock.now().timestamp()))] * 2


def test_ignored_files_are_left_out_unless_they_are_tracked(tmp_path: Path) -> None:
    world = make_world(tmp_path, {".gitignore": "*.log\nbuild/\n", "kept.log": "tracked\n", "a/b": "1"})
    tree = world.work_tree()
    place = Path(tree.path)
    for name in ("x.log", "build/out", "a/y.log", "__pycache__/m.pyc", "a/fine", "a/build/deep"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("new")
    (place / "kept.log").write_text("changed\n")
    taken = tree.snapshot("work")
    assert set(held(world, taken.commit)) == {".gitignore", "kept.log", "a/b", "a/fine"}
    assert text_in(world, taken.commit, "kept.log") == b"changed\n"


def test_a_gitignore_that_changes_counts_from_then_on(world: GitWorld) -> None:
    tree = world.work_tree()
    place = Path(tree.path)
    (place / "x.log").write_text("1")
    assert not tree.snapshot("ignored").changed
    (place / ".gitignore").write_text("nothing\n")
    assert "x.log" in held(world, tree.snapshot("no longer").commit)
    (place / "src/.gitignore").write_text("/mine\n!kept\n")
    (place / "src/mine").write_text("1")
    (place / "src/kept").write_text("1")
    assert {"src/kept", "src/.gitignore"} <= set(taken := held(world, tree.snapshot("deeper").commit))
    assert "src/mine" not in taken


def test_links_and_the_executable_bit_are_recorded_as_they_are(world: GitWorld) -> None:
    tree = world.work_tree()
    place = Path(tree.path)
    (place / "run.sh").write_text("echo\n")
    (place / "run.sh").chmod(0o755)
    (place / "link").symlink_to("src/train.py")
    (place / "folder").symlink_to("src")
    (place / "nowhere").symlink_to("/etc/shadow")
    taken = tree.snapshot("work")
    modes = held(world, taken.commit)
    assert modes["run.sh"] == "100755"
    assert {modes[name] for name in ("link", "folder", "nowhere")} == {"120000"}
    assert text_in(world, taken.commit, "nowhere") == b"/etc/shadow"
    assert "folder/train.py" not in modes


def test_a_file_becomes_a_folder_and_a_folder_a_link(world: GitWorld) -> None:
    tree = world.work_tree()
    place = Path(tree.path)
    (place / "README.md").unlink()
    (place / "README.md").mkdir()
    (place / "README.md/part").write_text("1")
    shutil.rmtree(place / "src")
    (place / "src").symlink_to("README.md")
    assert held(world, tree.snapshot("work").commit) == {
        ".gitignore": "100644",
        "README.md/part": "100644",
        "src": "120000",
    }


@pytest.mark.parametrize(
    "name", ["two\nlines", 'a "quote"', "back\\slash", "ünïcødé 🤖", "-dash", " lead", ":(top)x", "tab\t"]
)
def test_odd_file_names_survive_a_snapshot_and_a_restore(world: GitWorld, name: str) -> None:
    tree = world.work_tree()
    Path(tree.path, name).write_text("odd")
    taken = tree.snapshot("odd")
    assert name in held(world, taken.commit)
    tree.restore(world.base)
    assert not Path(tree.path, name).exists()
    tree.restore(taken.commit)
    assert Path(tree.path, name).read_text() == "odd"


def test_a_name_that_is_no_unicode_survives(world: GitWorld) -> None:
    tree = world.work_tree()
    odd = Path(tree.path, os.fsdecode(b"caf\xe9"))
    odd.write_text("1")
    taken = tree.snapshot("odd")
    tree.restore(world.base)
    assert not odd.exists()
    tree.restore(taken.commit)
    assert odd.exists()


def test_restore_removes_what_is_not_in_the_snapshot(world: GitWorld) -> None:
    tree = world.work_tree()
    place = Path(tree.path)
    (place / "kept").write_text("1")
    taken = tree.snapshot("kept")
    (place / "late").write_text("2")
    (place / "kept").write_text("3")
    (place / "build").mkdir()
    (place / "build/ignored").write_text("4")
    tree.restore(taken.commit)
    assert names(tree.path) == [".gitignore", "README.md", "kept", "src"]
    assert (place / "kept").read_text() == "1"
    assert tree.tree() == taken.tree


def test_restore_of_what_is_there_already_keeps_ignored_files(world: GitWorld) -> None:
    tree = world.work_tree()
    place = Path(tree.path)
    (place / "build").mkdir()
    (place / "build/cache").write_text("slow to make")
    (place / "a").write_text("1")
    taken = tree.snapshot("a")
    tree.restore(taken.commit)
    assert (place / "build/cache").exists()
    assert not tree.snapshot("again").changed


def test_restore_to_another_commit_with_the_files_that_are_there_goes_on_from_it(world: GitWorld) -> None:
    tree = world.work_tree()
    place = Path(tree.path)
    (place / "a").write_text("1")
    first = tree.snapshot("a")
    (place / "b").write_text("2")
    second = tree.snapshot("b")
    (place / "b").unlink()
    tree.restore(first.commit)
    assert not tree.snapshot("nothing").changed
    (place / "c").write_text("3")
    third = tree.snapshot("c")
    assert {"a", "c"} <= held(world, third.commit).keys()
    assert "b" not in held(world, third.commit)
    assert second.commit != third.commit


def test_a_new_process_takes_the_tree_up_where_the_last_one_left_it(world: GitWorld) -> None:
    first = world.work_tree()
    Path(first.path, "a").write_text("1")
    taken = first.snapshot("a")
    Path(first.path, "b").write_text("not in a snapshot: the process died")
    second = world.work_tree()
    assert not second.fresh
    second.restore(taken.commit)
    assert names(second.path) == [".gitignore", "README.md", "a", "src"]
    assert second.fresh


def test_another_machine_restores_a_snapshot_that_the_source_has(world: GitWorld) -> None:
    here = world.work_tree()
    Path(here.path, "a").write_text("1")
    taken = here.snapshot("a")
    elsewhere = WorkTree.make(
        str(world.folder / "other.git"),
        str(world.folder / "other/tree"),
        source=str(world.folder / "work.git"),
        base_sha=world.base,
        clock=world.clock,
    )
    elsewhere.restore(taken.commit)
    assert Path(elsewhere.path, "a").read_text() == "1"
    elsewhere.bundle(str(world.folder / "b"), taken.commit)
    assert world.publisher().take_in(str(world.folder / "b"), taken.commit, base_sha=world.base) == taken.tree


def test_the_tree_is_handed_over_before_it_is_within_reach(world: GitWorld) -> None:
    seen: list[tuple[str, list[str], bool]] = []
    place = world.folder / "work/tree"
    tree = WorkTree.make(
        str(world.folder / "work.git"),
        str(place),
        source=world.bare.path,
        base_sha=world.base,
        clock=world.clock,
        own=lambda path: seen.append((path, names(path), place.exists())),
    )
    [(path, files, reachable)] = seen
    assert path != tree.path
    assert files == [".gitignore", "README.md", "src"]
    assert not reachable


def test_our_git_directory_is_for_us_alone(world: GitWorld) -> None:
    world.work_tree()
    assert (world.folder / "work.git").stat().st_mode & 0o777 == 0o700


def test_a_base_nobody_has_is_said_in_gits_words(world: GitWorld) -> None:
    with pytest.raises(GitFailed, match="not our ref"):
        WorkTree.make(
            str(world.folder / "x.git"),
            str(world.folder / "x/tree"),
            source=world.bare.path,
            base_sha="12" * 20,
            clock=world.clock,
        )


def test_a_place_that_cannot_be_written_is_said_plainly(world: GitWorld) -> None:
    (world.folder / "file").write_text("not a folder")
    with pytest.raises(Misconfigured, match="name a folder we may write"):
        WorkTree.make(
            str(world.folder / "x.git"),
            str(world.folder / "file/tree"),
            source=world.bare.path,
            base_sha=world.base,
            clock=world.clock,
        )


def test_what_a_base_says_of_line_ends_and_encodings_changes_no_byte(tmp_path: Path) -> None:
    files = {".gitattributes": "* text eol=crlf ident\n", "a": "$Id$ one\ntwo\n"}
    tree = make_world(tmp_path, files).work_tree()
    assert Path(tree.path, "a").read_bytes() == b"$Id$ one\ntwo\n"
    assert not tree.snapshot("nothing").changed
