"""How much a server may say."""

from __future__ import annotations

MOST_BYTES = 8 << 20
"""Of one message or one answer over HTTP: what a model is shown of it is a thousandth of that."""

MOST_DESCRIPTION_CHARS = 2_000
MOST_SCHEMA_CHARS = 20_000
MOST_FAULT_CHARS = 500
MOST_PAGES = 20
"""Of a list of tools."""

TOO_MUCH = f"it said more than {MOST_BYTES >> 20} MiB in one answer"
