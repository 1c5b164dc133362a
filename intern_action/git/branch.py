"""A branch of a remote that only ever grows. The mirror here remembers where it was, so a rewritten history is noticed."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from intern_action.core.frozen import frozen
from intern_action.git.objects import object_id
from intern_action.git.remote import Remote, branch_ref
from intern_action.git.run import Git, GitFailed, LostRace, borrow, make_git_dir

ZERO = "0" * 40
LOOKED_AT = 200
"""Commits whose changes are looked at: what each machine reads anew must not grow with the years."""
PATIENCE_SECONDS = 60.0
"""A holder that hangs must not hold up everybody; and one who decides within a decision waits for itself."""
POLL_SECONDS = 0.03


@frozen
class GitBranch:
    """Implements `core.ports.Branch`. Several processes may share one git directory.

    Args:
        remote: with our git directory; the newest head that was seen is kept there as `refs/seen/<branch>`.
        name: the branch.
    """

    remote: Remote
    name: str

    @classmethod
    def at(cls, git_dir: str, url: str, name: str, *, config: Mapping[str, str] | None = None) -> GitBranch:
        """Return a branch of a remote (path or URL), mirrored in a git directory of ours (made if need be)."""
        make_git_dir(git_dir)
        remote = Remote(git=Git(git_dir=str(Path(git_dir).absolute()), config=config or {}), url=url)
        if remote.here is not None:
            borrow(git_dir, url)
        return cls(remote=remote, name=name)

    def head(self) -> str | None:
        seen = self._seen()  # first: another process here may push, and leave its mark, between the two
        live = self.remote.ref(branch_ref(self.name))
        if live == seen:
            return live
        if live is None:
            raise GitFailed(f"the branch {self.name} was there ({seen}) and is gone; a person has to look")
        self.remote.fetch(live, ref=branch_ref(self.name))
        if seen is not None and not self._builds_on(live, seen):
            if self._builds_on(seen, live):
                return self._newest(seen)  # another process here saw a newer head than our answer from the remote
            raise GitFailed(
                f"the history of {self.name} was rewritten: {live} does not build on {seen}; a person has to look"
            )
        self._remember(live, seen)
        return live

    def file(self, commit: str, path: str) -> bytes | None:
        done = self.remote.git.ask("cat-file", "blob", f"{object_id(commit)}:{path}")
        if not done.code:
            return done.out
        if self.remote.git.run("ls-tree", "-z", "--full-tree", commit, "--", path).out:
            raise GitFailed(f"{path} on {self.name} is not a file")
        return None

    def push(self, files: Mapping[str, bytes], *, parent: str | None, message: str, at: datetime) -> str | None:
        try:
            commit = self.remote.grow(files, branch_ref(self.name), parent=parent, message=message, at=at)
        except LostRace:
            return None
        self._remember(commit, parent)
        return commit

    def only_grew(self, commit: str, path: str) -> bool:
        how = ("--format=@%P", "--numstat", "-m", "--first-parent", f"--max-count={LOOKED_AT}")
        plain = ("--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")
        lines = self.remote.git.run("log", *how, *plain, object_id(commit)).text.splitlines()
        merged = any(line.startswith("@") and " " in line for line in lines)
        taken = [line.split("\t")[1] for line in lines if line.partition("\t")[2].partition("\t")[2] == path]
        return not merged and set(taken) <= {"0"}

    @contextmanager
    def turn(self) -> Generator[None]:
        here = self.remote.here or self.remote.git
        with (Path(here.git_dir) / f"{self.name.replace('/', '-')}.turn").open("ab") as lock:
            patience = time.monotonic() + PATIENCE_SECONDS
            while not _locked(lock) and time.monotonic() < patience:
                time.sleep(POLL_SECONDS)
            yield

    # --- the mirror ----------------------------------------------------------------------------------------------

    @property
    def _mark(self) -> str:
        return f"refs/seen/{self.name}"

    def _seen(self) -> str | None:
        done = self.remote.git.ask("rev-parse", "--verify", "--quiet", self._mark)
        return None if done.code else done.text

    def _builds_on(self, child: str, parent: str) -> bool:
        return not self.remote.git.ask("merge-base", "--is-ancestor", parent, child).code

    def _newest(self, seen: str) -> str:
        """Ask once more: the remote must by now be at `seen` or beyond."""
        live = self.remote.ref(branch_ref(self.name))
        if live is not None:
            self.remote.fetch(live, ref=branch_ref(self.name))
            if self._builds_on(live, seen):
                return live
        raise GitFailed(
            f"the history of {self.name} was rewritten: it went back from {seen} to {live}; a person has to look"
        )

    def _remember(self, head: str, seen: str | None) -> None:
        """Move the mark forward; when another process moved it meanwhile, theirs stands and is checked the next time."""
        self.remote.git.ask("update-ref", self._mark, head, seen or ZERO)


def _locked(lock: BinaryIO) -> bool:
    """Take a lock, if nobody has it; the kernel lets go of it when its holder ends."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
