"""How commits hang together, where not all of what came before them was brought here.

A repository with twenty years behind it takes minutes to fetch, and a run needs little of them: what its newest commits hold,
and now and then where two lines part. So commits are brought with little or nothing before them, and git here takes them for
the beginning (`shallow` in gitrepository-layout(5)). What it then says of ancestors can be wrong in one way only: links are
missing, none is made up. Each answer below is given when the missing ones cannot change it, and before that more is brought.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from intern_action.git.objects import object_id
from intern_action.git.remote import QUIET, Remote, branch_ref
from intern_action.git.run import Git

NEAR = 50
"""Commits of a session's branch, and what came just before it."""
ALL = 0x7FFFFFFF
"""What git takes for no limit at all (git-fetch-pack documentation, `--depth`)."""
DEPTHS = (NEAR, 1_000, ALL)
"""How far back is fetched, one after the other. Behind the last one nothing is left that the remote has."""

Depths: TypeAlias = tuple[int, ...]


def bring(remote: Remote, commit: str, *, depth: int = 1, ref: str = "") -> None:
    """Have a commit here, with everything it holds and so many commits in all; whole where the remote gives no part.

    Args:
        remote: which has it. One on this machine gives everything: that is no journey.
        commit: its full id.
        depth: how many commits back, this one among them, if it has to be fetched.
        ref: where it was seen, for servers that only give out refs.

    Raises:
        GitFailed: the remote cannot be read, or lacks it.
    """
    if remote.here is None and (remote.git.has(commit) or _fetched(remote, depth, commit)):
        return
    remote.fetch(commit, ref=ref)


def newest(remote: Remote, branch: str) -> str | None:
    """Return where a branch is on the remote now, with that commit here; None when there is none.

    Asked and fetched in one conversation, where there is a part to be had: each one begins with greetings.

    Raises:
        GitFailed: as for `bring`.
    """
    ref, here = branch_ref(branch), f"refs/newest/{branch}"
    if remote.here is None:
        order = (*QUIET, "--depth=1", "--", remote.url, f"+{ref}:{here}")
        if not remote.git.ask(*order).code:
            return remote.git.run("rev-parse", "--verify", f"{here}^{{commit}}").text
    commit = remote.ref(ref)
    if commit is not None:
        bring(remote, commit, ref=ref)
    return commit


def is_ancestor(remote: Remote, old: str, new: str, depths: Depths = DEPTHS) -> bool:
    """Return whether one commit, that is here, builds on another. Raises GitFailed where more was needed and did not come."""
    if not remote.git.ask("merge-base", "--is-ancestor", old, new).code:
        return True
    if not depths or not _cut(remote.git, (new,), (old,)):
        return False
    return is_ancestor(remote, old, new, _more(remote, depths, new))


def merge_base(remote: Remote, one: str, other: str, depths: Depths = DEPTHS) -> str | None:
    """Return the best common ancestor of two commits that are here, as `git merge-base` does; None when there is none.

    What is not here comes before a commit at which history was cut. Where all of those are common ancestors already, nothing
    before them can be a better one.

    Raises:
        GitFailed: more was needed and did not come.
    """
    found = remote.git.ask("merge-base", "--all", one, other).text.split()
    if depths and _cut(remote.git, (one, other), tuple(found)):
        return merge_base(remote, one, other, _more(remote, depths, one, other))
    return found[0] if found else None


def connect(remote: Remote, old: str, new: str, depths: Depths = DEPTHS) -> None:
    """Bring everything that a commit, that is here, has beyond its ancestor. Raises GitFailed where it does not come."""
    if depths and _cut(remote.git, (new,), (old,)):
        connect(remote, old, new, _more(remote, depths, new))


def committers(remote: Remote, old: str, new: str) -> tuple[str, ...]:
    """Return short id and e-mail of whoever committed each commit that `new` has beyond its ancestor `old`, newest first.

    Where a line was merged in that is older than `old`, more may be told than there are: nobody is ever left out.

    Raises:
        GitFailed: more was needed and did not come.
    """
    connect(remote, old, new)
    return tuple(remote.git.run("log", "--format=%h %ce", f"{old}..{new}").text.splitlines())


def _cut(git: Git, tips: tuple[str, ...], known: tuple[str, ...]) -> bool:
    """Return whether history was cut somewhere in what these commits have and the known ones have not."""
    cut = _cuts(git)
    if not cut:
        return False
    seen = git.run("rev-list", *tips, "--not", *known) if known else git.run("rev-list", *tips)
    return not cut.isdisjoint(seen.text.split())


def _cuts(git: Git) -> frozenset[str]:
    try:
        return frozenset(Path(git.git_dir, "shallow").read_text("ascii").split())
    except FileNotFoundError:
        return frozenset()


def _more(remote: Remote, depths: Depths, *commits: str) -> Depths:
    """Bring what came before some commits, as far as the next depth; return the depths that are left."""
    depth, *left = depths
    remote.git.run(*_order(remote, depth, *commits))
    return tuple(left)


def _fetched(remote: Remote, depth: int, commit: str) -> bool:
    return not remote.git.ask(*_order(remote, depth, commit)).code


def _order(remote: Remote, depth: int, *commits: str) -> tuple[str, ...]:
    return (*QUIET, f"--depth={depth}", "--", remote.url, *map(object_id, commits))
