"""File names that git or a case-insensitive file system would read as something else, and how odd names are shown."""

from __future__ import annotations

import json
import re
import unicodedata

IGNORED_BY_HFS = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
GIT_DIRECTORY = frozenset({".git", "git~1"})
PROTECTED = (
    ".github",
    ".intern",
    ".intern.yml",
    ".intern.yaml",
    ".gitmodules",
    "codeowners",
    "docs/codeowners",
    ".gitlab",
)
"""What only people change: workflows, our own policy, who has to review, submodules. Folders mean all that is in them."""


def folded(name: str) -> str:
    """Return a name as the most forgiving file system would look it up.

    Case, compatibility forms, trailing dots and blanks, NTFS streams and the code points HFS+ ignores make no difference.
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    return IGNORED_BY_HFS.sub("", plain).partition(":")[0].rstrip(" .")


def is_git_directory(name: str) -> bool:
    """Whether a path component would be taken for `.git` somewhere."""
    return folded(name) in GIT_DIRECTORY


def is_protected(path: str, protected: tuple[str, ...] = PROTECTED) -> bool:
    """Whether a path is, or lies in, one that only people change."""
    whole = "/".join(folded(part) for part in path.replace("\\", "/").split("/"))
    return any(whole == one or whole.startswith(f"{one}/") for one in protected)


def shown(path: str) -> str:
    """Return a path so that it fits one line of a message and hides nothing: quoted, with escapes."""
    return json.dumps(path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"))
