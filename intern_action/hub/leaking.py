"""The last look at what is about to be uploaded: whether a file of it, or a file's name, holds a secret."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from intern_action.core.errors import HubError, ToolFailed
from intern_action.hub._source import Source

LOOKED_AT_BYTES = 5_000_000
"""Larger files, which are weights and data, are not looked through."""


def leaking(folder: str, leaks: Callable[[bytes], bool]) -> str:
    """Return which file of a folder holds a secret, "" for none. A name that holds one is not repeated.

    Args:
        folder: what is about to be uploaded.
        leaks: whether bytes hold a secret.

    Raises:
        HubError: the folder cannot be read.
    """
    source = Source(folder=Path(folder).resolve(), strict=True)
    try:
        sizes = source.sizes()
        for place, (name, size) in enumerate(sizes.items(), start=1):
            if leaks(name.encode("utf-8", "surrogateescape")):
                return f"the name of file {place} of {len(sizes)}"
            if size <= LOOKED_AT_BYTES and leaks(_content(source, name)):
                return name
    except (OSError, ToolFailed) as failure:
        raise HubError(f"{folder} cannot be uploaded: {failure}") from failure
    return ""


def _content(source: Source, name: str) -> bytes:
    with source.opened(name) as file:
        return file.read(LOOKED_AT_BYTES)
