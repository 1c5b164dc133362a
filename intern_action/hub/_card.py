"""The card of a repository: its README.md, whose head names the licence."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from intern_action.core.types import JsonObject

_MOST_CHARS = 1 << 20


def read_card(folder: Path) -> tuple[str, str]:
    """Return (card, licence), each "" when it is not there."""
    try:
        with (folder / "README.md").open(encoding="utf-8", errors="replace") as file:
            card = file.read(_MOST_CHARS)
    except (FileNotFoundError, IsADirectoryError):
        return "", ""
    return card, licence_of(_head(card))


def licence_of(head: JsonObject) -> str:
    """Return the licence that a card's head names, "" when it names none."""
    licence = head.get("license") or ""
    if isinstance(licence, list):
        return ", ".join(str(one) for one in cast("list[object]", licence))
    return licence if isinstance(licence, str) else ""


def _head(card: str) -> JsonObject:
    return parted(card)[0]


def parted(card: str) -> tuple[JsonObject, str]:
    """Return a card's head and what comes after it; a head that cannot be read is none, and stays in the text."""
    if not card.startswith("---"):
        return {}, card
    import yaml

    head, _, body = card[3:].partition("\n---")
    try:
        found: object = yaml.safe_load(head)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}, card
    return (cast("JsonObject", found), body.removeprefix("\n")) if isinstance(found, dict) else ({}, card)
