"""What a script sees of a session when a command ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intern_action.core.states import State

if TYPE_CHECKING:
    from intern_action.wiring.house import House


def exit_code(house: House) -> int:
    """Return 0 while a session waits or when it is done, else what it ended with."""
    case = house.case
    return case.memory.exit_code if case.state is State.FAILED else 0
