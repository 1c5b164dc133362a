"""What a work tree looks like right now: every name that may be recorded, with the key that tells whether it changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from intern_action.core.errors import ToolFailed
from intern_action.git.ignore import IgnoreRules
from intern_action.git.names import is_git_directory
from intern_action.git.reader import Key, names

MOST_NAMES = 200_000
PATH_BYTES = 3_000


@dataclass(frozen=True, slots=True)
class Tracked:
    """What the last snapshot holds: files and links, the folders they lie in, and submodules, which are never looked into."""

    files: AbstractSet[str]
    folders: AbstractSet[str]
    submodules: AbstractSet[str]


@dataclass(slots=True)
class Seen:
    """A walk's result: keys of files and links by path, and what was left out, with the reason."""

    keys: dict[str, Key] = field(default_factory=dict[str, Key])
    left_out: dict[str, str] = field(default_factory=dict[str, str])


def folders_of(paths: Iterable[str]) -> set[str]:
    """Return every folder that one of the paths lies in."""
    found: set[str] = set()
    for path in paths:
        above = path.rpartition("/")[0]
        while above and above not in found:
            found.add(above)
            above = above.rpartition("/")[0]
    return found


def walk(root: str, tracked: Tracked, rules: IgnoreRules, *, trusted_before_ns: int, most: int = MOST_NAMES) -> Seen:
    """Look at the whole tree, level by level; names git would ignore are not entered.

    Raises:
        ToolFailed: more names than anybody can review.
        OSError: the root itself is gone.
    """
    seen = Seen()
    level = [""]
    while level:
        deeper: list[str] = []
        unknown: dict[str, Key] = {}
        for folder in level:
            here = _names(root, folder, seen)
            rules.look(root, folder, here, trusted_before_ns=trusted_before_ns)
            _sort(here, tracked, seen, deeper, unknown)
        _judge(unknown, rules, seen, deeper)
        if len(seen.keys) > most:
            raise ToolFailed(f"the checkout holds more than {most:,} files; name the folder of data in .gitignore")
        level = deeper
    return seen


def _names(root: str, folder: str, seen: Seen) -> dict[str, Key]:
    try:
        return names(root, folder)
    except OSError as error:
        if not folder:
            raise
        seen.left_out[folder] = f"folder cannot be read: {error.strerror}"
        return {}


def _sort(here: dict[str, Key], tracked: Tracked, seen: Seen, deeper: list[str], unknown: dict[str, Key]) -> None:
    """Put what the last snapshot knows where it belongs; the rest has to be judged."""
    for path, key in here.items():
        kind = stat.S_IFMT(key[0])
        if kind in {stat.S_IFREG, stat.S_IFLNK} and path in tracked.files:
            seen.keys[path] = key
        elif kind == stat.S_IFDIR and path in tracked.folders:
            deeper.append(path)
        elif path not in tracked.submodules:
            unknown[path] = key


def _judge(unknown: dict[str, Key], rules: IgnoreRules, seen: Seen, deeper: list[str]) -> None:
    candidates: dict[str, str] = {}
    for path, key in unknown.items():
        why = _unfit(path, key)
        if why:
            seen.left_out[path] = why
        else:
            candidates[path] = f"{path}/" if stat.S_ISDIR(key[0]) else path
    new = [name for name in candidates.values() if rules.verdict(name) is None]
    if new:
        rules.ask(new)
    for path, name in candidates.items():
        if rules.verdict(name):
            continue
        if name.endswith("/"):
            deeper.append(path)
        else:
            seen.keys[path] = unknown[path]


def _unfit(path: str, key: Key) -> str:
    """Return why a name can never be recorded, "" when it can."""
    if is_git_directory(path.rpartition("/")[2]):
        return "would be taken for a git directory"
    if len(os.fsencode(path)) > PATH_BYTES:
        return "has too long a name"
    if not (stat.S_ISREG(key[0]) or stat.S_ISLNK(key[0]) or stat.S_ISDIR(key[0])):
        return "is neither a file nor a link"
    return ""
