"""Names of repositories on the Hub, and those that come near one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Literal, TypeAlias

from intern_action.core.errors import ToolFailed

Kind: TypeAlias = Literal["model", "dataset"]

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}")
_LONGEST = 96


class NotHere(ToolFailed):
    """This reader has no repository of that name; another one may."""


def check_id(repository: str) -> None:
    """Refuse what cannot be the name of a repository (https://huggingface.co/docs/hub/repositories-settings).

    Raises:
        ToolFailed: the message says how a name looks.
    """
    parts = repository.split("/")
    fine = len(parts) in {1, 2} and all(
        _PART.fullmatch(part) and not part.endswith((".", "-", ".git")) for part in parts
    )
    if not fine or "--" in repository or ".." in repository or len(repository) > _LONGEST:
        raise ToolFailed(
            f"{repository!r} cannot be a name on the Hub; write owner/name, such as google-bert/bert-base-uncased"
        )


def check_revision(revision: str) -> None:
    """Refuse what cannot be a branch, a tag or a commit: it becomes part of a path."""
    if revision and (not _REVISION.fullmatch(revision) or ".." in revision):
        raise ToolFailed(f"{revision!r} cannot be a revision; write a branch, a tag or a commit")


def near(repository: str, there: Iterable[str]) -> tuple[str, ...]:
    """Return up to three names that come near, by the whole name or by its last part."""
    names = list(there)
    by_tail = {name.rpartition("/")[2].lower(): name for name in reversed(names)}
    tails = difflib.get_close_matches(repository.rpartition("/")[2].lower(), by_tail, n=3)
    whole = difflib.get_close_matches(repository, names, n=3)
    return tuple(dict.fromkeys([*whole, *(by_tail[tail] for tail in tails)]))[:3]


def hint(found: Iterable[str]) -> str:
    """Return the half sentence that names near misses, "" without any."""
    names = ", ".join(found)
    return f"; did you mean {names}?" if names else ""
