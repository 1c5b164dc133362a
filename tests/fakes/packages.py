"""A package of Python made of sources, importable for as long as a test lasts."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def package(place: Path, name: str, files: Mapping[str, str]) -> Generator[None]:
    """Write a package below a folder and let it be imported; at the end nothing of it is loaded.

    Args:
        place: an empty folder.
        name: the package's name.
        files: its sources by their paths in it.
    """
    for path, source in files.items():
        file = place / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
    sys.path.insert(0, str(place))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(place))
        for module in loaded(name):
            del sys.modules[module]


def loaded(name: str) -> set[str]:
    """Return which modules of a package are loaded."""
    return {module for module in sys.modules if module == name or module.startswith(f"{name}.")}
