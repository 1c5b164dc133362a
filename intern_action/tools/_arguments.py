"""The door for arguments: what a model wrote becomes a frozen dataclass, or one message that says what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, TypeVar, cast

from intern_action.core.errors import ToolFailed
from intern_action.core.types import JsonObject

if TYPE_CHECKING:
    from pydantic import TypeAdapter

A = TypeVar("A")

STRICT = {"extra": "forbid", "coerce_numbers_to_str": True, "str_max_length": 4_000_000}
"""How every class of arguments is read (`__pydantic_config__`): nothing unknown; a number where a text is due is its text."""

_MOST_SHOWN = 5


def parse(tool: str, arguments: type[A], raw: JsonObject, words: Mapping[str, str]) -> A:
    """Return the arguments.

    Raises:
        ToolFailed: they do not fit; the message names each field, what is wrong with it and what it is for.
    """
    from pydantic import ValidationError

    try:
        return _adapter(arguments).validate_python(_flags(raw))
    except ValidationError as error:
        faults = [_fault(cast("Mapping[str, object]", one), words) for one in error.errors(include_url=False)]
        more = f"; and {len(faults) - _MOST_SHOWN} more" if len(faults) > _MOST_SHOWN else ""
        said = "; ".join(faults[:_MOST_SHOWN])
        raise ToolFailed(
            f"The arguments of {tool} do not fit: {said}{more}. Known arguments: {', '.join(words)}."
        ) from None


@cache
def _adapter(arguments: type[A]) -> TypeAdapter[A]:
    """Return what reads a class of arguments; made when it is first called, for importing pydantic takes its time."""
    from pydantic import TypeAdapter

    return TypeAdapter(arguments)


def _flags(raw: JsonObject) -> dict[str, object]:
    """Write flags as texts: inside of mappings a bare true is "true", and false or null is no flag. A null is not said."""
    return {name: _text_flags(value) for name, value in raw.items() if value is not None}


def _text_flags(value: object) -> object:
    if isinstance(value, Mapping):
        flags = cast("Mapping[str, object]", value)
        return {
            name: "true" if one is True else one for name, one in flags.items() if one is not False and one is not None
        }
    if isinstance(value, (list, tuple)):
        return [_text_flags(one) for one in cast("list[object]", value)]
    return value


def _fault(error: Mapping[str, object], words: Mapping[str, str]) -> str:
    way = cast("tuple[str | int, ...]", error["loc"])
    name = ".".join(str(part) for part in way) or "the whole"
    meant = words.get(str(way[0]), "") if way else ""
    match error["type"]:
        case "missing":
            return f"`{name}` is missing ({meant})"
        case "unexpected_keyword_argument" | "extra_forbidden":
            return f"`{name}` is not known"
        case _:
            got = repr(error["input"])
            shown = got if len(got) <= 80 else f"{got[:77]}..."  # noqa: PLR2004  # a line's width
            return f"`{name}`: {str(error['msg']).lower()}, not {shown}" + (f" ({meant})" if meant else "")
