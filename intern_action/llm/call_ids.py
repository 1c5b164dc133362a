"""Ids of calls: unique in the session on our side, the provider's own on the wire.

Providers reuse ids (`call_0`, `functions.bash:0`) from reply to reply, and one may leave them out. Ours say where the call
stands: `<epoch>-<reply>-<place>-<the provider's id>`. The same conversation gives the same ids again, so a replay is exact.
"""

from __future__ import annotations

import re

from intern_action.core.frozen import frozen

_OURS = re.compile(r"\d+-\d+-\d+-(.+)", re.DOTALL)
_NAMELESS = "call"


@frozen
class Place:
    """Which reply of a session is being heard: the epoch, and how many replies the conversation shows before it."""

    epoch: int
    reply: int

    def call_id(self, index: int, provider_id: str) -> str:
        """Return the unique id of the call that stands at `index` (from 0) in this reply."""
        return f"{self.epoch}-{self.reply}-{index}-{provider_id or _NAMELESS}"


def provider_id(call_id: str) -> str:
    """Return the id as the provider wrote it; an id that is not of our making is returned as it is."""
    ours = _OURS.fullmatch(call_id)
    return ours.group(1) if ours else call_id
