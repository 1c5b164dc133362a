"""What the model could leave in the work tree to turn our git against us."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from intern_action.core.errors import NotAllowed, ToolFailed
from intern_action.git.checkout import WorkTree
from intern_action.git.ignore import IgnoreRules
from intern_action.git.objects import items
from intern_action.git.run import Git, GitFailed
from intern_action.git.walk import Tracked, walk
from tests.fakes.git_world import ADA, NOON, GitWorld, make_world

SECRET = "the token of the root process"


def paths(world: GitWorld, commit: str) -> set[str]:
    return set(items(Git(git_dir=str(world.folder / "work.git")), commit))


def script(place: Path, said: Path) -> str:
    """A program that says that it ran."""
    place.write_text(f"#!/bin/sh\ntouch {said}\ncat\n")
    place.chmod(0o755)
    return str(place)


def test_filters_hooks_and_monitors_of_the_tree_never_run(world: GitWorld) -> None:
    tree = world.work_tree()
    place, said = Path(tree.path), world.folder / "ran"
    evil = script(place / "evil.sh", said)
    (place / ".gitattributes").write_text("* filter=evil diff=evil ident text=auto working-tree-encoding=UTF-16\n")
    (place / ".git").mkdir()
    (place / ".git/config").write_text(
        f'[core]\n\tfsmonitor = {evil}\n\thooksPath = {place}\n[filter "evil"]\n\tclean = {evil}\n\tsmudge = {evil}\n'
        f'[diff "evil"]\n\ttextconv = {evil}\n'
    )
    (place / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (place / "dos.txt").write_bytes(b"$Id$ one\r\ntwo\r\n")
    taken = tree.snapshot("work")
    tree.restore(world.base)
    tree.restore(taken.commit)
    tree.bundle(str(world.folder / "b"), taken.commit)
    assert not said.exists()
    assert (place / "dos.txt").read_bytes() == b"$Id$ one\r\ntwo\r\n"


@pytest.mark.parametrize("name", [".git", ".Git", ".GIT", "git~1", ".git ", ".git.", ".g\u200cit", "\ufeff.git"])
def test_what_could_be_a_git_directory_is_never_recorded(world: GitWorld, name: str) -> None:
    tree = world.work_tree()
    Path(tree.path, "src", name).mkdir()
    Path(tree.path, "src", name, "config").write_text("[core]\n")
    Path(tree.path, name).write_text("gitdir: /srv/secrets.git\n")
    taken = tree.snapshot("work")
    assert paths(world, taken.commit) == {".gitignore", "README.md", "src/train.py"}
    assert tree.left_out[f"src/{name}"] == "would be taken for a git directory"


def test_a_repository_made_inside_is_recorded_as_files_and_not_as_a_submodule(world: GitWorld) -> None:
    tree = world.work_tree()
    inner = Path(tree.path, "cloned")
    Git().run("clone", "--quiet", world.bare.path, str(inner), cwd="/")
    (inner / "extra").write_text("1")
    modes = {
        item.mode for item in items(Git(git_dir=str(world.folder / "work.git")), tree.snapshot("c").commit).values()
    }
    assert modes == {"100644"}
    assert "cloned/.git" in tree.left_out


def test_a_base_with_a_submodule_keeps_it_and_nothing_below_is_recorded(world: GitWorld) -> None:
    git = Git(git_dir=world.bare.path)
    listing = git.run("ls-tree", "main").out + b"160000 commit " + world.base.encode() + b"\tmodule\n"
    made = git.run("mktree", "--missing", stdin=listing).text
    base = git.run("commit-tree", made, "-p", world.base, "-m", "module", env=ADA.stamp(NOON)).text
    git.run("update-ref", "refs/heads/main", base)
    tree = WorkTree.make(
        str(world.folder / "work.git"),
        str(world.folder / "work/tree"),
        source=world.bare.path,
        base_sha=base,
        clock=world.clock,
    )
    Path(tree.path, "module").mkdir(exist_ok=True)
    Path(tree.path, "module/file").write_text("1")
    assert not tree.snapshot("nothing").changed
    Path(tree.path, "a").write_text("1")
    assert {"module", "a"} <= paths(world, tree.snapshot("a").commit)


def test_git_variables_of_the_caller_do_not_matter(world: GitWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(world.folder / "team/.git"))
    monkeypatch.setenv("GIT_INDEX_FILE", "/nonexistent/index")
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.bare=maybe'")
    monkeypatch.setenv("HOME", str(world.folder))
    (world.folder / ".gitconfig").write_text("[core]\n\tbare = nonsense\n")
    tree = world.work_tree()
    Path(tree.path, "a").write_text("1")
    assert tree.snapshot("a").changed


def test_a_fifo_a_socket_and_a_device_are_left_out_and_nothing_hangs(world: GitWorld) -> None:
    tree = world.work_tree()
    place = Path(tree.path)
    os.mkfifo(place / "pipe")
    os.mkfifo(place / "src/.gitignore")
    (place / "README.md").unlink()
    os.mkfifo(place / "README.md")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(place / "socket"))
    listener.close()
    (place / "a").write_text("1")
    taken = tree.snapshot("work")
    assert paths(world, taken.commit) == {".gitignore", "README.md", "src/train.py", "a"}
    assert {"pipe", "socket", "README.md", "src/.gitignore"} <= tree.left_out.keys()


def test_a_huge_file_is_left_out_and_costs_nothing(world: GitWorld) -> None:
    tree = world.work_tree()
    with Path(tree.path, "weights.bin").open("wb") as file:
        file.truncate(1 << 40)
    Path(tree.path, "a").write_text("1")
    taken = tree.snapshot("work")
    assert "weights.bin" not in paths(world, taken.commit)
    assert tree.left_out["weights.bin"] == "is larger than 50,000,000 bytes"


def test_a_tracked_file_that_grew_too_large_keeps_its_last_state(world: GitWorld) -> None:
    tree = world.work_tree()
    with Path(tree.path, "README.md").open("wb") as file:
        file.truncate(60_000_000)
    assert not tree.snapshot("work").changed
    assert "README.md" in tree.left_out


def test_more_files_than_anybody_can_review_are_said_and_not_recorded(world: GitWorld) -> None:
    tree = world.work_tree()
    for number in range(101):
        Path(tree.path, f"f{number}").touch()
    rules = IgnoreRules(Git(git_dir=str(world.folder / "work.git")))
    nothing = Tracked(frozenset(), frozenset(), frozenset())
    with pytest.raises(ToolFailed, match="more than 100 files"):
        walk(tree.path, nothing, rules, trusted_before_ns=0, most=100)


def test_a_linked_gitignore_and_a_linked_folder_show_nothing_of_what_they_point_to(world: GitWorld) -> None:
    outside = world.folder / "outside"
    outside.mkdir()
    (outside / "secret").write_text(SECRET)
    tree = world.work_tree()
    place = Path(tree.path)
    (place / "src/train.py").unlink()
    (place / "src").rmdir()
    (place / "src").symlink_to(outside)
    (place / "file").symlink_to(outside / "secret")
    taken = tree.snapshot("work")
    assert everything(world).count(SECRET.encode()) == 0
    assert paths(world, taken.commit) == {".gitignore", "README.md", "src", "file"}


def everything(world: GitWorld) -> bytes:
    """Every object we ever recorded, unpacked."""
    git = Git(git_dir=str(world.folder / "work.git"))
    return git.run("cat-file", "--batch", "--batch-all-objects").out


def test_a_link_swapped_in_while_we_read_never_leads_us_out(world: GitWorld) -> None:
    outside = world.folder / "outside"
    outside.mkdir()
    (outside / "f").write_text(SECRET)
    tree = world.work_tree()
    place = Path(tree.path)
    (place / "real").mkdir()
    (place / "real/f").write_text("harmless")
    (place / "spare").symlink_to(outside)
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            (place / "real").rename(place / "aside")
            (place / "spare").rename(place / "real")
            (place / "real").rename(place / "spare")
            (place / "aside").rename(place / "real")
            (place / "flip").unlink(missing_ok=True)
            (place / "flip").symlink_to(outside / "f")
            (place / "flop").write_text("file")
            (place / "flop").rename(place / "flip")

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for number in range(60):
            (place / "count").write_text(str(number))
            tree.snapshot("race")
    finally:
        over.set()
        thread.join()
    assert SECRET.encode() not in everything(world)


def test_restore_writes_through_no_link_of_the_tool_user(world: GitWorld) -> None:
    outside = world.folder / "outside"
    outside.mkdir()
    (outside / "train.py").write_text("not ours to change")
    tree = world.work_tree()
    place = Path(tree.path)
    (place / "src/train.py").unlink()
    (place / "src").rmdir()
    (place / "src").symlink_to(outside)
    tree.restore(world.base)
    assert (outside / "train.py").read_text() == "not ours to change"
    assert (place / "src").is_dir()
    assert not (place / "src").is_symlink()


def test_removing_the_old_tree_follows_no_link(world: GitWorld) -> None:
    outside = world.folder / "outside"
    outside.mkdir()
    (outside / "kept").write_text("1")
    tree = world.work_tree()
    Path(tree.path, "x.log").symlink_to(outside)
    Path(tree.path, "new").symlink_to(outside)
    tree.restore(world.base)
    assert (outside / "kept").exists()
    assert not Path(tree.path, "new").exists()


def test_another_name_of_somebody_elses_file_is_not_read_for_the_tool_user(world: GitWorld) -> None:
    """With `fs.protected_hardlinks` off, a link to /etc/shadow could be made in the tree; root would read it."""
    tree = world.work_tree()
    secret = world.folder / "secret"
    secret.write_text(SECRET)
    os.link(secret, Path(tree.path, "mine"))
    os.chown(tree.path, 61234, 61234)
    tree.snapshot("work")
    assert "belongs to somebody else" in tree.left_out["mine"]
    assert SECRET.encode() not in everything(world)


def test_what_cannot_be_read_is_left_out_and_what_was_there_stays(world: GitWorld) -> None:
    tree = world.work_tree()
    deep = Path(tree.path)
    top = os.open(deep, os.O_RDONLY)
    for _ in range(40):  # deeper than a path may be long
        os.mkdir("d" * 100, dir_fd=top)
        below = os.open("d" * 100, os.O_RDONLY, dir_fd=top)
        os.close(top)
        top = below
    os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=top))
    os.close(top)
    (deep / "a").write_text("1")
    taken = tree.snapshot("work")
    assert "a" in paths(world, taken.commit)
    assert any(why == "has too long a name" for why in tree.left_out.values())


def test_rules_as_large_as_they_like_do_not_block_us(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    tree = world.work_tree()
    place = Path(tree.path)
    (place / ".gitignore").write_text(("x" * 60_000 + "*\n") * 10)
    for number in range(2_000):
        (place / f"{'n' * 60}{number}").touch()
    assert tree.snapshot("work").changed


@pytest.mark.parametrize("commit", ["HEAD", "--upload-pack=touch x", "main", "", "a" * 39, "A" * 40])
def test_only_full_ids_are_taken_for_commits(world: GitWorld, commit: str) -> None:
    tree = world.work_tree()
    with pytest.raises(GitFailed, match="not the full id"):
        tree.restore(commit)
    with pytest.raises((GitFailed, NotAllowed)):
        world.publisher().take_in("x", commit, base_sha=world.base)
