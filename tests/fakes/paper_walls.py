"""A shell whose isolated machines are folders without walls, so that sandboxes can be tested where nobody is root."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from intern_action.core.errors import Misconfigured
from intern_action.core.ports import Command, Outcome
from intern_action.shell.places import MACHINE_FOLDERS
from intern_action.shell.tool_shell import ToolShell


class PaperWalls:
    """Implements `core.ports.Shell` over a real one; with `broken` no machine can be had."""

    def __init__(self, shell: ToolShell) -> None:
        self._shell = shell
        self.broken = ""

    def lay_out(self, machine: str) -> None:
        """Make the folders of a machine."""
        if self.broken:
            raise Misconfigured(self.broken)
        for name in MACHINE_FOLDERS.values():
            (Path(machine) / name).mkdir(parents=True)

    def run(self, command: Command) -> Outcome:
        return self._shell.run(_outside(command))

    def detach(self, command: Command, *, pid_file: str, status_file: str) -> None:
        self._shell.detach(_outside(command), pid_file=pid_file, status_file=status_file)


def _outside(command: Command) -> Command:
    """Return the command as it runs in the folder itself."""
    return replace(command, machine="", cwd=f"{command.machine}/{MACHINE_FOLDERS[command.cwd]}")
