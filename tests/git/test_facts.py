"""What somebody's repository has to be before work starts there, and the copy it becomes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from intern_action.core.errors import Misconfigured
from intern_action.git.facts import inspect_repository, ready_repository
from intern_action.git.repository import BareRepository
from intern_action.git.run import Git
from tests.fakes.git_world import GitWorld


def test_a_clean_repository_on_a_branch_is_ready(world: GitWorld) -> None:
    facts = ready_repository(str(world.repository / "src"))
    assert (facts.top, facts.branch, facts.head_sha) == (str(world.repository), "main", world.base)
    assert (facts.remote, facts.changed) == ("", ())


def test_the_remote_is_named(world: GitWorld) -> None:
    Git().run("remote", "add", "origin", "https://example.com/team/x.git", cwd=str(world.repository))
    assert inspect_repository(str(world.repository)).remote == "https://example.com/team/x.git"


def test_a_folder_that_is_no_repository_is_said_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"is not in a git repository; make one there: git init && git add \."):
        inspect_repository(str(tmp_path))
    with pytest.raises(Misconfigured, match="is not a folder"):
        inspect_repository(str(tmp_path / "nothing"))


def test_a_repository_without_a_commit_is_said_with_the_cure(tmp_path: Path) -> None:
    Git().run("init", "--quiet", "--initial-branch=main", str(tmp_path))
    with pytest.raises(Misconfigured, match=r"has no commit yet \(branch main\); make one: git add"):
        inspect_repository(str(tmp_path))


def test_a_bare_repository_is_said_with_the_cure(world: GitWorld) -> None:
    with pytest.raises(Misconfigured, match="is a bare repository; name a clone"):
        inspect_repository(world.bare.path)


def test_a_detached_head_is_said_with_the_cure(world: GitWorld) -> None:
    Git().run("checkout", "--quiet", "--detach", cwd=str(world.repository))
    with pytest.raises(Misconfigured, match=r"has a detached HEAD at .*git switch main"):
        ready_repository(str(world.repository))


@pytest.mark.parametrize("name", ["README.md", "new file", "with\nnewline"])
def test_a_dirty_checkout_is_said_with_the_files_and_the_cure(world: GitWorld, name: str) -> None:
    (world.repository / name).write_text("changed")
    with pytest.raises(Misconfigured, match="git stash --include-untracked") as said:
        ready_repository(str(world.repository))
    assert name.split("\n", maxsplit=1)[0] in str(said.value)
    assert inspect_repository(str(world.repository)).changed == (name,)


def test_many_changes_are_counted_and_not_all_listed(world: GitWorld) -> None:
    for number in range(9):
        (world.repository / f"f{number}").write_text("1")
    with pytest.raises(Misconfigured, match="f0, f1, f2, f3, f4 and 4 more"):
        ready_repository(str(world.repository))


def test_hooks_and_monitors_of_the_repository_do_not_run_while_we_look(world: GitWorld) -> None:
    said = world.folder / "ran"
    evil = world.folder / "evil.sh"
    evil.write_text(f"#!/bin/sh\ntouch {said}\n")
    evil.chmod(0o755)
    Git().run("config", "core.fsmonitor", str(evil), cwd=str(world.repository))
    inspect_repository(str(world.repository))
    assert not said.exists()


def test_the_bare_copy_has_all_branches_and_the_one_that_is_checked_out_as_default(world: GitWorld) -> None:
    Git().run("switch", "--quiet", "--create", "trunk", cwd=str(world.repository))
    copy = BareRepository.make(str(world.repository), str(world.folder / "copy.git"))
    assert copy.default_branch() == "trunk"
    assert copy.head("main") == copy.head("trunk") == world.base
    assert Git(git_dir=copy.path).run("remote").text == ""
    assert copy.head("gone") is None


def test_a_copy_is_never_made_over_something(world: GitWorld) -> None:
    with pytest.raises(Misconfigured, match="is there already"):
        BareRepository.make(str(world.repository), world.bare.path)


def test_what_is_no_bare_repository_is_not_taken_for_one(world: GitWorld) -> None:
    for path in (world.repository, world.folder / "nothing"):
        with pytest.raises(Misconfigured, match="git clone --bare"):
            BareRepository.open(str(path))


def test_a_repository_of_somebody_else_can_be_worked_with(world: GitWorld) -> None:
    for folder, _, files in os.walk(world.folder / "remote.git"):
        os.chown(folder, 61234, 61234)
        for file in files:
            os.chown(Path(folder, file), 61234, 61234)
    assert world.publisher().head("main") == world.base
    assert Path(world.work_tree().path, "README.md").exists()
