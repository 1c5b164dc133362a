"""A branch that only ever grows, and notices when it was made to shrink."""

from __future__ import annotations

from dataclasses import replace

import pytest

from intern_action.git.branch import GitBranch
from intern_action.git.run import Git, GitFailed
from tests.fakes.git_world import ADA, NOON, GitWorld

NAME = "intern/ledger"


@pytest.fixture(params=[False, True], ids=["near", "far"])
def world(world: GitWorld, request: pytest.FixtureRequest) -> GitWorld:
    """A bare repository on this machine is written to, any other one is pushed to."""
    return replace(world, far=request.param)


def mirror(world: GitWorld, name: str = "mirror") -> GitBranch:
    return GitBranch.at(str(world.folder / f"{name}.git"), world.url, NAME)


def push(branch: GitBranch, text: str, parent: str | None) -> str | None:
    return branch.push({"entries.jsonl": text.encode()}, parent=parent, message=text, at=NOON)


def grown(world: GitWorld, branch: GitBranch, texts: str = "ab") -> list[str]:
    heads: list[str] = []
    for text in texts:
        head = push(branch, text, heads[-1] if heads else branch.head())
        assert head is not None
        heads.append(head)
    return heads


def test_a_new_branch_has_no_head_and_the_first_push_makes_it(world: GitWorld) -> None:
    branch = mirror(world)
    assert branch.head() is None
    head = push(branch, "one", None)
    assert head == branch.head() == world.bare.head(NAME)
    assert head is not None
    assert branch.file(head, "entries.jsonl") == b"one"
    assert branch.file(head, "other") is None
    assert world.git("rev-list", "--count", NAME) == "1"


def test_files_that_are_not_named_stay_as_they_were(world: GitWorld) -> None:
    branch = mirror(world)
    first = branch.push({"a": b"1", "b": b"2"}, parent=None, message="m", at=NOON)
    second = branch.push({"a": b"3"}, parent=first, message="m", at=NOON)
    assert second is not None
    assert (branch.file(second, "a"), branch.file(second, "b")) == (b"3", b"2")


@pytest.mark.parametrize("first", ["a new branch", ""])
def test_who_comes_second_has_lost_and_nothing_is_overwritten(world: GitWorld, first: bool) -> None:
    here, there = mirror(world, "here"), mirror(world, "there")
    start = None if first else push(here, "start", None)
    assert there.head() == start
    winner = push(here, "winner", start)
    assert push(there, "loser", start) is None
    assert there.head() == winner
    assert world.bare.head(NAME) == winner


def test_another_machine_reads_what_was_pushed(world: GitWorld) -> None:
    here, there = mirror(world, "here"), mirror(world, "there")
    heads = grown(world, here)
    assert there.head() == heads[-1]
    assert there.file(heads[-1], "entries.jsonl") == b"b"


def test_a_history_that_goes_back_is_noticed(world: GitWorld) -> None:
    branch = mirror(world)
    heads = grown(world, branch)
    world.git("update-ref", f"refs/heads/{NAME}", heads[0])
    with pytest.raises(GitFailed, match="went back from"):
        branch.head()
    with pytest.raises(GitFailed, match="went back from"):
        mirror(world).head()


def test_a_history_that_was_rewritten_is_noticed_by_every_process_of_this_machine(world: GitWorld) -> None:
    branch = mirror(world)
    heads = grown(world, branch)
    other = mirror(world, "attacker")
    other.remote.fetch(heads[0])
    with_evil = other.push({"entries.jsonl": b"evil"}, parent=None, message="m", at=NOON)
    assert with_evil is None  # a plain push cannot
    tree = world.git("rev-parse", f"{heads[1]}^{{tree}}")
    bare = Git(git_dir=world.bare.path)
    evil = bare.run("commit-tree", tree, "-m", "evil", "-p", heads[0], env=ADA.stamp(NOON)).text
    world.git("update-ref", f"refs/heads/{NAME}", evil)
    with pytest.raises(GitFailed, match="was rewritten"):
        mirror(world).head()


def test_a_branch_that_is_gone_is_noticed(world: GitWorld) -> None:
    branch = mirror(world)
    grown(world, branch)
    world.git("update-ref", "-d", f"refs/heads/{NAME}")
    with pytest.raises(GitFailed, match="is gone"):
        mirror(world).head()


def test_a_folder_where_a_file_should_be_is_an_error(world: GitWorld) -> None:
    branch = mirror(world)
    head = branch.push({"entries.jsonl/x": b"1"}, parent=None, message="m", at=NOON)
    assert head is not None
    with pytest.raises(GitFailed, match="is not a file"):
        branch.file(head, "entries.jsonl")


def test_a_push_whose_answer_was_lost_counts(world: GitWorld) -> None:
    branch = mirror(world)
    head = push(branch, "one", None)
    assert head is not None
    branch.remote.push(head, f"refs/heads/{NAME}", at=NOON, parent=None)
    later = push(branch, "two", head)
    assert later is not None
    branch.remote.push(head, f"refs/heads/{NAME}", at=NOON, parent=None)
    assert world.bare.head(NAME) == later


def test_our_git_directory_is_one_to_git(world: GitWorld) -> None:
    git = mirror(world).remote.git
    assert git.run("rev-parse", "--is-bare-repository").text == "true"
    assert git.run("symbolic-ref", "HEAD").text == "refs/heads/main"
    assert git.run("fsck", "--strict", "--no-dangling").text == ""


def test_a_branch_is_not_mistaken_for_one_that_ends_or_begins_like_it(world: GitWorld) -> None:
    world.push(f"refs/heads/{NAME}", {"a": "b"})
    world.push(f"{NAME}/more", {"a": "b"})
    assert mirror(world).head() is None
