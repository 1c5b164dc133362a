"""The users of this machine that run what a model steers: one for each thing that must not read what another writes."""

from __future__ import annotations

import sys
from functools import cached_property

from intern_action.shell.places import usual_secrets
from intern_action.shell.tool_shell import ToolShell, make_shell, tool_uid
from intern_action.wiring.premises import Premises


class ToolUsers:
    """The users of one session. Off root they are all whoever runs us.

    Args:
        premises: of the world.
        session: whose.
    """

    def __init__(self, premises: Premises, session: str) -> None:
        self._premises = premises
        self._session = session

    @property
    def python(self) -> str:
        """The interpreter of what they run."""
        return self._premises.settings.jobs.local.python or sys.executable

    @cached_property
    def tools(self) -> ToolShell:
        """Whoever runs the session's tools, and its jobs on this machine."""
        return self._shell(self._session, "home")

    @cached_property
    def servers(self) -> ToolShell:
        """Whoever runs its tool servers."""
        return self._another("server")

    def talker(self) -> tuple[ToolShell, str]:
        """Return whoever starts tool servers, and their home, of which nothing is the tools'."""
        return self.servers, self._home("server-home")

    def sandbox(self) -> ToolShell:
        """Return whoever runs what happens in its sandboxes on this machine."""
        return self._another("sandbox")

    def close(self) -> None:
        """End what still runs, but in sandboxes: those end by themselves."""
        self.tools.close()
        if "servers" in self.__dict__:
            self.servers.close()

    def _another(self, whose: str) -> ToolShell:
        name = f"{self._session}/{whose}"
        while tool_uid(name) == tool_uid(self._session):  # one session in five hundred
            name += "+"
        return self._shell(name, f"{whose}-home")

    def _shell(self, name: str, home: str) -> ToolShell:
        world = self._premises.world
        return make_shell(
            session=name,
            home=self._home(home),
            python=self.python,
            readable=(str(world.cache),),
            hidden=self._hidden(),
        )

    def _home(self, name: str) -> str:
        return str(self._premises.world.desk(self._session) / name)

    def _hidden(self) -> tuple[str, ...]:
        """Return where secrets and our own papers lie."""
        environment = self._premises.environment
        usual = usual_secrets(
            home=environment.get("HOME", ""),
            repository=self._premises.repository,
            runner_temp=environment.get("RUNNER_TEMP", ""),
        )
        return (*usual, str(self._premises.world.out))
