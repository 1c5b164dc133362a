"""Which untracked names git would ignore, asked without letting git near the work tree.

The tree's `.gitignore` files are read by our own reader and copied into a shadow of empty folders that only we can reach.
(Git opens them by path: one that is a FIFO would hang it, one that is swapped for a link would be followed.)
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from intern_action.git.reader import Key, Unreadable, read
from intern_action.git.run import Git, GitFailed, put

RULES_BYTES = 1_000_000
ALWAYS = (
    "__pycache__/",
    "*.py[co]",
    ".ipynb_checkpoints/",
    ".pytest_cache/",
    ".ruff_cache/",
    ".mypy_cache/",
    ".venv/",
    "venv/",
    "node_modules/",
    ".DS_Store",
)
"""What running code leaves behind; ignored unless the repository tracks it."""


@dataclass(slots=True)
class IgnoreRules:
    """Answers for names, and remembers until a `.gitignore` changes. A folder's name ends in a slash."""

    git: Git
    _rules: dict[str, bytes] = field(default_factory=dict[str, bytes])
    _keys: dict[str, Key] = field(default_factory=dict[str, Key])
    _verdicts: dict[str, bool] = field(default_factory=dict[str, bool])

    def look(self, root: str, folder: str, here: dict[str, Key], *, trusted_before_ns: int) -> None:
        """Take notice of a folder's `.gitignore`. When it changed, what was known is forgotten."""
        path = f"{folder}/.gitignore" if folder else ".gitignore"
        key = here.get(path)
        if key is not None and self._keys.get(folder) == key and key[2] < trusted_before_ns:
            return
        rules = self._read(root, path) if key is not None else b""
        if rules != self._rules.get(folder, b""):
            self._verdicts.clear()
            self._rules[folder] = rules
        if key is None:
            self._keys.pop(folder, None)
        else:
            self._keys[folder] = key

    def told(self, rules: Mapping[str, bytes]) -> None:
        """Take the `.gitignore` of each folder from somebody who has read them; when one changed, what was known is forgotten."""
        if rules != self._rules:
            self._verdicts.clear()
            self._rules = dict(rules)

    def verdict(self, name: str) -> bool | None:
        """Return whether a name is ignored, None when it was not asked yet."""
        return self._verdicts.get(name)

    def ask(self, names: Iterable[str]) -> None:
        """Ask git about names; afterwards `verdict` knows them."""
        asked = list(names)
        with tempfile.TemporaryDirectory(dir=self.git.git_dir, prefix="shadow-") as shadow:
            self._cast(shadow, asked)
            # check-ignore knows no literal paths; after `./` nothing is magic
            stdin = b"".join(b"./" + os.fsencode(name.rstrip("/")) + b"\0" for name in asked)
            env = {"GIT_WORK_TREE": shadow, "GIT_LITERAL_PATHSPECS": "0"}
            done = self.git.ask("check-ignore", "-z", "--stdin", stdin=stdin, env=env, cwd=shadow)
        if done.code not in {0, 1}:
            raise GitFailed(f"git check-ignore failed: {done.words}")
        ignored = {os.fsdecode(name.removeprefix(b"./")) for name in done.out.split(b"\0")}
        self._verdicts.update({name: name.rstrip("/") in ignored for name in asked})

    def _read(self, root: str, path: str) -> bytes:
        try:
            content = read(root, path, limit=RULES_BYTES)
        except Unreadable:
            return b""
        return content.data if content.mode != "120000" else b""  # git does not follow a linked one either

    def _cast(self, shadow: str, names: list[str]) -> None:
        """Make the folders that matter for these names, and the rules that lie in them."""
        needed = {""}
        for name in names:
            parts = name.rstrip("/").split("/")
            needed.update("/".join(parts[:depth]) for depth in range(1, len(parts)))
            if name.endswith("/"):
                needed.add(name[:-1])
        for folder in sorted(needed):
            place = Path(shadow, folder)
            place.mkdir(exist_ok=True, parents=True)
            if rules := self._rules.get(folder):
                (place / ".gitignore").write_bytes(rules)


def write_always(git_dir: str, patterns: Iterable[str] = ALWAYS) -> None:
    """Write the patterns that hold for every tree of this git directory."""
    put(Path(git_dir, "info", "exclude"), "".join(f"{pattern}\n" for pattern in patterns))


def remove_tree(path: str) -> None:
    """Remove a folder with all that is in it; a link in it is removed, never followed (shutil works by descriptor here)."""
    shutil.rmtree(path, ignore_errors=True)
