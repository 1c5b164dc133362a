"""Files are taken out of somebody's repository on a branch of its own; what they have checked out is not touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from intern_action.core.errors import Misconfigured
from intern_action.git.removal import propose_removal
from intern_action.git.run import Git
from tests.fakes.git_world import NOON, make_repository

FILES = {"README.md": "x\n", ".github/intern.yml": "enabled: true\n", ".github/workflows/ci.yml": "on: push\n"}
PATHS = (".github/intern.yml", ".github/workflows/intern.yml")


@pytest.fixture
def repo(tmp_path: Path) -> str:
    make_repository(tmp_path / "team", FILES)
    return str(tmp_path / "team")


def removed(repo: str, paths: tuple[str, ...] = PATHS) -> tuple[str, ...]:
    return propose_removal(repo, paths, branch="out", message="Take it out", at=NOON)


def git(repo: str, *words: str) -> str:
    return Git().run(*words, cwd=repo).text


def test_what_is_there_is_gone_on_the_branch_and_nothing_else_is(repo: str) -> None:
    assert removed(repo) == (".github/intern.yml",)
    assert git(repo, "diff", "--name-status", "main", "out") == "D\t.github/intern.yml"
    assert git(repo, "rev-parse", "out^") == git(repo, "rev-parse", "main")


def test_the_checkout_the_index_and_the_branch_of_its_owner_stay(repo: str) -> None:
    Path(repo, "README.md").write_text("half an idea\n")
    git(repo, "add", "README.md")
    before = git(repo, "status", "--porcelain"), git(repo, "rev-parse", "HEAD"), git(repo, "symbolic-ref", "HEAD")
    removed(repo)
    assert before == (
        git(repo, "status", "--porcelain"),
        git(repo, "rev-parse", "HEAD"),
        git(repo, "symbolic-ref", "HEAD"),
    )


def test_where_none_is_there_is_no_branch(repo: str) -> None:
    assert removed(repo, ("nothing.yml",)) == ()
    assert Git().ask("rev-parse", "--verify", "--quiet", "refs/heads/out", cwd=repo).code


def test_the_same_again_is_the_same(repo: str) -> None:
    removed(repo)
    head = git(repo, "rev-parse", "out")
    assert removed(repo) == (".github/intern.yml",)
    assert git(repo, "rev-parse", "out") == head


def test_a_branch_of_somebodys_is_not_overwritten(repo: str) -> None:
    git(repo, "branch", "out")
    with pytest.raises(Misconfigured, match="has a branch out already"):
        removed(repo)
