"""Where other machines find journals of sessions: refs of the repository, or a private data set where anybody may read those."""

from __future__ import annotations

from datetime import datetime

from intern_action.core.errors import Misconfigured
from intern_action.core.ports import JournalHome
from intern_action.settings.words import text
from intern_action.wiring.premises import Premises


class NoHome:
    """Implements `core.ports.JournalHome` where a journal would be public and nothing else is there: it takes none."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises

    def save(self, session: str, lines: bytes, *, expected_head: str, at: datetime) -> str:
        """Refuse. Raises Misconfigured with what to do."""
        del session, lines, expected_head, at
        raise Misconfigured(text("no-journal-home", settings=self._premises.settings).strip())

    def load(self, session: str) -> tuple[str, bytes] | None:
        """Return nothing: none is here."""
        del session

    def drop(self, session: str) -> bool:
        """Take nothing away."""
        return not session


def journal_home(premises: Premises) -> JournalHome | None:
    """Return the private data set, or what refuses journals where no token can be shown to the Hub; None where they are refs."""
    if not _wanted(premises):
        return None
    settings = premises.settings
    token = settings.keys.get("HF_WRITE_TOKEN") or settings.keys.get("HF_TOKEN")  # the agent half only reads
    if token is None or settings.hub.folder:
        return NoHome(premises)
    from intern_action.hub.journals import HubJournals

    return HubJournals(
        endpoint=settings.hub.endpoint.rstrip("/"),
        token=token.get_secret_value(),
        name=settings.traces.repository,
        clock=premises.clock,
    )


def check_journal_home(premises: Premises) -> None:
    """Look whether a new session has a place for its journal.

    Raises:
        Misconfigured: it would be public, and nobody has said that it may be.
    """
    writes = "HF_WRITE_TOKEN" in premises.settings.keys and not premises.settings.hub.folder
    if _wanted(premises) and not writes:
        raise Misconfigured(text("no-journal-home", settings=premises.settings).strip())


def _wanted(premises: Premises) -> bool:
    home = premises.settings.journals.home
    return home == "hub" or (home == "auto" and premises.ground.public)
