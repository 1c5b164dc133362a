"""A call from outside, such as the Hub's webhook when a job ends. It may say where to look, and never what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field

from intern_action.core.incoming import Doorbell, Incoming, Nothing
from intern_action.triggers._command import Bounds
from intern_action.triggers._payload import Loose, known

_SESSION = re.compile(r"[0-9a-f]{12}")


class _Payload(Loose):
    action: str
    client_payload: dict[str, object] | None = Field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class RepositoryDispatch:
    """Rings for `intern` and `intern-…`. Words in it are nobody's: who sent them cannot be asked for permission."""

    event: str = "repository_dispatch"

    def hear(self, payload: Mapping[str, object], bounds: Bounds | None = None, slot: str = "") -> Incoming:
        del bounds, slot
        it = known(_Payload, payload, self.event)
        if it.action != "intern" and not it.action.startswith("intern-"):
            return Nothing(words="a dispatch that is not called intern or intern-…")
        session, pull = (it.client_payload or {}).get("session"), (it.client_payload or {}).get("pull_request")
        return Doorbell(
            why="dispatch",
            session=session if isinstance(session, str) and _SESSION.fullmatch(session) else "",
            pull_requests=(pull,) if isinstance(pull, int) and not isinstance(pull, bool) and pull > 0 else (),
        )


TRIGGER = RepositoryDispatch()
