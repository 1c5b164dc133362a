"""The JSON Schema of a tool's arguments, lean: from a dataclass's own types, without importing pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints

from intern_action.core.errors import Bug
from intern_action.core.types import JsonObject

_PLAIN: dict[object, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


def schema_of(arguments: type, words: Mapping[str, str]) -> JsonObject:
    """Return the schema of a dataclass.

    Args:
        arguments: a dataclass of texts, numbers, truth values, choices, tuples and mappings of them, and such dataclasses.
        words: what each argument is, by name.
    """
    hints = get_type_hints(arguments, include_extras=False)
    properties: dict[str, object] = {}
    for one in fields(arguments):
        described = {"description": words[one.name]} if one.name in words else {}
        properties[one.name] = {**_type(hints[one.name]), **described}
    needed = [one.name for one in fields(arguments) if one.default is MISSING and one.default_factory is MISSING]
    required = {"required": needed} if needed else {}
    return {"type": "object", "properties": properties, **required, "additionalProperties": False}


def _type(hint: object) -> JsonObject:
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if isinstance(hint, type) and is_dataclass(hint):
        return schema_of(hint, {})
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _type(inside[0])
    if origin is Literal:
        return {"type": "string", "enum": list(inside)}
    if origin is tuple:
        return {"type": "array", "items": _type(inside[0])}
    if origin in {Mapping, dict}:
        return {"type": "object", "additionalProperties": _type(inside[1])}
    if origin in {Union, UnionType}:
        return _type(next(one for one in inside if one is not NoneType))
    raise Bug(f"no schema for arguments of the type {hint}")
