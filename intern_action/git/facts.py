"""What somebody's own repository is like, before we work on it, and what to put right when it will not do."""

from __future__ import annotations

from pathlib import Path

from intern_action.core.errors import Misconfigured
from intern_action.core.frozen import frozen
from intern_action.git.run import Git

SHOWN = 5


@frozen
class RepositoryFacts:
    """A repository as it is now.

    Args:
        top: its top folder.
        branch: the branch that is checked out, "" for a detached HEAD.
        head_sha: its commit.
        changed: paths that are not committed.
    """

    top: str
    branch: str
    head_sha: str
    changed: tuple[str, ...] = ()

    @property
    def remote(self) -> str:
        """URL of `origin`, "" without one."""
        done = Git().ask("config", "--get", "remote.origin.url", cwd=self.top)
        return "" if done.code else done.text


def inspect_repository(path: str) -> RepositoryFacts:
    """Return what the repository around `path` is like. Nothing in it is changed.

    Raises:
        Misconfigured: no such folder, not a git repository, a bare one, one without a commit.
    """
    if not Path(path).is_dir():
        raise Misconfigured(f"{path} is not a folder; name the folder of a git repository with --repo")
    top = _top(path)
    how = ("--porcelain=v2", "--branch", "--no-ahead-behind", "-z", "--untracked-files=normal", "--no-renames")
    status = Git().run("status", *how, cwd=top)
    lines = [line for line in status.out.decode("utf-8", "surrogateescape").split("\0") if line]
    said = dict(line.split(" ", 2)[1:] for line in lines if line.startswith("# "))
    branch = "" if said["branch.head"] == "(detached)" else said["branch.head"]
    head = said["branch.oid"]
    if head == "(initial)":
        raise Misconfigured(f"{top} has no commit yet (branch {branch}); make one: git add . && git commit -m 'first'")
    if len(head) != len("0" * 40):
        raise Misconfigured(
            f"{top} uses SHA-256 object names, which this program cannot read yet; use a SHA-1 repository"
        )
    changed = tuple(_path(line) for line in lines if not line.startswith("# "))
    return RepositoryFacts(top=top, branch=branch, head_sha=head, changed=changed)


def _top(path: str) -> str:
    done = Git().ask("rev-parse", "--is-bare-repository", "--show-toplevel", cwd=path)
    bare, _, top = done.text.partition("\n")
    if bare == "true":
        raise Misconfigured(f"{path} is a bare repository; name a clone of it that has the files")
    if done.code or not top:
        raise Misconfigured(
            f"{path} is not in a git repository; make one there: git init && git add . && git commit -m 'first'"
        )
    return top


FIELDS_BEFORE_PATH = {"1": 8, "u": 10, "?": 1}
"""By the first sign of a line of `git status --porcelain=v2`: changed, unmerged, untracked (git-status(1))."""


def _path(line: str) -> str:
    return line.split(" ", FIELDS_BEFORE_PATH[line[0]])[-1]


def require_branch(facts: RepositoryFacts) -> None:
    """Raise Misconfigured for a detached HEAD: nobody could say what a pull request would go to."""
    if not facts.branch:
        raise Misconfigured(
            f"{facts.top} has a detached HEAD at {facts.head_sha[:12]}; check a branch out first: git switch main, "
            "or git switch -c NAME to make one here"
        )


def require_clean(facts: RepositoryFacts) -> None:
    """Raise Misconfigured for changes that are not committed: the work starts from commits and would not see them."""
    if facts.changed:
        some = ", ".join(facts.changed[:SHOWN])
        more = f" and {len(facts.changed) - SHOWN} more" if len(facts.changed) > SHOWN else ""
        raise Misconfigured(
            f"{facts.top} has changes that are not committed ({some}{more}), and the work starts from the last commit; "
            "commit them, or put them aside: git stash --include-untracked"
        )


def ready_repository(path: str) -> RepositoryFacts:
    """Return a repository's facts when work can start there: on a branch, with everything committed."""
    facts = inspect_repository(path)
    require_branch(facts)
    require_clean(facts)
    return facts
