"""A run on GitHub that was asked to end where nobody was listening: between two calls of the agent, or in control's own work.

The machine will be gone in seconds, and with it whatever was not stored; so the session is opened anew, as another run would do
it, and ended in words. A signal in the middle of a call needs none of this: the loop ends on it and control settles what it made.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from intern_action.core.errors import InternError, Interrupted
from intern_action.core.states import State

if TYPE_CHECKING:
    from intern_action.wiring.door import Door
    from intern_action.wiring.house import House


def tell_interrupted(door: Door, session: str, error: Interrupted, seen: Callable[[House], object]) -> None:
    """Say in journal, ledger and thread that a session was interrupted, if this run is who works on it and nothing of it costs.

    Everything else, and what cannot be said now, is found by the next timer: a session of a run that is gone is taken up.

    Args:
        door: the way in.
        session: whose.
        error: what interrupted it.
        seen: is shown a session that was ended here.
    """
    if door.premises.ground.place != "github":  # on a machine that stays, `resume` goes on from the very last answer
        return
    with suppress(InternError), door.open(session) as house:
        view = house.office.ledger.read()
        moved, costs = view.session_state(session), any(row.session == session for row in view.costing())
        ours = moved is not None and moved.runner == house.office.runner
        if house.case.state is State.RUNNING and ours and not costs:
            house.case.move(State.FAILED, str(error), exit_code=error.exit_code)
            house.case.announce()
            seen(house)
