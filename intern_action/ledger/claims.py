"""An event is admitted once, however often it is delivered or its run is run again."""

from __future__ import annotations

from intern_action.core.digests import digest
from intern_action.core.entries import Admitted, Decision, LedgerEvent, LedgerView


def event_key(*, repository: str, event: str, comment: str, body: str) -> str:
    """Return what an event is claimed under: 64 hex digits.

    Args:
        repository: its full name.
        event: the event's name, e.g. `issue_comment`.
        comment: id of the comment, label or slot.
        body: the words at the trigger: an edited comment is another event, a re-delivered one is the same.
    """
    return digest({"repository": repository, "event": event, "comment": comment, "body": body})


def admission(claim: Admitted) -> Decision:
    """Return the decision that claims an event if nobody has; whose it is stands in the view afterwards."""

    def decide(view: LedgerView) -> tuple[LedgerEvent, ...]:
        return () if view.admitted(claim.event_key) else (claim,)

    return decide
