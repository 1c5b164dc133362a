"""Packages whose `__init__` only gathers names: each name is read in when somebody asks for it, not all of them at once.

One of litellm's libraries has 780 modules of types, of which the calls that we make need a third. Python lets a module make names
up when they are asked for (PEP 562), and what they are stands in the package's own code. An `__init__` that does anything else
than gather names is run as it is.
"""

from __future__ import annotations

import dis
import importlib
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import InspectLoader, Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

from intern_action.core.frozen import frozen


@contextmanager
def lazily(*packages: str, without: Sequence[str] = ()) -> Generator[None]:
    """Read in packages by what is asked of them, for as long as this context lasts.

    Args:
        packages: their names; packages below them are read in likewise.
        without: modules that whoever imports them can do without, and that are not there meanwhile.
    """
    finder = _Finder(packages, frozenset(without))
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder(MetaPathFinder):
    def __init__(self, packages: Sequence[str], without: frozenset[str]) -> None:
        self._packages = tuple((name, f"{name}.") for name in packages)
        self._without = without

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a package of ours, None for everybody else's."""
        if fullname in self._without:
            raise ModuleNotFoundError(f"{fullname} is done without here", name=fullname)
        if not any(fullname == name or fullname.startswith(below) for name, below in self._packages):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.submodule_search_locations is not None:
            names = _gathered(spec)
            if names:
                spec.loader = _Gathers(names)
        return spec


@frozen
class _Name:
    """Where a name of a package comes from."""

    module: str
    name: str


class _Gathers(Loader):
    """Makes a package that looks its names up."""

    def __init__(self, names: Mapping[str, _Name]) -> None:
        self._names = names

    def exec_module(self, module: ModuleType) -> None:
        """Give the package its way to look names up."""
        names, package = self._names, module.__name__

        def look_up(name: str) -> object:
            if name not in names:
                raise AttributeError(f"module {package!r} has no attribute {name!r}")
            origin = names[name]
            found: object = getattr(importlib.import_module(f"{package}.{origin.module}"), origin.name)
            setattr(module, name, found)
            return found

        vars(module).update(__getattr__=look_up, __dir__=lambda: sorted({*vars(module), *names}))


def _gathered(spec: ModuleSpec) -> Mapping[str, _Name]:
    """Return the names that a package gathers from its modules, none where it does anything else.

    They are read from its bytecode, which is there also where sources were left out of an image.
    """
    code = spec.loader.get_code(spec.name) if isinstance(spec.loader, InspectLoader) else None
    names: dict[str, _Name] = {}
    constants: list[object] = []
    module = name = ""
    for step in dis.get_instructions(code) if code is not None else ():
        match step.opname, step.argval:
            case "LOAD_CONST", constant:
                constants.append(constant)
            case "IMPORT_NAME", "__future__":
                module = ""
            case "IMPORT_NAME", str(module) if constants[-2:-1] == [1]:  # relative: from the package itself
                pass
            case "IMPORT_FROM", str(name):
                pass
            case "STORE_NAME", "__doc__" if not name:
                pass
            case "STORE_NAME", str(alias) if name:
                names |= {alias: _Name(module=module, name=name)} if module else {}
                name = ""
            case (("RESUME" | "NOP" | "EXTENDED_ARG" | "POP_TOP" | "RETURN_VALUE" | "RETURN_CONST"), _):
                pass
            case _:
                return {}
    return names
