"""The keys that sign the ledger, from the environment: the one in use, and those before it."""

from __future__ import annotations

from intern_action.core.frozen import frozen
from intern_action.settings.settings import Settings

KEY, PREVIOUS = "INTERN_LEDGER_SECRET", "INTERN_LEDGER_PREVIOUS_SECRET"
"""`PREVIOUS` holds those that were used before, newest first, with spaces between them."""


@frozen
class LedgerKeys:
    """What signs a ledger; b"" is nobody. `previous`, newest first, is for reading alone."""

    key: bytes
    previous: tuple[bytes, ...]


def ledger_keys(settings: Settings) -> LedgerKeys:
    """Return the keys; without any the ledger is unsigned."""
    now = settings.keys.get(KEY)
    before = settings.keys.get(PREVIOUS)
    return LedgerKeys(
        key=now.get_secret_value().strip().encode() if now else b"",
        previous=tuple(one.encode() for one in before.get_secret_value().split()) if before else (),
    )
