"""What lies in a workspace that somebody hostile writes to: read by our own readers, and only what changed is read again."""

from __future__ import annotations

import stat
from collections.abc import Collection, Mapping
from pathlib import Path

from intern_action.core.ports import FileState
from intern_action.git.ignore import IgnoreRules, write_always
from intern_action.git.objects import LINK, blob_id
from intern_action.git.reader import Key, Unreadable, read
from intern_action.git.run import Git, make_git_dir
from intern_action.git.walk import Tracked, folders_of, walk

FILE_BYTES = 512 << 20
"""Larger files are not looked into: they stay where they are."""


class States:
    """The files of one workspace, as often as somebody asks."""

    def __init__(self, workspace: Path, git_dir: Path) -> None:
        make_git_dir(str(git_dir))
        write_always(str(git_dir))
        self._workspace = str(workspace)
        self._tick = git_dir / "tick"
        self._rules = IgnoreRules(Git(git_dir=str(git_dir)))
        self._read: dict[str, tuple[Key, FileState]] = {}

    def now(self, known: Collection[str]) -> Mapping[str, FileState]:
        """Return every plain file by path; what git would ignore only when it is `known`.

        A file that cannot be looked into is there all the same, with the blob "".
        """
        tick = self._kernel_time()
        files = frozenset(known)
        seen = walk(
            self._workspace, Tracked(files, folders_of(files), frozenset()), self._rules, trusted_before_ns=tick
        )
        states = {path: state for path, key in seen.keys.items() if (state := self._state(path, key)) is not None}
        self._read = {path: (seen.keys[path], state) for path, state in states.items() if seen.keys[path][2] < tick}
        return states

    def _state(self, path: str, key: Key) -> FileState | None:
        """Return a file's state, None for a link."""
        before = self._read.get(path)
        if before is not None and before[0] == key:
            return before[1]
        if stat.S_ISLNK(key[0]):
            return None
        try:
            content = read(self._workspace, path, limit=FILE_BYTES)
        except Unreadable:
            return FileState(blob="", executable=bool(key[0] & stat.S_IXUSR))
        if content.mode == LINK:
            return None
        return FileState(blob=blob_id(content.data), executable=bool(content.key[0] & stat.S_IXUSR))

    def _kernel_time(self) -> int:
        """Return the kernel's time for files: what changed before it cannot change again under the same key."""
        self._tick.touch()
        return self._tick.stat().st_ctime_ns
