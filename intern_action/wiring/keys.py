"""The keys that sign the ledger, from the environment: the one in use, and those before it."""

from __future__ import annotations

from collections.abc import Mapping

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
    """Return the keys that the settings know, from the environment or a `.env` that nobody else has written."""
    return keys_in({name: key.get_secret_value() for name, key in settings.keys.items()})


def keys_in(variables: Mapping[str, str]) -> LedgerKeys:
    """Return the keys that stand in variables; without any the ledger is unsigned."""
    before = variables.get(PREVIOUS, "").split()
    return LedgerKeys(key=variables.get(KEY, "").strip().encode(), previous=tuple(one.encode() for one in before))
