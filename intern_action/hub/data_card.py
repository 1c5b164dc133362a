"""A folder of the checkout made ready for the Hub as a data set: its files as they are, and its origin in the card.

What the card says already is kept; whoever reads the head (https://huggingface.co/docs/hub/datasets-cards) finds one more key.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from intern_action.core.errors import HubError, ToolFailed
from intern_action.core.provenance import DataOrigin
from intern_action.hub._card import parted
from intern_action.hub._source import Source, revision_of
from intern_action.hub.provenance import CARD, KEY, lay

Words = Callable[[DataOrigin, Mapping[str, int]], str]
"""The card of data that brought none: where it comes from, and its files with their sizes."""


def dress_data(folder: str, target: str, origin: DataOrigin, words: Words) -> str:
    """Lay out a folder as a data set with its origin in the card; return `target`, made anew. The same each time.

    Raises:
        HubError: the folder holds links, or no data.
    """
    source = Source(folder=Path(folder).resolve(), strict=True)
    shutil.rmtree(target, ignore_errors=True)
    try:
        data = {name: size for name, size in source.sizes().items() if name != CARD}
        digests = {name: source.digest(name) for name in data}
        for name in data:
            lay(source, name, Path(target) / name)
        card = source.text(CARD) if CARD in source.sizes() else ""
    except (OSError, ToolFailed) as failure:
        raise HubError(f"{origin.folder} cannot be uploaded: {failure}") from failure
    if not data:
        raise HubError(f"{origin.folder} holds no data; nothing was uploaded")
    whole = replace(origin, files=revision_of(digests))
    (Path(target) / CARD).write_text(signed(card, whole, words(whole, data)), encoding="utf-8")
    return target


def signed(card: str, origin: DataOrigin, otherwise: str) -> str:
    """Return a card with its origin in the head; data without a card gets the words `otherwise`."""
    import yaml

    head, body = parted(card)
    usual: dict[str, object] = {"pretty_name": origin.name, "tags": ["intern-action"]}
    written = yaml.safe_dump(
        usual | dict(head) | {KEY: asdict(origin)}, sort_keys=False, allow_unicode=True, width=1000
    )
    return f"---\n{written}---\n{body or otherwise}"
