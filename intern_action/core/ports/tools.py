"""What the model can do, and what its tools have at hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Protocol

from intern_action.core.effects import Effect
from intern_action.core.frozen import frozen
from intern_action.core.ports.git import Checkout
from intern_action.core.ports.hub import HubReader
from intern_action.core.ports.jobs import JobReader
from intern_action.core.ports.people import Clock, Redactor
from intern_action.core.ports.recipes import RecipeBook
from intern_action.core.ports.sandboxes import SandboxDoor
from intern_action.core.ports.shell import Shell
from intern_action.core.types import (
    Answer,
    Flavor,
    JsonObject,
    ToolResult,
    ToolSpec,
)


@frozen
class ToolLimits:
    """How much a tool's answer may be, and how long a call may take.

    Args:
        output_chars: of one answer as a model reads it; the rest goes to a spill file.
        spill_bytes: the most such a file holds.
        timeout_seconds: of a call that says nothing else.
        longest_timeout_seconds: the most a call may ask for.
        left_seconds: until the run has to be over: no call takes longer, whatever it asks for.
    """

    output_chars: int = 12_000
    spill_bytes: int = 64 << 20
    timeout_seconds: float = 120
    longest_timeout_seconds: float = 3600
    left_seconds: float = math.inf


@frozen
class Desk:
    """What a tool has at hand in the agent half. No token that writes or spends is in it.

    Args:
        checkout: the work tree.
        scratch: a folder outside of the checkout for outputs and spill files; the tool user may write there.
        sandboxes: works in sandboxes that control has begun; can begin and end none.
        past: earlier answers of one tool, oldest first.
        flavors: hardware with prices as the plan will quote them.
        environment: what jobs and smoke tests get besides (offline cache and the like), never a secret.
        python: interpreter for smoke tests.
    """

    checkout: Checkout
    scratch: str
    shell: Shell
    hub: HubReader
    jobs: JobReader
    sandboxes: SandboxDoor
    recipes: RecipeBook
    redactor: Redactor
    clock: Clock
    flavors: Mapping[str, Flavor]
    past: Callable[[str], Sequence[Answer]]
    python: str
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    limits: ToolLimits = ToolLimits()
    progress: Callable[[str], None] = lambda _line: None


class Tool(Protocol):
    """One thing the model can do: the constant `TOOL` of a module in `tools/`."""

    @property
    def spec(self) -> ToolSpec:
        """Name, words and schema."""
        ...

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names it answers to."""
        ...

    @property
    def repeatable(self) -> bool:
        """Whether running it again after a crash does no harm."""
        ...

    @property
    def parallel(self) -> bool:
        """Whether it may run beside other calls: it reads only."""
        ...

    def effects(self, arguments: JsonObject) -> tuple[Effect, ...]:
        """Return what the call would do beyond the checkout; pure.

        Raises:
            ToolFailed: the arguments do not fit the schema.
        """
        ...

    def run(self, arguments: JsonObject, desk: Desk) -> ToolResult:
        """Do it (never called for held calls; for queued ones it validates and answers "queued")."""
        ...
