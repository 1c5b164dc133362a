"""A model that answers requests: an inference endpoint, pinned enough to be priced and approved."""

from __future__ import annotations

from decimal import Decimal

from intern_action.core.frozen import frozen


@frozen
class EndpointSpec:
    """One machine that serves one model for a while.

    Args:
        repository: the model on the Hub, `owner/name`.
        revision: of it; "" for the newest, which control pins when the plan is made.
        flavor: the machine, by its name in the price table of endpoints.
        minutes: how long it is wanted at most, from the moment it is made.
        cap_usd: the most it may cost; where that pays for less time, it is had for less. None is what the time costs.
        task: what the model does, in the Hub's words.
        smoke: the text of the first request, which has to be answered.
        min_replica: 0 lets it fall asleep when nobody asks; 1 keeps it awake.
        purpose: what it is for, in words for a reviewer.
    """

    repository: str
    flavor: str
    minutes: int
    purpose: str
    revision: str = ""
    cap_usd: Decimal | None = None
    task: str = "text-classification"
    smoke: str = "Hello"
    min_replica: int = 0
