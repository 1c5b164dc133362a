"""What a backend is made of: a name, and how it is built from what `wiring` has at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import timedelta

from intern_action.core.frozen import frozen
from intern_action.core.ports import Clock, Jobs, Shell
from intern_action.core.types import Flavor
from intern_action.launches.account import HubAccount


@frozen
class Supplies:
    """What a backend may need of this machine.

    Args:
        root: folder for its jobs; ours, and no one else writes there.
        own: gives a folder to the tool user; does nothing off root.
        flavors: hardware with prices, by name.
        cache: the shared, read-only cache of models and data sets (HF_HUB_CACHE).
        python: interpreter that has the training packages.
        memory_mb: address space of one job, None for no limit.
        longest_minutes: the most an order may ask for.
        environment: what jobs get besides; never a secret.
        hub: the account for jobs on the Hub, None where there is none.
        kept_for: how old a list of prices may be where the backend cannot be asked.
    """

    root: str
    shell: Shell
    own: Callable[[str], None]
    clock: Clock
    flavors: Mapping[str, Flavor]
    cache: str
    python: str
    memory_mb: int | None = None
    longest_minutes: int = 360
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    hub: HubAccount | None = None
    kept_for: timedelta = timedelta(days=1)


@frozen
class Backend:
    """The constant `BACKEND` of a module in `jobs/`."""

    name: str
    make: Callable[[Supplies], Jobs]
