"""Names and paths that people list with `*` in them. Upper and lower case are one: a capital letter leads around no list."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase


def is_listed(name: str, patterns: Sequence[str]) -> bool:
    """Whether nobody keeps a list, or the name is on it. A `*` stands for any letters, slashes too."""
    return not patterns or any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in patterns)


def touched(paths: Iterable[str], patterns: Sequence[str]) -> tuple[str, ...]:
    """Return the paths that the patterns mean, in order: too many rather than too few.

    A pattern begins at the top of the repository, a `*` reaches over slashes, `**/` may stand for nothing, and what names a
    folder means all that is in it.
    """
    wanted = [form for pattern in patterns for form in _forms(pattern)]
    return tuple(path for path in paths if any(_means(form, _plain(path)) for form in wanted))


def _plain(path: str) -> str:
    """Return a path as git has it, however it was written."""
    return posixpath.normpath(path.replace("\\", "/")).lstrip("/").casefold()


def _forms(pattern: str) -> tuple[str, ...]:
    plain = pattern.casefold().strip("/")
    return (plain, plain.replace("**/", ""))


def _means(pattern: str, path: str) -> bool:
    return fnmatchcase(path, pattern) or fnmatchcase(path, f"{pattern}/*")
