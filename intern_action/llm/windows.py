"""How many tokens a model reads: what the settings say, else what litellm's table says of it."""

from __future__ import annotations

from intern_action.llm.prices import find_row
from intern_action.llm.route import Direct, Translated
from intern_action.llm.settings import ModelSettings


def window_of(way: Direct | Translated, settings: ModelSettings) -> int:
    """Return the most tokens of one conversation, 0 when nobody knows: then the provider says so, once it is too long."""
    configured = settings.window(way.name)
    if configured is not None:
        return configured
    row = find_row(tuple(way.table_names)) if way.table_names else None
    return row.window_tokens if row is not None else 0
