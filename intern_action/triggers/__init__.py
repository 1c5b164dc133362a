"""What wakes us: each module reads one kind of event and says what it is, or in one line that it is not for us."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from intern_action.core.errors import Bug
from intern_action.core.plugins import plugins

if TYPE_CHECKING:
    from intern_action.core.incoming import Incoming
    from intern_action.triggers._command import Bounds
    from intern_action.triggers._trigger import Trigger


def hear(event: str, payload: Mapping[str, object], bounds: Bounds, *, slot: str = "") -> Incoming:
    """Return what an event is.

    Args:
        event: its name, as GitHub calls it (`GITHUB_EVENT_NAME`).
        payload: as GitHub sends it.
        bounds: the most a task may ask for, and what labels stand for.
        slot: tells one firing of a clock or a button from the next and is the same when that one is run again (the run's id).

    Raises:
        Misconfigured: the payload is none of such an event.
    """
    from intern_action.core.incoming import Nothing

    trigger = triggers().get(event)
    if trigger is None:
        return Nothing(words=f"nothing here listens to {event[:60]!r}")
    return trigger.hear(payload, bounds, slot)


@cache
def triggers() -> Mapping[str, Trigger]:
    """Return the triggers of this folder by the event they read.

    Raises:
        Bug: two of them read the same event.
    """
    from intern_action.triggers._trigger import Trigger

    found = plugins(sys.modules[__name__], "TRIGGER", Trigger)
    by_event = {trigger.event: trigger for trigger in found}
    if len(by_event) != len(found):
        raise Bug("two modules of triggers/ read the same event")
    return by_event
