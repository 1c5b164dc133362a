"""A review that was submitted or dismissed. What it says is read from the forge, not from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from intern_action.core.incoming import Doorbell, Incoming, Nothing
from intern_action.triggers._command import Bounds
from intern_action.triggers._payload import Loose, Named, known

_BELLS: Mapping[str, Literal["review", "dismissed"]] = {"submitted": "review", "dismissed": "dismissed"}


class _Payload(Loose):
    action: str
    pull_request: Named


@dataclass(frozen=True, slots=True)
class PullRequestReview:
    """Rings for reviews. An edited one rings for nothing: no judgement changes by it."""

    event: str = "pull_request_review"

    def hear(self, payload: Mapping[str, object], bounds: Bounds | None = None, slot: str = "") -> Incoming:
        del bounds, slot
        it = known(_Payload, payload, self.event)
        why = _BELLS.get(it.action)
        if why is None:
            return Nothing(words=f"a review was {it.action}; only submitting and dismissing one are heard")
        return Doorbell(why=why, pull_requests=(it.pull_request.number,))


TRIGGER = PullRequestReview()
