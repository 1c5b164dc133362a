"""Control's git: takes bundles in, makes the commits people see, pushes. It never checks anything out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TypeAlias

from intern_action.core.errors import Misconfigured, NotAllowed
from intern_action.core.frozen import frozen
from intern_action.core.ports import Clock, JournalHome
from intern_action.git import history
from intern_action.git.bundles import judge_commits, open_pack, quarantine, release, unpack
from intern_action.git.journals import Journals, snapshot_ref
from intern_action.git.names import shown
from intern_action.git.objects import COMMIT, Item, contents, items, object_id, tree_of
from intern_action.git.remote import Remote, branch_ref
from intern_action.git.rules import TreeRules, judge_links, links
from intern_action.git.run import OURS, Git, GitFailed, Identity, make_git_dir

FILE_BYTES = 50_000_000
BUNDLE_BYTES = 500_000_000
RESERVED = frozenset({"intern/ledger"})
LOOKED_AT_BYTES = 5_000_000
"""Larger files are not looked through for secrets."""
Leaks: TypeAlias = Callable[[bytes], bool]
STAT_WIDTH = "--stat=100,80"


def _nothing(_data: bytes) -> bool:
    return False


@frozen
class GitPublisher:
    """Implements `core.ports.Publisher` on a bare git directory of control's own and a remote. Make one with `at`.

    Args:
        file_bytes: largest file that is published.
        bundle_bytes: largest bundle that is read.
        reserved: branches that are never published to, besides the remote's default branch.
        leaks: whether what is about to be published holds a secret.
        elsewhere: where journals of new sessions go; None is the remote's refs. Those that lie on refs stay there.
    """

    git: Git
    remote: Remote
    clock: Clock
    identity: Identity = OURS
    rules: TreeRules = field(default_factory=TreeRules)
    file_bytes: int = FILE_BYTES
    bundle_bytes: int = BUNDLE_BYTES
    reserved: frozenset[str] = RESERVED
    leaks: Leaks = _nothing
    elsewhere: JournalHome | None = None

    @classmethod
    def at(
        cls,
        git_dir: str,
        url: str,
        *,
        clock: Clock,
        config: Mapping[str, str] | None = None,
        leaks: Leaks = _nothing,
        elsewhere: JournalHome | None = None,
    ) -> GitPublisher:
        """Return the publisher of a remote; its git directory is made if need be.

        Args:
            git_dir: control's own, mode 0700.
            url: path or URL of the remote.
            clock: gives the dates of commits and pushes.
            config: git settings for this remote (`remote.with_token`).
            leaks: as for the class.
            elsewhere: as for the class.
        """
        make_git_dir(git_dir)
        git = Git(git_dir=str(Path(git_dir).absolute()), config=config or {})
        return cls(git=git, remote=Remote(git=git, url=url), clock=clock, leaks=leaks, elsewhere=elsewhere)

    # --- taking in -----------------------------------------------------------------------------------------------

    def take_in(self, bundle: str, commit: str, *, base_sha: str) -> str:
        history.bring(self.remote, object_id(base_sha))
        if self.git.has(object_id(commit)):
            return self._judge_known(commit, base_sha)
        try:
            with Path(bundle).open("rb") as file, quarantine(self.git) as held:
                open_pack(file, commit=commit, base_sha=base_sha)
                unpack(self.git, file, held, most_bytes=self.bundle_bytes)
                judge_commits(self.git, held, commit=commit, base_sha=base_sha, most_bytes=self.file_bytes)
                tree = self._judge(base_sha, commit, env=held.env)
                release(self.git, held)
        except OSError as error:
            raise GitFailed(f"the bundle {bundle} cannot be read: {error.strerror}") from error
        self.git.run("update-ref", f"refs/intern/taken/{commit}", commit)
        return tree

    def _judge_known(self, commit: str, base_sha: str) -> str:
        """Judge again what was taken in before: a bundle may be settled twice."""
        if not history.is_ancestor(self.remote, base_sha, commit):
            raise NotAllowed(f"the commit {commit} does not build on {base_sha}, the one the session started from")
        return self._judge(base_sha, commit)

    def _judge(self, base_sha: str, commit_or_tree: str, *, env: Mapping[str, str] | None = None) -> str:
        before, after = items(self.git, base_sha, env=env), items(self.git, commit_or_tree, env=env)
        self.rules.judge(before, after)
        self._judge_sizes(before, after, env)
        old, new = links(before), links(after)
        if new:
            targets = contents(self.git, [*old.values(), *new.values()], env=env)
            judge_links(
                {path: targets[oid].decode("utf-8", "surrogateescape") for path, oid in old.items()},
                {path: targets[oid].decode("utf-8", "surrogateescape") for path, oid in new.items()},
            )
        return self.git.run("rev-parse", "--verify", f"{commit_or_tree}^{{tree}}", env=env).text

    def _judge_sizes(
        self, before: Mapping[str, Item], after: Mapping[str, Item], env: Mapping[str, str] | None
    ) -> None:
        changed = {path: item.id for path, item in after.items() if before.get(path) != item}
        asked = "".join(f"{oid}\n" for oid in changed.values()).encode()
        out = self.git.run("cat-file", "--batch-check=%(objectsize)", stdin=asked, env=env).text.split()
        sizes = dict(zip(changed, map(int, out), strict=True))
        for path, size in sizes.items():
            if size > self.file_bytes:
                raise NotAllowed(
                    f"{shown(path)} has {size:,} bytes; {self.file_bytes:,} are allowed, large files belong on the Hub"
                )
        self._judge_contents({path: changed[path] for path, size in sizes.items() if size <= LOOKED_AT_BYTES}, env)

    def _judge_contents(self, changed: Mapping[str, str], env: Mapping[str, str] | None) -> None:
        """Refuse names and contents that hold a secret; the message must not repeat the name."""
        if self.leaks is _nothing:
            return
        for place, (path, oid) in enumerate(changed.items(), start=1):
            if self.leaks(path.encode("utf-8", "surrogateescape")):
                raise NotAllowed(
                    f"the name of changed file {place} of {len(changed)} holds a secret; nothing is published"
                )
            if self.leaks(contents(self.git, [oid], env=env)[oid]):
                raise NotAllowed(f"{shown(path)} holds a secret of this run, or a planted one; nothing is published")

    # --- publishing ----------------------------------------------------------------------------------------------

    def publish(self, branch: str, tree: str, *, base_sha: str, message: str, co_author: str) -> str:
        ref = branch_ref(branch)
        self._judge_branch(branch)
        history.bring(self.remote, object_id(base_sha))
        self._judge(base_sha, object_id(tree))
        head = self.remote.ref(ref)
        if head is not None:
            self._judge_head(branch, ref, head, base_sha)
            if tree_of(self.git, head) == tree:
                return head
        at = self.clock.now()
        words = with_co_author(message, co_author)
        parent = head or base_sha
        commit = self.git.run(
            "commit-tree", tree, "-p", parent, "-F", "-", stdin=words.encode(), env=self.identity.stamp(at)
        ).text
        self.remote.push(commit, ref, at=at, parent=head)
        return commit

    def _judge_branch(self, branch: str) -> None:
        if branch in self.reserved or branch == self.remote.default_branch():
            raise NotAllowed(f"nothing is published on {branch}; it is the default branch or our own book-keeping")

    def _judge_head(self, branch: str, ref: str, head: str, base_sha: str) -> None:
        """Refuse to build over somebody else's work: our tree does not have it and would take it away."""
        history.bring(self.remote, head, depth=history.NEAR, ref=ref)
        if not history.is_ancestor(self.remote, base_sha, head):
            raise NotAllowed(
                f"the branch {branch} does not build on {base_sha} any more; close its pull request and start anew"
            )
        committers = history.committers(self.remote, base_sha, head)
        others = [line for line in committers if line.split(" ", 1)[1] != self.identity.email]
        if others:
            raise NotAllowed(
                f"somebody else pushed {others[0].split()[0]} to {branch}; publishing our work would undo theirs. "
                "Merge the pull request as it is, or move their commits to a branch of their own"
            )

    # --- looking -------------------------------------------------------------------------------------------------

    def head(self, branch: str) -> str | None:
        return self.remote.ref(branch_ref(branch))

    def tree_of(self, commit: str) -> str:
        history.bring(self.remote, object_id(commit), depth=history.NEAR)  # where it parts from its base is asked next
        return tree_of(self.git, commit)

    def merge_base(self, base: str, head_sha: str) -> str:
        live = self._live(base)
        history.bring(self.remote, object_id(head_sha), depth=history.NEAR)
        found = history.merge_base(self.remote, live, head_sha)
        if found is None:
            raise GitFailed(f"{base} and {head_sha} have no commit in common")
        return found

    def _live(self, branch: str) -> str:
        """Return the live head of a branch, and have it here."""
        head = self._head(branch)
        history.bring(self.remote, head, ref=branch_ref(branch))
        return head

    def _head(self, branch: str) -> str:
        head = self.remote.ref(branch_ref(branch))
        if head is None:
            raise Misconfigured(f"the remote has no branch {branch}; name one that is there")
        return head

    def _at_head(self, branch: str) -> tuple[Git, str]:
        """Return the live head of a branch and git where it lies: on the remote itself when that is on this machine."""
        here = self.remote.here
        return (here, self._head(branch)) if here else (self.git, self._live(branch))

    def blob(self, branch: str, path: str) -> tuple[str, bytes] | None:
        git, head = self._at_head(branch)
        line = git.run("ls-tree", "-z", "--full-tree", head, "--", path).out.rstrip(b"\0")
        if not line:
            return None
        mode, kind, oid = line.partition(b"\t")[0].decode().split(" ")
        if kind != "blob" or mode not in {"100644", "100755"}:
            raise Misconfigured(f"{shown(path)} on {branch} is not a plain file; make it one")
        return oid, contents(git, [oid])[oid]

    def changes(self, base_sha: str, head_sha: str) -> str:
        history.bring(self.remote, object_id(base_sha))
        history.bring(self.remote, object_id(head_sha), depth=history.NEAR)
        common = history.merge_base(self.remote, base_sha, head_sha)
        if common is None:
            raise GitFailed(f"{base_sha} and {head_sha} have no commit in common")
        plain = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames")
        return self.git.run("diff", *plain, STAT_WIDTH, common, head_sha).text

    def changed(self, base_sha: str, commit: str) -> tuple[str, ...]:
        history.bring(self.remote, object_id(base_sha))
        before, after = items(self.git, base_sha), items(self.git, commit)
        return tuple(sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path)))

    def archive(self, commit: str, target: str) -> None:
        history.bring(self.remote, object_id(commit), depth=history.NEAR)
        self.git.run("-c", "tar.umask=0022", "archive", "--format=tar", f"--output={Path(target).absolute()}", commit)

    # --- snapshots -----------------------------------------------------------------------------------------------

    def keep(self, session: str, commit: str) -> None:
        if self.remote.here is not None:
            return  # the agent half's own git directory lies on this machine too
        ref = snapshot_ref(session)
        standing = self.remote.ref(ref)
        if standing != object_id(commit):
            self.remote.push(commit, ref, at=self.clock.now(), parent=standing, leased=True)

    def bring(self, session: str, base_sha: str, snapshot: str) -> str:
        if self.remote.here is not None:
            return self.remote.url
        ref = snapshot_ref(session)
        history.bring(self.remote, object_id(base_sha), ref=ref)
        if snapshot:
            self.remote.fetch(object_id(snapshot), ref=ref)
            history.connect(self.remote, base_sha, snapshot)  # the agent half bundles what lies between
        return self.git.git_dir

    # --- journals ------------------------------------------------------------------------------------------------

    def save_journal(self, session: str, lines: bytes, *, expected_head: str) -> str:
        lies_on_a_ref = COMMIT.fullmatch(expected_head) is not None
        home = Journals(remote=self.remote) if lies_on_a_ref or self.elsewhere is None else self.elsewhere
        return home.save(session, lines, expected_head=expected_head, at=self.clock.now())

    def load_journal(self, session: str) -> tuple[str, bytes] | None:
        found = Journals(remote=self.remote).load(session)
        return self.elsewhere.load(session) if found is None and self.elsewhere is not None else found

    def drop_journal(self, session: str) -> bool:
        dropped = Journals(remote=self.remote).drop(session)
        return (self.elsewhere is not None and self.elsewhere.drop(session)) or dropped

    def sessions(self) -> tuple[str, ...]:
        return Journals(remote=self.remote).all()


def with_co_author(message: str, co_author: str) -> str:
    """Return a commit message that names who asked for the work. The co-author is one line, whatever was put in."""
    who = " ".join(co_author.split())
    if not who:
        return f"{message.strip()}\n"
    if "<" not in who:
        who = f"{who} <{who}@users.noreply.github.com>"
    return f"{message.strip()}\n\nCo-authored-by: {who}\n"
