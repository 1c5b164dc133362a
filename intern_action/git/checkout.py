"""The work tree of a session, with our own git directory around it that the model never reaches."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol

from intern_action.core.errors import Misconfigured
from intern_action.core.ports import FileState, Snapshot
from intern_action.git.bundles import write_bundle
from intern_action.git.ignore import IgnoreRules, remove_tree, write_always
from intern_action.git.objects import LINK, SUBMODULE, Item, blob_id, items, object_id, tree_of
from intern_action.git.reader import Key, Unreadable, read
from intern_action.git.run import Git, make_git_dir
from intern_action.git.snapshots import CommitStream
from intern_action.git.walk import Seen, Tracked, folders_of, walk

HEAD = "refs/intern/snapshot"
SCRATCH = "refs/intern/scratch"
FILE_BYTES = 50_000_000
EXECUTABLE = "100755"


class Now(Protocol):
    """The part of a `Clock` that dates need."""

    def now(self) -> datetime:
        """Return the aware time."""
        ...


def as_it_is(_path: str) -> None:
    """Leave the files to whoever made them (no other user on this machine)."""


class WorkTree:
    """Implements `core.ports.Checkout`.

    The tree is read by our own reader and written by moving a finished tree into its place, so that root neither follows a
    link of the tool user nor runs anything the tree says. Make one with `WorkTree.make`.
    """

    def __init__(self, git: Git, path: str, *, clock: Now, own: Callable[[str], None], file_bytes: int) -> None:
        self._git = git
        self._path = path
        self._clock = clock
        self._own = own
        self._file_bytes = file_bytes
        self._rules = IgnoreRules(git)
        self._base = ""
        self._source = ""
        self._commit = ""
        self._tree = ""
        self._items: dict[str, Item] = {}
        self._tracked = Tracked(frozenset(), frozenset(), frozenset())
        self._keys: dict[str, Key] = {}
        self._left_out: dict[str, str] = {}
        self._fresh = False

    @classmethod
    def make(
        cls,
        git_dir: str,
        path: str,
        *,
        source: str,
        base_sha: str,
        clock: Now,
        own: Callable[[str], None] = as_it_is,
        file_bytes: int = FILE_BYTES,
        config: Mapping[str, str] | None = None,
    ) -> WorkTree:
        """Make the work tree at `base_sha`, or take up the one an earlier run left with this git directory.

        Args:
            git_dir: ours, outside of the work tree; made with mode 0700.
            path: the work tree; its parent must be a folder that only we can write.
            base_sha: the commit the session starts from.
            source: repository (path or URL) that has `base_sha` and, for `restore`, the snapshots of other machines.
            own: hands a finished tree over to the tool user; called before the tree is within reach.
            file_bytes: larger files are left out of snapshots.
            clock: gives the dates of commits.
            config: git settings for the fetch (credentials).

        Raises:
            Misconfigured: a folder cannot be written.
            GitFailed: the source cannot be read or lacks the commit.
        """
        make_git_dir(git_dir)
        write_always(git_dir)
        git = Git(git_dir=str(Path(git_dir).absolute()), config=config or {})
        tree = cls(git, str(Path(path).absolute()), clock=clock, own=own, file_bytes=file_bytes)
        tree._begin(source, object_id(base_sha))
        return tree

    @property
    def path(self) -> str:
        return self._path

    @property
    def fresh(self) -> bool:
        """Whether this process put the tree there anew: virtual environments and other ignored files are gone."""
        return self._fresh

    @property
    def left_out(self) -> Mapping[str, str]:
        """What the last look at the tree could not record, with the reason: too large, unreadable, a nested `.git`."""
        return self._left_out

    def snapshot(self, message: str) -> Snapshot:
        now = self._tick()
        seen = self._look(now)
        if seen.keys == self._keys:
            return Snapshot(commit=self._commit, tree=self._tree, changed=False)
        with self._stream(HEAD) as stream:
            found = self._compare(seen, stream)
            changed = not stream.empty
            if changed:
                written = stream.commit(message)
                self._at(written.commit, written.tree, found)
        self._remember(seen, now)
        return Snapshot(commit=self._commit, tree=self._tree, changed=changed)

    def restore(self, commit: str) -> None:
        wanted = object_id(commit)
        if wanted == self._commit and Path(self._path).is_dir() and self.tree() == self._tree:
            return  # it stands there already
        self._fetch(wanted)
        tree = tree_of(self._git, wanted)
        if Path(self._path).is_dir() and self.tree() == tree:
            self._at(wanted, tree, items(self._git, wanted))
        else:
            self._populate(wanted)
        self._git.run("update-ref", HEAD, wanted)

    def tree(self) -> str:
        seen = self._look(self._tick())
        with self._stream(SCRATCH) as stream:
            self._compare(seen, stream)
            return self._tree if stream.empty else stream.commit("scratch").tree

    def states(self) -> Mapping[str, FileState]:
        seen = self._look(self._tick())
        with self._stream(SCRATCH) as stream:
            found = self._compare(seen, stream)
        return {
            path: FileState(blob=item.id, executable=item.mode == EXECUTABLE)
            for path, item in found.items()
            if item.mode not in {LINK, SUBMODULE}
        }

    def bundle(self, target: str, commit: str) -> None:
        write_bundle(self._git, target, commit=object_id(commit), base_sha=self._base)

    # --- beginning -----------------------------------------------------------------------------------------------

    def _begin(self, source: str, base_sha: str) -> None:
        self._source, self._base = source, base_sha
        left = self._git.ask("rev-parse", "--verify", "--quiet", f"{HEAD}^{{commit}}")
        if left.code == 0 and Path(self._path).is_dir():
            self._at(left.text, tree_of(self._git, left.text), items(self._git, left.text))
            return
        self._fetch(base_sha, "--depth=1")
        self._populate(base_sha)
        self._git.run("update-ref", HEAD, base_sha)

    def _fetch(self, commit: str, *options: str) -> None:
        if not self._git.has(commit):
            self._git.run(
                "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", *options, "--", self._source, commit
            )

    def _populate(self, commit: str) -> None:
        """Put a new tree in the place of the old one. It is finished and handed over before anybody can reach it."""
        parent = Path(self._path).parent
        try:
            parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=parent, prefix=".intern-", ignore_cleanup_errors=True) as closed:
                new = str(Path(closed, "tree"))
                self._check_out(commit, new)
                self._own(new)
                self._rules = IgnoreRules(self._git)
                self._at(commit, tree_of(self._git, commit), items(self._git, commit))
                self._keys = walk(new, self._tracked, self._rules, trusted_before_ns=0).keys
                self._wait_past(max((key[2] for key in self._keys.values()), default=0))
                old = Path(closed, "old")
                if os.path.lexists(self._path):
                    Path(self._path).rename(old)
                Path(new).rename(self._path)
                remove_tree(str(old))
        except OSError as error:
            raise Misconfigured(
                f"the checkout cannot be written at {self._path} ({error.strerror}); name a folder we may write, with room"
            ) from error
        self._fresh = True

    def _check_out(self, commit: str, new: str) -> None:
        Path(new).mkdir()
        env = {"GIT_WORK_TREE": new, "GIT_INDEX_FILE": str(Path(self._git.git_dir, "populate.index"))}
        self._git.run("read-tree", commit, env=env, cwd=new)
        self._git.run("checkout-index", "--all", "--force", "--quiet", env=env, cwd=new)

    def _at(self, commit: str, tree: str, found: dict[str, Item]) -> None:
        self._commit, self._tree, self._items = commit, tree, found
        files = {path for path, item in found.items() if item.mode != SUBMODULE}
        self._tracked = Tracked(files, folders_of(files), found.keys() - files)

    # --- looking -------------------------------------------------------------------------------------------------

    def _tick(self) -> int:
        """Return the kernel's time for files, in ns: what has an earlier change time cannot change again under the same one."""
        probe = Path(self._git.git_dir, "tick")
        probe.touch()
        return probe.stat().st_ctime_ns

    def _wait_past(self, change_time_ns: int) -> None:
        while self._tick() <= change_time_ns:  # a tick of the kernel: 1 to 10 ms
            continue

    def _look(self, now: int) -> Seen:
        try:
            seen = walk(self._path, self._tracked, self._rules, trusted_before_ns=now)
        except OSError as error:
            raise Misconfigured(f"the checkout {self._path} cannot be read any more: {error.strerror}") from error
        self._left_out = dict(seen.left_out)
        return seen

    def _stream(self, ref: str) -> CommitStream:
        return CommitStream(git=self._git, parent=self._commit, ref=ref, at=self._clock.now())

    def _compare(self, seen: Seen, stream: CommitStream) -> dict[str, Item]:
        """Write what differs from the last snapshot to the stream; return what the tree holds then."""
        found = {path: item for path, item in self._items.items() if self._stays(path, item, seen)}
        stream.delete(self._items.keys() - found.keys())
        for path, key in seen.keys.items():
            if self._keys.get(path) == key:
                continue
            try:
                content = read(self._path, path, limit=self._file_bytes)
            except Unreadable as error:
                self._left_out[path] = str(error)
                continue
            item = Item(content.mode, blob_id(content.data))
            seen.keys[path] = content.key
            if found.get(path) != item:
                stream.put(path, item.mode, content.data)
                found[path] = item
        return found

    def _stays(self, path: str, item: Item, seen: Seen) -> bool:
        """Whether a path of the last snapshot is still there, or could not be looked at: nothing is lost by a bad mode."""
        if path in seen.keys or item.mode == SUBMODULE or path in seen.left_out:
            return True
        return any(path.startswith(f"{folder}/") for folder in seen.left_out)

    def _remember(self, seen: Seen, now: int) -> None:
        """Keep the keys that can be trusted the next time; the others are read again."""
        self._keys = {path: key for path, key in seen.keys.items() if key[2] < now and path not in self._left_out}
