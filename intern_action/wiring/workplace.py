"""Where the agent half works on one session on this machine: checkout, scratch folder, shell, tools' desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from intern_action.core.events import Began, Entry
from intern_action.core.frozen import frozen
from intern_action.core.ports import (
    Clock,
    Desk,
    HubReader,
    JobReader,
    RecipeBook,
    Redactor,
    SandboxDoor,
    ToolLimits,
)
from intern_action.core.types import Answer, Flavor
from intern_action.git.checkout import WorkTree
from intern_action.settings.world import World
from intern_action.shell.tool_shell import ToolShell
from intern_action.trace.store import FileJournal


@frozen
class Site:
    """What a workplace is built from. Nothing in it can write or spend.

    Args:
        source: the repository on this machine that has the session's base and its newest snapshot.
    """

    world: World
    source: str
    shell: ToolShell
    hub: HubReader
    jobs: JobReader
    sandboxes: SandboxDoor
    recipes: RecipeBook
    redactor: Redactor
    clock: Clock
    flavors: Mapping[str, Flavor]
    python: str
    environment: Mapping[str, str]
    limits: ToolLimits
    progress: Callable[[str], None]


class LocalWorkplace:
    """Implements `core.ports.Workplace`."""

    def __init__(self, site: Site, began: Began) -> None:
        self._site = site
        self._session = began.session
        desk = site.world.desk(began.session)
        self._scratch = desk / "scratch"
        new = not self._scratch.exists()
        self._scratch.mkdir(parents=True, exist_ok=True)
        site.shell.own(str(self._scratch))
        self.checkout = WorkTree.make(
            str(self._own / "git"),
            str(desk / "checkout"),
            source=site.source,
            base_sha=began.base_sha,
            clock=site.clock,
            own=site.shell.own,
        )
        self.fresh = new or self.checkout.fresh

    @property
    def _own(self) -> Path:
        """The agent half's own folder, out of the tool user's reach."""
        return self._site.world.control / "agent" / self._session

    def segment(self, head: Entry) -> FileJournal:
        """Return the segment that extends `head`; it lies in a file named after it."""
        return FileJournal(self._own / f"segment-{head.hash[:16]}.jsonl", clock=self._site.clock, after=head)

    def desk(self, past: Callable[[str], Sequence[Answer]]) -> Desk:
        """Return what the tools have at hand."""
        site = self._site
        return Desk(
            checkout=self.checkout,
            scratch=str(self._scratch),
            shell=site.shell,
            hub=site.hub,
            jobs=site.jobs,
            sandboxes=site.sandboxes,
            recipes=site.recipes,
            redactor=site.redactor,
            clock=site.clock,
            flavors=site.flavors,
            past=past,
            python=site.python,
            environment=site.environment,
            limits=site.limits,
            progress=site.progress,
        )

    def commits(self, commit: str) -> str:
        """Write the snapshots as a git bundle."""
        target = str(self._own / "commits.bundle")
        self.checkout.bundle(target, commit)
        return target
