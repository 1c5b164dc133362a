"""What the agent's tree may change: no way out of the tree, no submodules, nothing that only people change."""

from __future__ import annotations

from collections.abc import Mapping

from intern_action.core.errors import NotAllowed
from intern_action.core.frozen import frozen
from intern_action.git.names import PROTECTED, is_git_directory, is_protected, shown
from intern_action.git.objects import LINK, SUBMODULE, Item

KNOWN_MODES = frozenset({"100644", "100755", LINK, SUBMODULE})
MOST_LINKS = 40
"""As many as the kernel follows."""


@frozen
class TreeRules:
    """What is refused, and how large a link's target may be."""

    protected: tuple[str, ...] = PROTECTED

    def judge(self, before: Mapping[str, Item], after: Mapping[str, Item]) -> None:
        """Compare two trees.

        Raises:
            NotAllowed: naming the first path, in order, that may not be as it is.
        """
        for path in sorted(before.keys() | after.keys()):
            if before.get(path) != after.get(path):
                self._judge_change(path, after.get(path))

    def _judge_change(self, path: str, item: Item | None) -> None:
        if is_protected(path, self.protected):
            raise NotAllowed(f"{shown(path)} may only be changed by people; take the change out of the work")
        if any(is_git_directory(part) for part in path.split("/")):
            raise NotAllowed(f"{shown(path)} would be taken for a git directory somewhere; give it another name")
        if item is None:
            return
        if item.mode == SUBMODULE:
            raise NotAllowed(f"{shown(path)} is a submodule; put the files themselves there")
        if item.mode not in KNOWN_MODES:
            raise NotAllowed(f"{shown(path)} has the mode {item.mode}; files are 100644 or 100755")


def links(tree: Mapping[str, Item]) -> dict[str, str]:
    """Return the symlinks of a tree: path and blob id."""
    return {path: item.id for path, item in tree.items() if item.mode == LINK}


def judge_links(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Refuse symlinks that lead out of the tree or into a git directory, unless the base's people put them there.

    All links are followed together: `a -> .` makes `b -> a/..` a way out although neither says so alone.

    Args:
        before: targets by path, as the base has them.
        after: the same for the new tree.

    Raises:
        NotAllowed: naming the link.
    """
    known = {path for path, target in before.items() if not stays_inside(path, target, before)}
    for path, target in sorted(after.items()):
        if stays_inside(path, target, after) or (path in known and before[path] == target):
            continue
        raise NotAllowed(f"{shown(path)} is a symlink to {shown(target)}, which leads out of the repository")


def stays_inside(path: str, target: str, targets: Mapping[str, str]) -> bool:
    """Whether following a link ends inside the tree (whether or not something is there)."""
    todo = _parts(target)
    if todo is None:
        return False
    at = path.split("/")[:-1]
    followed = 1
    while todo:
        part = todo.pop(0)
        if part == "..":
            if not at:
                return False
            at.pop()
            continue
        at.append(part)
        further = targets.get("/".join(at))
        if further is None:
            continue
        followed += 1
        parts = _parts(further)
        if parts is None or followed > MOST_LINKS:
            return False
        at.pop()
        todo = parts + todo
    return True


def _parts(target: str) -> list[str] | None:
    """Return the steps of a target, None for one that is absolute or goes through a git directory."""
    if target.startswith("/") or "\\" in target or "\0" in target:
        return None
    parts = [part for part in target.split("/") if part not in {"", "."}]
    return None if any(is_git_directory(part) for part in parts) else parts
