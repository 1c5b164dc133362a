"""Sandboxes of a house, here or on the Hub: control's side of them and the agent's, which are built from different things."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import cast

import intern_action.sandboxes as folder
from intern_action.core.ports import SandboxDoor, Sandboxes
from intern_action.sandboxes._backend import Backend, Supplies
from intern_action.sandboxes._hub_account import Guest, Landlord
from intern_action.shell.tool_shell import ToolShell
from intern_action.wiring.parts import backend_in, hub_account, minutes, offline
from intern_action.wiring.premises import Premises


class Rooms:
    """The sandboxes that the settings choose.

    Args:
        premises: whose they are.
        shell: makes the user that local ones run as.
    """

    def __init__(self, premises: Premises, shell: Callable[[], ToolShell]) -> None:
        self._premises = premises
        self._make_shell = shell
        self._named = premises.settings.sandbox.backend

    @cached_property
    def control(self) -> Sandboxes:
        """What begins and ends them."""
        landlord = None if self._is_here else self._landlord
        return self._backend.make(replace(self._supplies, landlord=landlord))

    @cached_property
    def door(self) -> SandboxDoor:
        """What works in them. It is built without anything that can begin or end one."""
        guest = None if self._is_here else self._guest
        return self._backend.door(replace(self._supplies, guest=guest))

    def close(self) -> None:
        """Let go of what was opened; the sandboxes stay."""
        if "door" in self.__dict__:
            self.door.close()
        if "_shell" in self.__dict__:
            self._shell.close()

    @property
    def _is_here(self) -> bool:
        return self._named == "local"

    @cached_property
    def _backend(self) -> Backend:
        return cast("Backend", backend_in(folder, self._named, setting="sandbox.backend"))

    @cached_property
    def _shell(self) -> ToolShell:
        return self._make_shell()

    @cached_property
    def _supplies(self) -> Supplies:
        from intern_action.settings.flavors import load_flavors

        settings, world = self._premises.settings, self._premises.world
        limits = settings.sandbox
        table = load_flavors(local_usd_per_hour=settings.jobs.local.usd_per_hour)
        return Supplies(
            root=str(world.sandboxes if self._is_here else world.control / "sandboxes"),
            shell=self._shell,
            lay_out=self._shell.machine,
            clock=self._premises.clock,
            flavors={name: flavor for name, flavor in table.items() if name.startswith("local") == self._is_here},
            cache=str(world.cache),
            memory_mb=limits.memory_mb,
            longest_minutes=minutes(limits.longest),
            environment=offline(world),
        )

    @property
    def _guest(self) -> Guest:
        settings = self._premises.settings
        return Guest(endpoint=settings.hub.endpoint.rstrip("/"), token=self._secret("HF_TOKEN"))

    @property
    def _landlord(self) -> Landlord:
        return Landlord(
            account=hub_account(self._premises),
            guest=self._guest,
            token=self._secret("HF_SANDBOX_TOKEN"),
            secrets={name: self._secret(name) for name in self._premises.settings.sandbox.secrets},
        )

    def _secret(self, name: str) -> str:
        key = self._premises.settings.keys.get(name)
        return key.get_secret_value() if key else ""
