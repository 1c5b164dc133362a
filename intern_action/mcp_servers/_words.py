"""What a server says, as a model may read it: bounded, with nothing that hides, and without bytes that are no text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

import mcp_types as types

from intern_action.core.digests import digest
from intern_action.core.errors import ToolFailed
from intern_action.core.hidden import reveal, seen
from intern_action.core.ports import Said, ServedTool
from intern_action.core.types import JsonObject
from intern_action.mcp_servers._bounds import MOST_DESCRIPTION_CHARS, MOST_FAULT_CHARS, MOST_SCHEMA_CHARS

_DEEPEST = 40
"""Levels of a schema."""


def offered(server: str, tool: types.Tool) -> ServedTool:
    """Return a tool as it may be offered to a model.

    Raises:
        ToolFailed: the schema of its arguments is none that a model's provider takes, or too long.
    """
    words = {"title": tool.title or "", "description": tool.description or ""}
    raw = {"name": tool.name, **words, "parameters": tool.input_schema}
    if len(json.dumps(tool.input_schema)) > MOST_SCHEMA_CHARS:
        raise ToolFailed(f"the schema of its arguments is longer than {MOST_SCHEMA_CHARS} characters")
    if tool.input_schema.get("type") != "object":
        raise ToolFailed("the schema of its arguments is of no object")
    return ServedTool(
        server=server,
        tool=tool.name,
        description=cut(reveal(tool.description or tool.title or ""), MOST_DESCRIPTION_CHARS),
        parameters=cast("JsonObject", _shown(tool.input_schema, 0)),
        definition=digest(raw),
    )


def said(result: types.CallToolResult) -> Said:
    """Return an answer as text. What it says twice, as text and as data, is said once."""
    texts = [words for block in result.content if (words := _block(block))]
    if not texts and result.structured_content is not None:
        texts = [json.dumps(result.structured_content, ensure_ascii=False)]
    return Said(text=seen("\n".join(texts)), failed=result.is_error)


def fault(words: str) -> str:
    """Return what a server or a library says of a failure, as one short line."""
    return cut(" ".join(seen(words).split()), MOST_FAULT_CHARS)


def cut(text: str, most: int) -> str:
    """Return the beginning of a text, and that there was more."""
    return text if len(text) <= most else f"{text[:most]} [... {len(text) - most} characters left out]"


def _block(block: types.ContentBlock) -> str:
    match block:
        case types.TextContent(text=text):
            return text
        case types.ImageContent(mime_type=kind, data=data):
            return _described("an image", kind, data)
        case types.AudioContent(mime_type=kind, data=data):
            return _described("a sound", kind, data)
        case types.EmbeddedResource(resource=resource):
            return _resource(resource)
        case types.ResourceLink(uri=uri, name=name):
            return f"[a link: {name}, {uri}]"


def _resource(resource: types.TextResourceContents | types.BlobResourceContents) -> str:
    match resource:
        case types.TextResourceContents(uri=uri, text=text):
            return f"[{uri}]\n{text}"
        case types.BlobResourceContents(uri=uri, mime_type=kind, blob=data):
            return _described(uri, kind or "bytes", data)


def _described(what: str, kind: str, data: str) -> str:
    return f"[{what}, {kind}, {len(data.rstrip('=')) * 3 // 4} bytes; not shown]"


def _shown(value: object, depth: int) -> object:
    """Return a schema without what hides in its words."""
    if depth > _DEEPEST:
        raise ToolFailed(f"the schema of its arguments is nested deeper than {_DEEPEST} levels")
    match value:
        case str():
            return seen(value)
        case Mapping():
            return dict(_entries(cast("Mapping[object, object]", value), depth))
        case list():
            return [_shown(one, depth + 1) for one in cast("Iterable[object]", value)]
        case _:
            return value


def _entries(mapping: Mapping[object, object], depth: int) -> Iterator[tuple[str, object]]:
    return ((seen(str(key)), _shown(value, depth + 1)) for key, value in mapping.items())
