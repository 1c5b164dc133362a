"""The time, as the Hub writes it."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """Return now."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
