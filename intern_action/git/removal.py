"""Files taken out of somebody's repository: a commit on a branch of its own, for them to merge. Their checkout is not touched."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import datetime

from intern_action.core.errors import Misconfigured
from intern_action.git.remote import branch_ref
from intern_action.git.run import OURS, Git


def propose_removal(top: str, paths: Sequence[str], *, branch: str, message: str, at: datetime) -> tuple[str, ...]:
    """Make a branch on which the files that are there are gone; return those, () when none is there and no branch was made.

    Args:
        top: somebody's repository.
        paths: files, from its top.
        branch: a new one; one of that name is moved when it holds a commit of ours on top of the same commit, and kept otherwise.
        message: of the commit.
        at: the time of the commit.

    Raises:
        Misconfigured: there is such a branch, and it is somebody's.
    """
    git, ref = Git(), branch_ref(branch)
    there = git.run("ls-tree", "-z", "--name-only", "HEAD", "--", *paths, cwd=top).text.split("\0")
    found = tuple(path for path in there if path)
    if not found:
        return ()
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": f"{folder}/index"}
        git.run("read-tree", "HEAD", cwd=top, env=index)
        git.run("rm", "--cached", "--quiet", "--", *found, cwd=top, env=index)
        tree = git.run("write-tree", cwd=top, env=index).text
    head = git.run("rev-parse", "HEAD", cwd=top).text
    commit = git.run("commit-tree", tree, "-p", head, "-m", message, cwd=top, env=OURS.stamp(at)).text
    old = git.ask("rev-parse", "--verify", "--quiet", ref, cwd=top)
    if not old.code and git.run("rev-parse", f"{ref}^{{tree}}", cwd=top).text != tree:
        raise Misconfigured(f"{top} has a branch {branch} already; delete it, or rename it, and run this again")
    if old.code:
        git.run("update-ref", ref, commit, "0" * 40, cwd=top)
    return found
