"""A word that everybody who shares a remote has in common: whoever is first says it, and it never changes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from intern_action.core.frozen import frozen
from intern_action.git.remote import Remote
from intern_action.git.run import Git, GitFailed, LostRace, make_git_dir

FILE = "word"


@frozen
class SharedWord:
    """A word on a ref of a remote that is no branch, so that no list of branches shows it.

    Args:
        remote: with our git directory.
        ref: the full name of the ref.
    """

    remote: Remote
    ref: str

    @classmethod
    def at(cls, git_dir: str, url: str, ref: str, *, config: Mapping[str, str] | None = None) -> SharedWord:
        """Return a word of a remote (path or URL), with a git directory of ours (made if need be)."""
        make_git_dir(git_dir)
        return cls(remote=Remote(git=Git(git_dir=git_dir, config=config or {}), url=url), ref=ref)

    def settle(self, proposal: str, *, at: datetime) -> str:
        """Return the word that stands there; when there is none yet, the proposal becomes it, or that of whoever was quicker."""
        return self._standing() or self._say(proposal, at)

    def _say(self, proposal: str, at: datetime) -> str:
        message = "A name for jobs that belong to this ledger"
        with suppress(LostRace):  # theirs stands there now
            self.remote.grow({FILE: proposal.encode()}, self.ref, parent=None, message=message, at=at)
        found = self._standing()
        if found is None:
            raise GitFailed(f"{self.ref} was written and is not there; a person has to look")
        return found

    def _standing(self) -> str | None:
        commit = self.remote.ref(self.ref)
        if commit is None:
            return None
        self.remote.fetch(commit, ref=self.ref)
        return self.remote.git.run("cat-file", "blob", f"{commit}:{FILE}").text
