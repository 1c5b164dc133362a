"""The head of a repository's README: YAML between two lines of dashes, as the Hub reads it."""

from __future__ import annotations

from intern_action.core.types import EMPTY, JsonObject
from intern_action.tools._json import mapping, texts


def card_head(readme: str) -> JsonObject:
    """Return the head, empty when there is none or it cannot be read."""
    if not readme.startswith("---"):
        return EMPTY
    head, found, _ = readme[3:].partition("\n---")
    if not found:
        return EMPTY
    import yaml

    try:
        value: object = yaml.safe_load(head)
    except (yaml.YAMLError, RecursionError, ValueError):
        return EMPTY
    return mapping(value)


def licence_of(head: JsonObject) -> str:
    """Return the licence a head names, "" when it names none."""
    value = head.get("license", "")
    return ", ".join(texts(value)) if value else ""
