"""Modules that stand in for those which a library reads in and our calls never touch.

litellm's front page reads in all that it can do: images, files, a router, the server it can be for others, sixty services that
keep logs, a hundred providers. What is only named there need not be there. A stand-in has every name that is asked of it; the
first time that one of them is used (called, looked into, subclassed), the real module is read in, and from then on the name is
the real thing.

What a stand-in cannot be is a class in an `except` clause: Python wants one that is derived from `BaseException`.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Union, cast


@contextmanager
def standing_in(*packages: str, real: Sequence[str] = (), for_now: Sequence[str] = ()) -> Generator[None]:
    """Have stand-ins for packages, and for all below them, that are imported while this context lasts.

    Args:
        packages: their names. Their stand-ins stay, for whoever imports them later: they become the real ones when they are used.
        real: names below them that are read in as ever.
        for_now: further ones, whose stand-ins are gone with the context, since others may import these as well.
    """
    finder = _Finder((*packages, *for_now), frozenset(real))
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        finder.is_on = False
        _drop(for_now)


def _is_below(name: str, packages: Sequence[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def _drop(packages: Sequence[str]) -> None:
    """Forget all stand-ins below some packages, here and in what they lie in."""
    for name, module in list(sys.modules.items()):
        if isinstance(module, _StandIn) and _is_below(name, packages):
            del sys.modules[name]
            owner, _, last = name.rpartition(".")
            if owner in sys.modules and vars(sys.modules[owner]).get(last) is module:
                delattr(sys.modules[owner], last)


class _StandIn(ModuleType):
    """A module that has every name."""

    finder: _Finder

    def __getattr__(self, name: str) -> object:
        """Return what stands for a name of the real module. Python's own names (`__all__`, `__file__`) it has none of."""
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return _Later(self.finder, self.__name__, name)


class _Finder(MetaPathFinder, Loader):
    """Finds stand-ins, and what they stand for.

    `is_on`: the library is being read in; what it makes of a class now, it does not use yet.
    """

    def __init__(self, packages: Sequence[str], real: frozenset[str]) -> None:
        self._packages = packages
        self._real = set(real)
        self.is_on = True

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a stand-in, None for every other module and for one that was asked for in earnest."""
        del path, target
        if fullname in self._real or not _is_below(fullname, self._packages):
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return a stand-in."""
        made = _StandIn(spec.name)
        made.finder = self
        return made

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is run."""

    def earnest(self, name: str) -> ModuleType:
        """Return the real module of a name, with what it lies in: a stand-in has no folder to be found in.

        What stands in beside it is forgotten: the real one may have to catch its neighbours' exceptions.
        """
        parts = name.split(".")
        owners = [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
        if isinstance(sys.modules.get(name), _StandIn):
            self._real.update(owners)
            _drop([package for package in self._packages if _is_below(name, [package])])
        for owner in owners:
            importlib.import_module(owner)
        return sys.modules[name]


class _Later:
    """A name of a module that has not been read in: a class or a function, by what is done with it."""

    def __init__(self, finder: _Finder, module: str, name: str) -> None:
        self._finder = finder
        self._module = module
        self._name = name
        self._real: object = None

    def it(self) -> Any:  # noqa: ANN401 -- whatever the real module has
        """Return what the name stands for. Raises what importing it raises, and AttributeError where there is no such name."""
        if self._real is None:
            module = self._finder.earnest(self._module)
            try:
                self._real = getattr(module, self._name)
            except AttributeError:
                try:  # a module below it, which `from … import …` reads in
                    self._real = importlib.import_module(f"{self._module}.{self._name}")
                except ModuleNotFoundError:
                    raise AttributeError(f"module {self._module!r} has no attribute {self._name!r}") from None
        return self._real

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Call it. An instance that the library makes of a class while it is read in is made when it is used."""
        if self._finder.is_on and self._name[0].isupper() and not args and not kwargs:
            return _Made(self)
        return self.it()(*args, **kwargs)

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(f"{self!r} has no {name!r}")
        return getattr(self.it(), name)

    def __getitem__(self, key: object) -> object:
        return self.it()[key]

    def __iter__(self) -> Iterator[object]:
        return iter(self.it())

    def __contains__(self, item: object) -> bool:
        return item in self.it()

    def __mro_entries__(self, bases: tuple[object, ...]) -> tuple[type, ...]:
        """A class cannot be derived from a promise: whoever does gets the real one. Source: PEP 560."""
        del bases
        return (cast("type", self.it()),)

    def __instancecheck__(self, instance: object) -> bool:
        """Nothing is an instance of a class that nobody has read in."""
        return self._is_there() and isinstance(instance, self.it())

    def __subclasscheck__(self, subclass: type) -> bool:
        return self._is_there() and issubclass(subclass, self.it())

    def __or__(self, other: object) -> object:
        return Union[self, other]  # noqa: UP007 -- the other spelling is what is defined here

    def __ror__(self, other: object) -> object:
        return Union[other, self]  # noqa: UP007 -- as above

    def __get_pydantic_core_schema__(self, source: object, handler: Callable[[object], object]) -> object:
        """A model that has it for a field has to know it."""
        del source
        return handler(self.it())

    def __repr__(self) -> str:
        return f"<{self._module}.{self._name}, read in when it is used>"

    def _is_there(self) -> bool:
        return not isinstance(sys.modules.get(self._module), _StandIn | None)


class _Made:
    """An instance of a class that has not been read in."""

    def __init__(self, made_of: _Later) -> None:
        vars(self).update(_made_of=made_of, _real=None)

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(f"an instance of {self._made_of!r} has no {name!r}")
        return getattr(self.it(), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self.it(), name, value)

    def it(self) -> object:
        """Return the instance; see `_Later`."""
        if vars(self)["_real"] is None:
            vars(self)["_real"] = cast("_Later", vars(self)["_made_of"]).it()()
        return vars(self)["_real"]
