"""What is asked of GitHub before anything else: it is asked in any case, and the rest is still being read in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from intern_action.forge._connection import PER_PAGE, REPOSITORY
from intern_action.forge._wire import Wire

if TYPE_CHECKING:
    from intern_action.core.ports import Clock

EVENTS = "list the newest events of issues"


def events_path(repository: str) -> str:
    """Return where the newest events of issues are listed. `repository`: the path of its API, `/repos/OWNER/NAME`."""
    return f"{repository}/issues/events"


def permission_path(repository: str, person: str) -> str:
    """Return where it is told what somebody may do."""
    return f"{repository}/collaborators/{quote(person, safe='')}/permission"


class Early:
    """The line to GitHub, with one question on its way.

    Args:
        repository: `OWNER/NAME`.
        token: whose rights we have.
        api_url: `GITHUB_API_URL`.
        clock: what waits.

    Raises:
        Misconfigured: as for `Wire`.
    """

    def __init__(self, repository: str, token: str, *, api_url: str, clock: Clock) -> None:
        self.wire = Wire(api_url=api_url, token=token, clock=clock)
        self._path = f"/repos/{repository}" if REPOSITORY.fullmatch(repository) else ""

    def events(self) -> None:
        """Ask what a timer asks.

        What was said on GitHub is then read before the ledger is: what another run hears in between stands in the ledger, and is
        not heard twice.
        """
        if self._path:
            self.wire.ask_early(events_path(self._path), EVENTS, per_page=PER_PAGE)

    def permission(self, person: str) -> None:
        """Ask what whoever asks for something may do."""
        if self._path and person.strip():
            self.wire.ask_early(permission_path(self._path, person), f"say what {person} may do")
