"""The other repository: what its refs are now, and pushes that never force anybody's hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from intern_action.core.errors import Misconfigured
from intern_action.core.frozen import frozen
from intern_action.git.objects import object_id
from intern_action.git.run import OURS, RACE, Git, GitFailed, LostRace
from intern_action.git.snapshots import write_files

QUIET = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head")
"""How commits are brought here: nothing is named, nothing is said."""
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._+@-]|/(?=[A-Za-z0-9]))*")


def branch_ref(branch: str) -> str:
    """Return the full ref of a branch.

    Raises:
        Misconfigured: a name git, a shell or a reader could take for something else.
    """
    if (
        not NAME.fullmatch(branch)
        or ".." in branch
        or branch.endswith((".lock", "."))
        or ".lock/" in branch
        or "@{" in branch
    ):
        raise Misconfigured(f"{branch!r} cannot be a branch; use letters, digits and . _ + @ - /")
    return f"refs/heads/{branch}"


@frozen
class Remote:
    """A remote of our git directory.

    Args:
        git: our git directory; its `config` may carry the credentials.
        url: path or URL.
    """

    git: Git
    url: str

    def refs(self, *patterns: str) -> dict[str, str]:
        """Return the live refs that match, by full name. `HEAD` is the default branch's commit."""
        lines = self.git.run("ls-remote", "--quiet", "--", self.url, *patterns).text.splitlines()
        return {ref: oid for oid, _, ref in (line.partition("\t") for line in lines)}

    def ref(self, name: str) -> str | None:
        """Return where one ref is now, by its full name."""
        here = self.here
        if here is None:
            return self.refs(name).get(name)
        found = here.run("for-each-ref", "--format=%(objectname) %(refname)", "--", name).text.splitlines()
        return next((line[:40] for line in found if line[41:] == name), None)

    @property
    def here(self) -> Git | None:
        """Git on the remote itself, where that is a bare repository on this machine: cheaper than a conversation."""
        place = Path(self.url)
        if place.is_absolute() and (place / "HEAD").is_file() and (place / "objects").is_dir():
            return replace(self.git, git_dir=self.url)
        return None

    def default_branch(self) -> str:
        """Return the name of the default branch, "" when the remote does not say."""
        out = self.git.run("ls-remote", "--quiet", "--symref", "--", self.url, "HEAD").text
        found = re.match(r"ref: refs/heads/(\S+)\tHEAD", out)
        return found[1] if found else ""

    def fetch(self, commit: str, *, ref: str = "") -> None:
        """Bring a commit here with all that came before it, unless it is here (`git.history` brings less).

        Args:
            commit: its full id.
            ref: where it was seen, for servers that only give out refs.
        """
        if self.git.has(commit):
            return
        if ref and self.here is None and not self.git.ask(*QUIET, "--", self.url, ref).code and self.git.has(commit):
            return
        self.git.run(*QUIET, "--", self.url, object_id(commit))

    def grow(
        self,
        files: Mapping[str, bytes],
        ref: str,
        *,
        parent: str | None,
        message: str,
        at: datetime,
        leased: bool = False,
    ) -> str:
        """Put a commit with these files on top of what stands on a ref; return the commit.

        Args:
            files: contents by path; all other files stay as they are in `parent`.
            ref: the full name of what is moved.
            parent: what was read there; None for a ref that is new.
            message: of the commit.
            at: the time of the commit and of its push.
            leased: as for `push`.

        Raises:
            LostRace: something else stands there now.
            GitFailed: not written, for another reason.
        """
        here = self.here
        if (
            here is not None
        ):  # one process instead of a conversation of five; git moves a ref to a child of its value only
            return write_files(here, files.items(), parent=parent or "", at=at, message=message, ref=ref).commit
        if parent:
            self.fetch(parent, ref=ref)
        written = write_files(self.git, files.items(), parent=parent or "", at=at, message=message)
        self.push(written.commit, ref, at=at, parent=parent, leased=leased)
        return written.commit

    def push(self, commit: str, ref: str, *, at: datetime, parent: str | None, leased: bool = False) -> None:
        """Move a ref to a child of what stands there; never forced.

        Args:
            commit: what is pushed.
            ref: the full name of what is moved.
            at: what the remote's reflog calls the time of this push.
            parent: what was read there; None for a ref that is new.
            leased: for refs outside of `refs/heads/`: the remote also compares with `parent`. The new commit is a child
                all the same, so this is compare-and-swap, not a way to overwrite.

        Raises:
            LostRace: something else stands there now.
            GitFailed: not pushed, for another reason.
        """
        lease = (f"--force-with-lease={ref}:{parent or ''}",) if leased or parent is None else ()
        done = self.git.ask(
            "push",
            "--porcelain",
            "--no-verify",
            *lease,
            "--",
            self.url,
            f"{object_id(commit)}:{ref}",
            env=OURS.stamp(at),
        )
        if not done.code:
            return
        now = self.ref(ref)
        if now == commit or (now and self._holds(now, commit, ref)):
            return  # the answer was lost, the push was not
        words = "; ".join(line for line in done.text.splitlines() if line.startswith("!")) or done.words
        if now != parent or RACE.search(words):
            raise LostRace(f"{ref} was moved by somebody else meanwhile: {words}")
        raise GitFailed(f"git push of {ref} failed: {words}")

    def drop(self, ref: str, expected: str) -> None:
        """Take a ref away, if it still stands where it was read.

        Raises:
            LostRace: it was moved meanwhile.
            GitFailed: not taken away, for another reason.
        """
        lease = f"--force-with-lease={ref}:{object_id(expected)}"
        done = self.git.ask("push", "--porcelain", "--no-verify", lease, "--", self.url, f":{ref}")
        if not done.code:
            return
        now = self.ref(ref)
        if now is None:
            return  # the answer was lost, the push was not
        if now != expected:
            raise LostRace(f"{ref} was moved by somebody else meanwhile")
        raise GitFailed(f"git push that takes {ref} away failed: {done.words}")

    def _holds(self, head: str, commit: str, ref: str) -> bool:
        self.fetch(head, ref=ref)
        return not self.git.ask("merge-base", "--is-ancestor", commit, head).code


def with_token(token: str, server_url: str) -> Mapping[str, str]:
    """Return the git settings that authenticate as a GitHub token over HTTP; for `Git.config`, which hides them.

    They reach git in the environment of one command: they stand in no file and on no command line. They are for one server:
    where a redirect leads elsewhere, the token is not sent.

    Args:
        token: a workflow's own, or a person's.
        server_url: `GITHUB_SERVER_URL`.
    """
    import base64

    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    return {f"http.{server_url.rstrip('/')}/.extraHeader": f"Authorization: Basic {basic}"}
