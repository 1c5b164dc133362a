"""How long, how often and for how much the agent may think."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from intern_action.agent.memory import Memory
from intern_action.core.endings import Exhausted
from intern_action.core.frozen import frozen

GRACE = timedelta(minutes=10)
"""For so long after its relief is due a runner may still be in the middle of a call."""


@frozen
class Allowance:
    """The limits of one session.

    Args:
        turns: most model answers.
        usd: most dollars for model answers; None is no limit.
        until: when the run has to be over; None is no limit.
        relief: when another runner takes over, once this one has had an answer; None is never.
    """

    turns: int = 300
    usd: Decimal | None = None
    until: datetime | None = None
    relief: datetime | None = None

    @property
    def calls_end(self) -> datetime | None:
        """When a call has to be over; None is no limit. One that outlasts the runner would be lost with it."""
        late = None if self.relief is None else self.relief + GRACE
        return min((limit for limit in (self.until, late) if limit is not None), default=None)


def exhausted(memory: Memory, allowance: Allowance, now: datetime, *, since: int = 0) -> Exhausted | None:
    """Return the ending when a limit is reached, None while there is room.

    Args:
        memory: what is known.
        allowance: the limits.
        now: the time.
        since: how many answers there were when this run began.
    """
    if memory.replies >= allowance.turns:
        return Exhausted(
            what="turns", text=f"{memory.replies} of {allowance.turns} turns are used; raise --max-iterations"
        )
    if allowance.usd is not None and memory.unpriced:
        return Exhausted(
            what="money",
            text=f"the model has no known price, so the cap of ${allowance.usd} cannot be kept; "
            "set models.prices for it, or run without --max-cost and budget.model",
        )
    if allowance.usd is not None and memory.model_usd >= allowance.usd:
        return Exhausted(
            what="money",
            text=f"${memory.model_usd} of ${allowance.usd} are spent; raise --max-cost, or budget.model in .github/intern.yml",
        )
    if allowance.until is not None and now >= allowance.until:
        return Exhausted(what="time", text=f"the time limit was reached at {now:%H:%M}; run again to go on")
    if allowance.relief is not None and now >= allowance.relief and memory.replies > since:
        return Exhausted(what="runner", text=f"the time of this runner was over at {now:%H:%M}; another one goes on")
    return None
