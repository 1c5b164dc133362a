"""Where the repository lies and where people talk: a folder on this machine here, GitHub in `wiring.github`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, Protocol

from intern_action.core.judgement import ApprovalPolicy
from intern_action.core.ports import Clock, Forge
from intern_action.settings.world import World

if TYPE_CHECKING:
    from intern_action.forge.local import LocalForge


class Ground(Protocol):
    """Where the repository lies and where people talk."""

    @property
    def forge(self) -> Forge:
        """Threads, pull requests and reviews."""
        ...

    @property
    def place(self) -> Literal["github", "local"]:
        """How people act there: by reviews and comments, or by commands."""
        ...

    @property
    def url(self) -> str:
        """The repository with branches, ledger and journals: a path or an address."""
        ...

    @property
    def git(self) -> Mapping[str, str]:
        """Git's settings for that address; a token may be among them."""
        ...

    @property
    def origin(self) -> str:
        """What the lines of the ledger are pinned to, so that none is taken from another repository."""
        ...

    @property
    def our_name(self) -> str:
        """The account that opens our pull requests."""
        ...

    @property
    def runner(self) -> str:
        """The workflow run we are in, "" where no other machine works on these sessions."""
        ...

    @property
    def public(self) -> bool:
        """Whether anybody may read the repository, its refs among it."""
        ...

    def runs(self, run: str) -> bool:
        """Return whether a workflow run still runs; one that nobody can be asked about does."""
        ...

    def address(self, branch: str, path: str, *, raw: bool = False) -> str:
        """Return where people see a file of a branch, "" where they look at this machine. `raw`: the file itself, no page."""
        ...


class LocalGround:
    """A bare repository and a folder of threads below a world."""

    place: Literal["github", "local"] = "local"
    git: Mapping[str, str] = {}
    origin = "local"
    runner = ""
    public = False
    our_name = ApprovalPolicy().our_name

    def __init__(self, world: World, clock: Clock) -> None:
        self._world = world
        self._clock = clock
        self._forge: LocalForge | None = None

    @property
    def url(self) -> str:
        """The path of the bare repository."""
        return str(self._world.remote)

    @property
    def forge(self) -> LocalForge:
        """Threads, pull requests and reviews as files."""
        if self._forge is None:
            from intern_action.forge.local import LocalForge
            from intern_action.git.repository import BareRepository

            self._forge = LocalForge(self._world.forge, BareRepository.open(self.url), clock=self._clock)
        return self._forge

    def runs(self, run: str) -> bool:
        """Return whether a workflow run still runs; there are none here."""
        return bool(run)

    def address(self, branch: str, path: str, *, raw: bool = False) -> str:
        """Return nothing: what lies on this machine is shown by its path."""
        del branch, path, raw
        return ""
