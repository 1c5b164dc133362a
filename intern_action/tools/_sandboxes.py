"""Finds the sandboxes of a session: only those that control has begun for it are worked in."""

from __future__ import annotations

from intern_action.core.errors import ToolFailed
from intern_action.core.ports import HOUSE_LEASE, Desk
from intern_action.core.types import Answer, JobRef
from intern_action.tools._jobs import written
from intern_action.tools._json import mapping

CREATE = "sandbox_create"
LONGEST_SECONDS = 60
"""So long a call works or waits in a sandbox; what takes longer runs on its own, and waiting for it suspends the session."""


def sandbox_named(name: str, desk: Desk) -> JobRef:
    """Return a sandbox by id or launch key; "" is the newest.

    Raises:
        ToolFailed: the session has no such sandbox.
    """
    known = [ref for answer in desk.past(CREATE) if (ref := _begun(answer)) is not None]
    if not known:
        raise ToolFailed("this session has no sandbox; ask for one with sandbox_create")
    found = [ref for ref in known if name in {"", ref.id, ref.launch_key, written(ref)}]
    if not found:
        raise ToolFailed(f"this session has no sandbox {name!r}; it has {', '.join(ref.id for ref in known)}")
    return found[-1]


def room(desk: Desk) -> JobRef | None:
    """Return the sandbox that file and shell tools work in, None when they work here.

    A session that was told to work in one never works here, also when there is none any more.

    Raises:
        ToolFailed: it is to work in a sandbox and has none.
    """
    if not any(answer.call.id == HOUSE_LEASE for answer in desk.past(CREATE)):
        return None
    return sandbox_named("", desk)


def _begun(answer: Answer) -> JobRef | None:
    match mapping(answer.result.data.get("sandbox")):
        case {"backend": str(backend), "id": str(name), "launch_key": str(key)}:
            return JobRef(backend=backend, id=name, launch_key=key)
        case _:
            return None
