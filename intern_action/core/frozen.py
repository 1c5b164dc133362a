"""`@frozen`: what `@dataclass(frozen=True, slots=True, kw_only=True)` makes, with methods that all classes share.

`dataclasses` writes and compiles the source of six methods for each class: 0.4 ms a class, 0.1 s of a start with our 200. Here it
only finds the fields and lays out the slots; the methods below ask the class for its fields when they are called. What comes out
is a dataclass to everybody who asks (`fields`, `replace`, `asdict`, pydantic). Every field is an argument, by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field
from functools import cache
from operator import attrgetter
from typing import ClassVar, NoReturn, Protocol, TypeVar, dataclass_transform

T = TypeVar("T")


class _Frozen(Protocol):
    """Any class made here."""

    __dataclass_fields__: ClassVar[dict[str, Field[object]]]


_put = object.__setattr__  # the one way past `__setattr__` below


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def frozen(made: type[T]) -> type[T]:
    """Make a class a frozen value. What it defines itself of the methods below is kept."""
    bare = dataclass(init=False, repr=False, eq=False, slots=True, kw_only=True)(made)
    for name, method in _SHARED.items():
        if name not in made.__dict__:
            setattr(bare, name, method)
    return bare


@cache
def _fields(kind: type[_Frozen]) -> tuple[Field[object], ...]:
    return tuple(kind.__dataclass_fields__.values())


@cache
def _compared(kind: type[_Frozen]) -> Callable[[object], object]:
    """Return what fetches the values that make two of a kind equal; where there are none, all are."""
    names = [one.name for one in _fields(kind) if one.compare]
    return attrgetter(*names) if names else type


def _init(self: _Frozen, /, **given: object) -> None:
    kind = type(self)
    for one in _fields(kind):
        name = one.name
        if name in given:
            _put(self, name, given.pop(name))
        elif one.default is not MISSING:
            _put(self, name, one.default)
        elif one.default_factory is not MISSING:
            _put(self, name, one.default_factory())
        else:
            raise TypeError(f"{kind.__qualname__}() needs the argument {name!r}")
    if given:
        raise TypeError(f"{kind.__qualname__}() takes no argument {next(iter(given))!r}")
    if (after := getattr(self, "__post_init__", None)) is not None:
        after()


def _repr(self: _Frozen) -> str:
    shown = (f"{one.name}={getattr(self, one.name)!r}" for one in _fields(type(self)) if one.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _eq(self: _Frozen, other: object) -> bool:
    if type(other) is not type(self):
        return NotImplemented
    values = _compared(type(self))
    return values(self) == values(other)


def _hash(self: _Frozen) -> int:
    return hash(_compared(type(self))(self))


def _set(_self: object, name: str, _value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(_self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: _Frozen) -> Mapping[str, object]:
    return {one.name: getattr(self, one.name) for one in _fields(type(self))}


def _restore(self: _Frozen, state: Mapping[str, object]) -> None:
    for name, saved in state.items():
        _put(self, name, saved)


_SHARED: Mapping[str, Callable[..., object]] = {
    "__init__": _init,
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__setattr__": _set,
    "__delattr__": _delete,
    "__getstate__": _state,
    "__setstate__": _restore,
}
