"""A pull request that was closed, or pushed to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from intern_action.core.incoming import Doorbell, Incoming, Nothing
from intern_action.triggers._command import Bounds
from intern_action.triggers._payload import Loose, known

_BELLS: Mapping[str, Literal["closed", "pushed"]] = {"closed": "closed", "synchronize": "pushed"}


class _Payload(Loose):
    action: str
    number: int


@dataclass(frozen=True, slots=True)
class PullRequest:
    """Rings for what ends a plan: closing cancels, and a push makes another head."""

    event: str = "pull_request"

    def hear(self, payload: Mapping[str, object], bounds: Bounds | None = None, slot: str = "") -> Incoming:
        del bounds, slot
        it = known(_Payload, payload, self.event)
        why = _BELLS.get(it.action)
        if why is None:
            return Nothing(words=f"a pull request was {it.action}; only closing it and pushing to it are heard")
        return Doorbell(why=why, pull_requests=(it.number,))


TRIGGER = PullRequest()
