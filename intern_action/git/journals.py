"""Journals of sessions, each on a ref of its own: one file, one commit a save, compare-and-swap on the commit last seen."""

from __future__ import annotations

import re
from datetime import datetime

from intern_action.core.errors import Misconfigured
from intern_action.core.frozen import frozen
from intern_action.git.objects import object_id
from intern_action.git.remote import Remote
from intern_action.git.run import GitFailed

PREFIX = "refs/intern/sessions/"
SNAPSHOTS = "refs/intern/snapshots/"
FILE = "journal.jsonl"
SESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def session_ref(session: str) -> str:
    """Return a session's ref. Raises Misconfigured for what cannot be a session's id."""
    return f"{PREFIX}{_checked(session)}"


def snapshot_ref(session: str) -> str:
    """Return the ref of a session's newest snapshot. Raises Misconfigured for what cannot be a session's id."""
    return f"{SNAPSHOTS}{_checked(session)}"


def _checked(session: str) -> str:
    if not SESSION.fullmatch(session):
        raise Misconfigured(f"{session!r} cannot be a session; ids are letters, digits, - and _")
    return session


@frozen
class Journals:
    """The refs under `refs/intern/sessions/` of a remote. Control alone writes them."""

    remote: Remote

    def save(self, session: str, lines: bytes, *, expected_head: str, at: datetime) -> str:
        """Store the whole journal as a child of `expected_head` ("" for a new session); return the new commit.

        Raises:
            LostRace: somebody else saved meanwhile.
        """
        ref = session_ref(session)
        return self.remote.grow(
            {FILE: lines}, ref, parent=expected_head or None, message=f"journal of {session}\n", at=at, leased=True
        )

    def load(self, session: str) -> tuple[str, bytes] | None:
        """Return (commit, lines) as they are on the remote now, None for an unknown session."""
        ref = session_ref(session)
        head = self.remote.ref(ref)
        if head is None:
            return None
        self.remote.fetch(head, ref=ref)
        return head, self.remote.git.run("cat-file", "blob", f"{object_id(head)}:{FILE}").out

    def drop(self, session: str) -> bool:
        """Take a session's refs away, its snapshot's first; return whether there was a journal.

        The server forgets the objects when it cleans up.

        Raises:
            LostRace: somebody saved meanwhile.
            GitFailed: the remote refused.
        """
        return [self._drop(ref) for ref in (snapshot_ref(session), session_ref(session))][-1]

    def _drop(self, ref: str) -> bool:
        head = self.remote.ref(ref)
        if head is not None:
            self.remote.drop(ref, head)
        return head is not None

    def all(self) -> tuple[str, ...]:
        """Return the ids of all sessions, oldest first (by the date of the first save, then by id)."""
        heads = self.remote.refs(f"{PREFIX}*")  # git matches ends of names, so the beginning is looked at here
        ours = {ref: head for ref, head in heads.items() if SESSION.fullmatch(ref.removeprefix(PREFIX))}
        dated = sorted((self._began(ref, head), ref.removeprefix(PREFIX)) for ref, head in ours.items())
        return tuple(session for _, session in dated)

    def _began(self, ref: str, head: str) -> int:
        self.remote.fetch(head, ref=ref)
        dates = self.remote.git.run("log", "--first-parent", "--format=%ct", object_id(head)).text.split()
        if not dates:
            raise GitFailed(f"the journal on {ref} has no commits")
        return int(dates[-1])
