"""Plug-ins: a module in a plug-in folder with its one constant is the plug-in; nothing else is edited."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import TypeVar, cast

from intern_action.core.errors import Bug

T = TypeVar("T")


def modules(package: ModuleType) -> Iterator[ModuleType]:
    """Import every public module of a package, by name. A leading underscore marks helpers."""
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        if not info.name.startswith("_"):
            yield importlib.import_module(f"{package.__name__}.{info.name}")


def plugins(package: ModuleType, constant: str, _kind: type[T]) -> tuple[T, ...]:
    """Return the constant of each plug-in module, sorted by module name.

    Raises:
        Bug: a public module of a plug-in folder that lacks the constant.
    """
    found: list[T] = []
    for module in modules(package):
        if not hasattr(module, constant):
            raise Bug(
                f"{module.__name__} lies in a plug-in folder and has no {constant}; helpers start with an underscore"
            )
        found.append(cast("T", getattr(module, constant)))
    return tuple(found)
