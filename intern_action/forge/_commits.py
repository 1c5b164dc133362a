"""What GitHub knows of a pull request's commits: when its branch was last moved, and who wrote them."""

from __future__ import annotations

from datetime import datetime

from intern_action.core.errors import ForgeError
from intern_action.forge._answers import Move, PullCommit
from intern_action.forge._wire import Wire

COMMITS_MOST = 250
"""`GET …/pulls/{pull_number}/commits` lists no more."""

NOREPLY = "@users.noreply."


def last_push(wire: Wire, repository: str, branch: str, head_sha: str) -> datetime | None:
    """Return when a branch was last moved, by whomever and however: a push there and back again shows, too.

    The list of activities (`GET /repos/{owner}/{repo}/activity`: pushes, force pushes, creations, merges, each with GitHub's own
    time) is asked, because times in commits are claims and a pull request's timeline knows forced pushes only.

    Returns:
        None when that list does not end at `head_sha`, or is empty: then it has not caught up, and nobody can tell.
    """
    ref, asked = f"refs/heads/{branch}", f"list the pushes to {branch}"
    moves = wire.first(f"{repository}/activity", Move, asked, ref=ref, direction="desc")
    ours = [move for move in moves if move.ref == ref]
    newest = max(ours, key=lambda move: move.timestamp, default=None)
    if newest is None or head_sha not in {move.after for move in ours if move.timestamp == newest.timestamp}:
        return None
    return newest.timestamp


def authors_of(wire: Wire, repository: str, number: int, *, head_sha: str) -> tuple[str, ...]:
    """Return everybody who may have written a commit of a pull request.

    A commit can claim any name, so all it may mean are named: the account GitHub knows by the e-mail, the name itself, the
    account of a no-reply address. One too many only means one more who cannot approve.

    Returns:
        nobody, which the gate takes for a no, when there may be more commits than GitHub lists.

    Raises:
        ForgeError: the list does not have the head, which is its last: it is older than what was just told.
    """
    asked = f"list the commits of pull request #{number}"
    commits = wire.all(f"{repository}/pulls/{number}/commits", PullCommit, asked)
    if len(commits) >= COMMITS_MOST:
        return ()
    if head_sha not in {one.sha for one in commits}:
        raise ForgeError(f"GitHub lists the commits of #{number} without its head {head_sha[:8]}; run again")
    return tuple(sorted({name for commit in commits for name in _names(commit)}))


def _names(commit: PullCommit) -> set[str]:
    claimed = commit.commit.author
    names = {claimed.name if claimed else "", commit.author.login if commit.author else ""}
    if claimed and NOREPLY in claimed.email.casefold():
        names.add(claimed.email.partition("@")[0].rpartition("+")[2])
    return names - {""}
