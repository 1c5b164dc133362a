"""One line on where a session stands, for logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intern_action.core.states import State

if TYPE_CHECKING:
    from intern_action.wiring.house import House

RELIEVED = "the time of this runner is over, another one goes on"


def standing(house: House) -> str:
    """Return where the session stands, and what it waits for."""
    case = house.case
    goes_on = case.state is State.RUNNING and not house.agent_elsewhere
    return f"{house.session} is {case.state}: {RELIEVED if goes_on else case.memory.why or 'nothing is missing'}"
