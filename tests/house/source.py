"""The project's own files and syntax, as the tests on the house read them."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@cache
def tracked(pattern: str = "*") -> tuple[Path, ...]:
    """Return the tracked files that exist, relative to the root.

    Args:
        pattern: as git understands it; `*` crosses folders.
    """
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--", f":(glob){pattern}" if "**" in pattern else pattern],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = (Path(name) for name in listed.stdout.split("\0") if name)
    return tuple(path for path in paths if (ROOT / path).is_file())


@cache
def package() -> dict[Path, ast.Module]:
    """Return the syntax of every module of the package, tracked or not yet."""
    found = sorted((ROOT / "intern_action").rglob("*.py"))
    return {path.relative_to(ROOT): ast.parse(path.read_text(encoding="utf-8")) for path in found}
