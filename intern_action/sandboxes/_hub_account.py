"""What sandboxes on the Hub are run with: control's side of it, and the little that the agent half holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from intern_action.core.frozen import frozen
from intern_action.launches.account import HubAccount


@frozen
class Guest:
    """What the agent half works in sandboxes with. Control leaves it the key of each; nothing here can begin or end one.

    Args:
        endpoint: the Hub's address.
        token: reads, and writes nowhere; the Hub shows it the way to its own account's sandboxes.
    """

    endpoint: str
    token: str = field(repr=False)


@frozen
class Landlord:
    """What control begins and ends sandboxes with.

    Args:
        account: whose they are, with control's token; its token for jobs is not used.
        guest: how they are worked in: control's own token goes to the Hub alone, never to a sandbox.
        token: what code inside reads gated models with, "" for none.
        secrets: what people put on the list of names that sandboxes may have.
        ready_seconds: how long one may take to come up.
    """

    account: HubAccount
    guest: Guest
    token: str = field(default="", repr=False)
    secrets: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    ready_seconds: float = 900.0
