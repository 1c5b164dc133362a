"""What is asked of GitHub before anything else: what a timer needs to know in any case, while the rest is still being read in."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from intern_action.core.errors import InternError
from intern_action.forge._connection import REPOSITORY
from intern_action.forge._wire import Wire

if TYPE_CHECKING:
    from intern_action.core.ports import Clock

EVENTS = "list the newest events of issues"


def events_path(repository: str) -> str:
    """Return where the newest events of issues are listed, by the path of the repository's API."""
    return f"{repository}/issues/events"


def early_line(repository: str, token: str, *, api_url: str, clock: Clock) -> Wire | None:
    """Open the line to GitHub and ask what a timer asks; None where that cannot be, which is said by whoever needs it.

    What was said on GitHub is read before the ledger is, never after it: what another run hears meanwhile is in the ledger
    then, and not heard twice.

    Args:
        repository: `OWNER/NAME`.
        token: whose rights we have.
        api_url: `GITHUB_API_URL`.
        clock: what waits.
    """
    if not REPOSITORY.fullmatch(repository):
        return None
    with suppress(InternError):
        wire = Wire(api_url=api_url, token=token, clock=clock)
        wire.ask_early(events_path(f"/repos/{repository}"), EVENTS)
        return wire
    return None
