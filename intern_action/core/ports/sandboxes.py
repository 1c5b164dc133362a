"""Isolated machines for a while: control begins and ends them, the agent half works in them with a key of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import field
from datetime import datetime
from typing import BinaryIO, Protocol

from intern_action.core.frozen import frozen
from intern_action.core.ports.git import FileState
from intern_action.core.ports.shell import Outcome
from intern_action.core.types import Flavor, JobRef, LeaseSpec

WORKSPACE = "/workspace"
"""Where work lies in every sandbox: commands begin there, and relative paths mean it."""

HOUSE_LEASE = "house-lease"
"""Id of the call by which the house asks for the sandbox that the session's file and shell tools work in (`--sandbox-tools`)."""


@frozen
class SandboxOrder:
    """What a backend is asked to begin: an approved lease, once.

    Args:
        minutes: after so many it ends by itself, whoever is still there.
        labels: session, requester and the like.
    """

    lease: LeaseSpec
    launch_key: str
    minutes: int
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


@frozen
class SandboxStatus:
    """What a backend says of a sandbox. `ended_at` is None while it can be used, and then never changes."""

    ref: JobRef
    started_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None

    @property
    def seconds(self) -> float:
        """Billed seconds; 0 until it has ended."""
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else 0.0


class Sandboxes(Protocol):
    """A backend, as control sees it."""

    @property
    def name(self) -> str:
        """The backend's name, as in a `JobRef`."""
        ...

    def flavors(self) -> Mapping[str, Flavor]:
        """Return hardware with prices, by name."""
        ...

    def find(self, launch_key: str) -> JobRef | None:
        """Return the sandbox that carries this key, if there is or was one."""
        ...

    def create(self, order: SandboxOrder) -> JobRef:
        """Begin it, or return the one that this order began before, whoever died in between.

        Raises:
            JobError: it certainly did not begin.
            OutsideError: nobody knows; calling it again looks for it first.
        """
        ...

    def ready(self, ref: JobRef) -> SandboxStatus:
        """Wait until it can be used, or has ended; return where it is.

        Raises:
            JobError: it does not come up, and nobody should wait for it any longer.
        """
        ...

    def status(self, ref: JobRef) -> SandboxStatus:
        """Return where it is."""
        ...

    def end(self, ref: JobRef) -> SandboxStatus:
        """End it with everything in it; return how long it lived. May be repeated."""
        ...

    def own(self) -> tuple[JobRef, ...]:
        """Return every sandbox of ours that may still cost money."""
        ...


@frozen
class Progress:
    """How far a command that runs on its own is: what it printed so far, and its exit code once it has ended."""

    output: str
    exit_code: int | None = None


class SandboxFiles(Protocol):
    """The files of a sandbox, while it is open. Paths are those inside; a relative one lies in the workspace.

    What goes wrong with a file is an `OSError`, as on this machine.
    """

    def is_folder(self, path: str) -> bool:
        """Whether a folder stands there."""
        ...

    def list(self, path: str) -> list[str]:
        """Return the names in a folder, folders with a slash, sorted."""
        ...

    def reading(self, path: str) -> AbstractContextManager[BinaryIO]:
        """Open a plain file for reading."""
        ...

    def write(self, path: str, data: bytes, *, executable: bool | None = None) -> bool:
        """Write a whole file, with the folders above it; return whether it was new. None keeps the mode it has."""
        ...

    def make_way(self, path: str) -> None:
        """Take away whatever keeps a plain file from standing at `path`: links, pipes, files where a folder belongs."""
        ...

    def remove(self, path: str) -> None:
        """Take a file away, with the folders that are empty then; no error when it is not there."""
        ...

    def states(self, known: Collection[str]) -> Mapping[str, FileState]:
        """Return every plain file of the workspace by path.

        Names that git would ignore are left out, unless they are `known`; links are left out always. A file that cannot be
        looked into (it is huge) has the blob "".
        """
        ...


class SandboxDoor(Protocol):
    """What the agent half holds: it works in sandboxes that are there, and can neither begin nor end one.

    Every call raises `ToolFailed` for a sandbox that is not there any more, with words for the one who asked.
    """

    def run(
        self, ref: JobRef, command: str, *, timeout_seconds: float, environment: Mapping[str, str], spill: str = ""
    ) -> Outcome:
        """Run a command line in the workspace to its end or its time limit; nothing of it is left then."""
        ...

    def start(self, ref: JobRef, command: str, *, environment: Mapping[str, str]) -> str:
        """Start a command line that runs on its own until the sandbox ends; return its name."""
        ...

    def progress(self, ref: JobRef, process: str) -> Progress:
        """Return how far a started command is."""
        ...

    def opened(self, ref: JobRef) -> AbstractContextManager[SandboxFiles]:
        """Open its files."""
        ...

    def close(self) -> None:
        """Let go of every connection; the sandboxes stay, and may be worked in again."""
        ...
