"""Commits made from a stream: one `git fast-import` process writes blobs, trees and the commit, and needs no index."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import IO, Self

from intern_action.core.frozen import frozen
from intern_action.git.run import OURS, RACE, Git, GitFailed, Identity, LostRace, clean

LINK = "120000"
GIVE_UP_SECONDS = 600.0


@frozen
class Written:
    """A commit and its tree."""

    commit: str
    tree: str


def quoted(path: str) -> bytes:
    """Return a path as the stream wants it: in double quotes, C escapes for what would end it."""
    raw = path.encode("utf-8", "surrogateescape")
    return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'


@dataclass(slots=True)
class CommitStream:
    """A commit on top of `parent`, written change by change; nothing larger than one file is held in memory.

    Use as a context manager; the process is started by the first change.

    Args:
        parent: commit to start from, "" for a first commit.
        ref: a ref of this git directory that is moved to the new commit.
        shared: others move the ref too, so it only ever goes to a child of what stands there; else it is ours alone, and
            moved whatever stands there.
    """

    git: Git
    parent: str
    ref: str
    at: datetime
    identity: Identity = OURS
    shared: bool = False
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _changes: list[bytes] = field(default_factory=list[bytes], init=False)
    _deletions: list[bytes] = field(default_factory=list[bytes], init=False)

    @property
    def empty(self) -> bool:
        """Whether no change was written yet."""
        return not self._changes and not self._deletions

    def put(self, path: str, mode: str, content: bytes) -> None:
        """Set a file. `mode` is git's: 100644, 100755 or 120000 (then the content is the link's target)."""
        mark = len(self._changes) + 2
        self._changes.append(b"M %s :%d %s\n" % (mode.encode(), mark, quoted(path)))
        self._send(b"blob\nmark :%d\ndata %d\n" % (mark, len(content)), content, b"\n")

    def delete(self, paths: Iterable[str]) -> None:
        """Take files away."""
        self._deletions.extend(b"D %s\n" % quoted(path) for path in paths)

    def commit(self, message: str) -> Written:
        """Write the commit and end the process."""
        words = message.replace("\0", " ").encode("utf-8", "replace")
        who = f"{self.identity.name} <{self.identity.email}> {int(self.at.timestamp())} +0000".encode()
        self._send(b"commit %s\nmark :1\nauthor %s\ncommitter %s\n" % (self.ref.encode(), who, who))
        self._send(b"data %d\n" % len(words), words, b"\n")
        if self.parent:
            self._send(b"from %s\n" % self.parent.encode())
        # a name that was a file and is a folder now: what goes, goes first
        self._send(*self._deletions, *self._changes, b'\nget-mark :1\nls :1 ""\ndone\n')
        commit, tree = self._end().split(b"\n")[:2]
        return Written(commit=commit.decode(), tree=tree.split()[2].split(b"\t")[0].decode())

    def _pipe(self) -> IO[bytes]:
        if self._process is None:
            force = () if self.shared else ("--force",)
            how = ("--quiet", "--done", *force, "--date-format=raw")
            self._process = self.git.start("fast-import", *how, env=self.identity.stamp(self.at))
        if self._process.stdin is None:
            raise GitFailed("git fast-import has no input")
        return self._process.stdin

    def _send(self, *parts: bytes) -> None:
        pipe = self._pipe()
        try:
            for part in parts:
                pipe.write(part)
        except BrokenPipeError as error:
            raise GitFailed(f"git fast-import ended early: {self._words()}") from error

    def _end(self) -> bytes:
        process = self._process
        if process is None:
            raise GitFailed("git fast-import was never started")
        try:
            out, words = process.communicate(timeout=GIVE_UP_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise GitFailed(f"git fast-import took longer than {GIVE_UP_SECONDS:.0f} s") from error
        if process.returncode:
            said = clean(words)
            if self.shared and RACE.search(said):
                raise LostRace(f"{self.ref} was moved by somebody else meanwhile: {said}")
            raise GitFailed(f"git fast-import failed: {said}")
        self._process = None
        return out

    def _words(self) -> str:
        process = self._process
        if process is None or process.stderr is None:
            return "no words"
        process.wait(timeout=GIVE_UP_SECONDS)
        return clean(process.stderr.read())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._process
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        process.wait()
        self._process = None


def write_files(
    git: Git, files: Iterable[tuple[str, bytes]], *, parent: str, at: datetime, message: str, ref: str = ""
) -> Written:
    """Commit plain files on top of `parent` ("" for a first commit).

    Args:
        git: where it is written.
        files: contents by path; other files stay as they are in `parent`.
        parent: what it builds on.
        at: its date.
        message: its message.
        ref: what is moved to the commit, if it stands at `parent` (or at nothing); "" for a ref that no other process has, since
            several may do this in one git directory.

    Raises:
        LostRace: the ref stands elsewhere by now.
        GitFailed: not written, for another reason.
    """
    own = f"refs/local/{os.getpid()}-{threading.get_ident()}"
    with CommitStream(git=git, parent=parent, ref=ref or own, at=at, shared=bool(ref)) as stream:
        for path, content in files:
            stream.put(path, "100644", content)
        return stream.commit(message)
