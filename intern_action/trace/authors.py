"""Each event kind has one author: what a segment of the agent half may hold (DESIGN section 3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from intern_action.core.events import AGENT_KINDS, Answered, Event, Held, Spent


def foreign(segment: Iterable[Event], held_call_ids: Collection[str]) -> str | None:
    """Return which event of an agent segment is not the agent half's to write, in words; None when all are.

    Args:
        segment: the events, oldest first.
        held_call_ids: calls that were held before the segment and are not answered yet.
    """
    held = set(held_call_ids)
    for place, event in enumerate(segment, start=1):
        why = _why_foreign(event, held)
        if why is not None:
            return f"event {place} of the segment is not the agent half's to write: {why}"
        if isinstance(event, Held):
            held.add(event.call_id)
    return None


def _why_foreign(event: Event, held: Collection[str]) -> str | None:
    match event:
        case _ if event.kind not in AGENT_KINDS:
            return f"`{event.kind}` is control's"
        case Answered(call_id=call_id) if call_id in held:
            return f"the call {call_id} is held, and control answers what is held"
        case Spent(call_id=call_id) if call_id:
            return f"what the job of {call_id} cost is control's to say"
        case Spent(usd=usd) if usd is not None and not usd >= 0:
            return f"{usd} dollars cannot be spent"
        case _:
            return None
