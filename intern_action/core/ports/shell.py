"""Running what the model steers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Protocol

from intern_action.core.frozen import frozen


@frozen
class Command:
    """A process to run as the tool user.

    Args:
        argv: the command and its arguments, literally; no shell reads them.
        cwd: working folder.
        environment: added to the scrubbed environment (never a secret).
        stdin: what it reads.
        readable, writable: further paths the process needs (a cache, an output folder).
        memory_mb: address-space limit, none when None.
        spill: file that gets the whole output when it is longer than what is kept.
        machine: folder of an isolated machine that the process runs on; `cwd` is a path on that machine then, and neither our
            files nor any network are there.
    """

    argv: tuple[str, ...]
    cwd: str
    timeout_seconds: float
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    stdin: bytes = b""
    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    memory_mb: int | None = None
    spill: str = ""
    machine: str = ""


@frozen
class Outcome:
    """How a process ended.

    Args:
        exit_code: 128 + n for a death by signal n.
        output: standard output and error, as they came; ungoverned, but of bounded length: head and tail when it was more.
        spilled: it was more, and the command's spill file has the whole (up to the file's own limit).
        peak_mb: most memory that one of its processes had resident.
    """

    exit_code: int
    output: str
    seconds: float
    timed_out: bool = False
    spilled: bool = False
    peak_mb: int = 0


class Talk(Protocol):
    """A running process that is talked to over its standard input and output."""

    @property
    def hears(self) -> int:
        """The descriptor that leads to its standard input."""
        ...

    @property
    def says(self) -> int:
        """The descriptor that leads from its standard output."""
        ...

    def hush(self) -> None:
        """Close its standard input: nothing more comes."""
        ...

    def end(self) -> str:
        """End it with all of its processes, close what is open, and return what it wrote to standard error, or why it never ran.

        Of long words head and tail are kept. May be called twice; the second time there is nothing to say.
        """
        ...


class Talker(Protocol):
    """Starts what is talked to, with the walls of a `Shell`."""

    def talk(self, command: Command) -> Talk:
        """Start it; `stdin` and `spill` of the command are not heeded.

        Raises:
            Misconfigured: the walls cannot be built.
        """
        ...


class Shell(Protocol):
    """Runs what the model steers: as another user, in its own process group, with a scrubbed environment."""

    def run(self, command: Command) -> Outcome:
        """Run to the end or to the time limit, at which the whole group is killed."""
        ...

    def detach(self, command: Command, *, pid_file: str, status_file: str) -> None:
        """Start a process that outlives us; a supervisor enforces its limits and writes its end to `status_file`."""
        ...
