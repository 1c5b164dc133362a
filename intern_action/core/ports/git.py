"""Checkouts, what is published, and branches that only grow."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from intern_action.core.frozen import frozen


@frozen
class Snapshot:
    """The checkout at one moment: a commit in our own GIT_DIR and its tree."""

    commit: str
    tree: str
    changed: bool


@frozen
class FileState:
    """A plain file at one moment: git's id of its bytes, and whether it can be executed."""

    blob: str
    executable: bool


class Checkout(Protocol):
    """The work tree of a session and our git around it. The model reaches the files, never the git directory."""

    @property
    def path(self) -> str:
        """The work tree."""
        ...

    def snapshot(self, message: str) -> Snapshot:
        """Record the work tree as a commit on top of the last one; cheap when nothing has changed."""
        ...

    def restore(self, commit: str) -> None:
        """Make the work tree equal to a snapshot: files that are not in it are removed."""
        ...

    def tree(self) -> str:
        """Return the tree id of the work tree as it is now."""
        ...

    def states(self) -> Mapping[str, FileState]:
        """Return every plain file that a snapshot would hold, by path."""
        ...

    def bundle(self, target: str, commit: str) -> None:
        """Write a git bundle with `commit` and what it needs beyond the base commit."""
        ...


class Publisher(Protocol):
    """Control's git: imports bundles, makes the commits people see, pushes. Never checks anything out."""

    def take_in(self, bundle: str, commit: str, *, base_sha: str) -> str:
        """Import a git bundle with object checks; return the tree of `commit`.

        Raises:
            NotAllowed: symlinks that leave the tree, submodules, `.github/**`, oversized blobs; the message names
            the path.
        """
        ...

    def publish(self, branch: str, tree: str, *, base_sha: str, message: str, co_author: str) -> str:
        """Commit `tree` on `branch` (made from `base_sha` if new), push it, return the head.

        An equal tree makes no new commit.
        """
        ...

    def head(self, branch: str) -> str | None:
        """Return the branch's live head on the remote, None if there is none."""
        ...

    def tree_of(self, commit: str) -> str:
        """Return a commit's tree id."""
        ...

    def merge_base(self, base: str, head_sha: str) -> str:
        """Return the merge base of the live base branch and a commit."""
        ...

    def blob(self, branch: str, path: str) -> tuple[str, bytes] | None:
        """Return blob id and bytes of a file on the live branch, None when it is not there."""
        ...

    def changes(self, base_sha: str, head_sha: str) -> str:
        """Return the unified diff stat of what a reviewer would see."""
        ...

    def changed(self, base_sha: str, commit: str) -> tuple[str, ...]:
        """Return the paths that differ between two commits, sorted."""
        ...

    def archive(self, commit: str, target: str) -> None:
        """Write `git archive` (tar) of a commit."""
        ...

    def keep(self, session: str, commit: str) -> None:
        """Keep a session's newest snapshot on the remote, where another machine finds it; on this machine it lies anyway."""
        ...

    def bring(self, session: str, base_sha: str, snapshot: str) -> str:
        """Have what a session began with and its newest snapshot ("" for none) at hand, for the agent half.

        Returns:
            the repository on this machine that holds them; what came before the base may not be in it.
        """
        ...

    def save_journal(self, session: str, lines: bytes, *, expected_head: str) -> str:
        """Store a journal under `refs/intern/sessions/<id>`, by compare-and-swap on the commit last seen.

        Returns:
            the new commit.
        """
        ...

    def load_journal(self, session: str) -> tuple[str, bytes] | None:
        """Return (commit, journal lines), None for an unknown session."""
        ...

    def drop_journal(self, session: str) -> bool:
        """Take a stored journal and the snapshots it names away; return whether there was one."""
        ...

    def sessions(self) -> tuple[str, ...]:
        """Return the ids of all stored sessions, oldest first."""
        ...


class Branch(Protocol):
    """A branch of a remote that only ever grows by children of what was read: what the ledger is kept on."""

    def head(self) -> str | None:
        """Return where the branch is on the remote now, None when there is none.

        Raises:
            OutsideError: the remote cannot be asked, or its history is no longer the one seen before (on this machine).
        """
        ...

    def file(self, commit: str, path: str) -> bytes | None:
        """Return a file of a commit that `head` named, None when it is not there."""
        ...

    def push(self, files: Mapping[str, bytes], *, parent: str | None, message: str, at: datetime) -> str | None:
        """Push a child of `parent` (None: a new branch) that holds these files besides its parent's; never forced.

        Returns:
            the new head, None when somebody else moved the branch first.
        """
        ...

    def only_grew(self, commit: str, path: str) -> bool:
        """Return whether the newest commits up to this one took no line out of a file, one after the other and none merged."""
        ...

    def turn(self) -> AbstractContextManager[None]:
        """Let other writers on this machine finish first, where they can be told. It saves lost races and promises nothing."""
        ...


@frozen
class Push:
    """One line of a branch's log on the remote: it was moved to `sha` at `at`, says whoever moved it."""

    sha: str
    at: datetime


class Commits(Protocol):
    """What a local forge asks of the bare repository it speaks for."""

    def head(self, branch: str) -> str | None:
        """Return a branch's head, None when there is none."""
        ...

    def authors(self, base: str, head_sha: str) -> tuple[tuple[str, str], ...]:
        """Return name and e-mail of each author of `base..head_sha`, each pair once."""
        ...

    def pushes(self, branch: str) -> tuple[Push, ...]:
        """Return every move of a branch since it was made, oldest first."""
        ...
