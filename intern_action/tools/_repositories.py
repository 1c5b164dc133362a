"""Names of repositories on the Hub, as a model writes them."""

from __future__ import annotations

import re

from intern_action.core.errors import ToolFailed

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


def check_repository(name: str) -> None:
    """Refuse what is no `owner/name`.

    Raises:
        ToolFailed: it is none.
    """
    if not _REPOSITORY.fullmatch(name):
        raise ToolFailed(f"`repository` is owner/name on the Hub, not {name!r}")
