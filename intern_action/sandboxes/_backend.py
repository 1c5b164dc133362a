"""What a backend of sandboxes is made of: a name, control's side and the agent's side of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from intern_action.core.errors import JobError
from intern_action.core.frozen import frozen
from intern_action.core.ports import Clock, SandboxDoor, Sandboxes, SandboxOrder, Shell
from intern_action.core.types import Flavor
from intern_action.sandboxes._hub_account import Guest, Landlord


@frozen
class Supplies:
    """What a backend may need of this machine.

    Args:
        root: folder for its sandboxes; ours, and no one else writes there. Where they lie on the Hub, no one else reads there.
        shell: runs commands as the sandboxes' own user.
        lay_out: makes the folder of an isolated machine for that user; Misconfigured where there can be none.
        flavors: hardware with prices, by name.
        cache: the shared, read-only cache of models and data sets (HF_HUB_CACHE), which sandboxes see.
        memory_mb: address space of each process, None for no limit.
        longest_minutes: the most a lease may ask for.
        landlord: control's account for sandboxes on the Hub; None for the agent's side of them, and where there is none.
        guest: what the agent's side of those holds.
    """

    root: str
    shell: Shell
    lay_out: Callable[[str], None]
    clock: Clock
    flavors: Mapping[str, Flavor]
    cache: str
    memory_mb: int | None = None
    longest_minutes: int = 360
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    landlord: Landlord | None = None
    guest: Guest | None = None


def check_minutes(order: SandboxOrder, longest: int) -> None:
    """Raise JobError for a lease that is longer than any may be here."""
    if not 1 <= order.minutes <= longest:
        raise JobError(
            f"a lease of {order.minutes} minutes is not between 1 and {longest}; the setting sandbox.longest has the most"
        )


@frozen
class Backend:
    """The constant `BACKEND` of a module in `sandboxes/`."""

    name: str
    make: Callable[[Supplies], Sandboxes]
    door: Callable[[Supplies], SandboxDoor]
