"""The tools in fewer words, for a model with a small window: first the words on arguments go, then all but one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from intern_action.agent.gauge import spec_weight
from intern_action.core.types import ToolSpec

_SENTENCE_ENDS = (". ", ".\n", "; ", ": ")
_LONGEST_SENTENCE = 160


def brief(specs: tuple[ToolSpec, ...], room: int) -> tuple[ToolSpec, ...]:
    """Return the tools in at most `room` bytes, or as brief as they get. What a call may hold stays the same."""
    for shorter in (_whole, _without_argument_words, _one_sentence):
        told = tuple(map(shorter, specs))
        if _weight(told) <= room:
            return told
    return tuple(map(_one_sentence, specs))


def _weight(specs: Sequence[ToolSpec]) -> int:
    return sum(map(spec_weight, specs))


def _whole(spec: ToolSpec) -> ToolSpec:
    return spec


def _without_argument_words(spec: ToolSpec) -> ToolSpec:
    return replace(spec, parameters=cast("Mapping[str, object]", _wordless(spec.parameters)))


def _one_sentence(spec: ToolSpec) -> ToolSpec:
    first = spec.description
    for end in _SENTENCE_ENDS:
        first = first.partition(end)[0]
    return replace(_without_argument_words(spec), description=first[:_LONGEST_SENTENCE].rstrip("."))


def _wordless(value: object) -> object:
    """Leave out `description`, `title` and `default` of a schema, but not an argument that has such a name."""
    match value:
        case Mapping():
            schema = cast("Mapping[str, object]", value)
            return {
                name: _arguments(item) if name in _NAMED else _wordless(item)
                for name, item in schema.items()
                if name not in _WORDS
            }
        case list() | tuple():
            return [_wordless(item) for item in cast("Sequence[object]", value)]
        case _:
            return value


def _arguments(value: object) -> object:
    """Return a mapping whose keys are names that people chose."""
    if not isinstance(value, Mapping):
        return value
    return {name: _wordless(item) for name, item in cast("Mapping[str, object]", value).items()}


_WORDS = frozenset({"description", "title", "default"})
_NAMED = frozenset({"properties", "$defs", "definitions"})
