"""A YAML file, read so that every value knows its line: plain mappings, lists and scalars, nothing clever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import TypeAlias

import yaml

from intern_action.core.errors import Misconfigured
from intern_action.core.frozen import frozen

Scalar: TypeAlias = str | int | bool | Decimal | None
Leaf: TypeAlias = Scalar | tuple[Scalar, ...]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one is ten times as fast, and not built everywhere
_MOST_BYTES = 256 * 1024


@frozen
class Written:
    """One value with its line (from 1)."""

    value: Leaf
    line: int


@frozen
class Document:
    """A file as dotted paths: `budget.month_usd` to its value and line. `name` is how messages call the file."""

    name: str
    values: Mapping[str, Written]


def read_document(content: bytes, name: str) -> Document:
    """Read YAML. An empty file is an empty document; an empty section holds nothing.

    Raises:
        Misconfigured: not YAML, not a mapping, a key twice, an alias, a merge key, a nested list; names file and line.
    """
    if len(content) > _MOST_BYTES:
        raise Misconfigured(f"{name} has {len(content)} bytes; a configuration has at most {_MOST_BYTES}")
    root = _compose(content, name)
    if root is None or (isinstance(root, yaml.ScalarNode) and root.value in {"", "null", "~"}):
        return Document(name=name, values={})
    if not isinstance(root, yaml.MappingNode):
        raise Misconfigured(f"{name}:1: a configuration is a list of `key: value` lines, this is something else")
    return Document(name=name, values=dict(_Reader(name).leaves(root, "")))


def near_miss(name: str, known: Mapping[str, object] | frozenset[str]) -> str:
    """Return `; did you mean X?` when a known name is close, else nothing."""
    near = get_close_matches(name, known, n=1, cutoff=0.6) or get_close_matches(
        name.rpartition(".")[2], known, n=1, cutoff=0.6
    )
    return f"; did you mean `{near[0]}`?" if near else ""


def _compose(content: bytes, name: str) -> yaml.Node | None:
    """Parse to nodes; refuse aliases first: a few of them can stand for billions of values."""
    try:
        text = content.decode()
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.AliasEvent):
                raise Misconfigured(f"{name}:{_line(event)}: `*{event.anchor}` is an alias; write the value out")
        return yaml.compose(text, Loader=_LOADER)
    except UnicodeDecodeError as error:
        raise Misconfigured(
            f"{name} is not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8"
        ) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Misconfigured(
            f"{name}:{line}: not valid YAML ({error.problem}); correct that line or the one above"
        ) from error
    except yaml.YAMLError as error:
        raise Misconfigured(f"{name}: not valid YAML ({error}); correct it") from error


def _line(marked: yaml.Event | yaml.Node) -> int:
    return marked.start_mark.line + 1 if marked.start_mark else 1


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns nodes into leaves, for messages of one file."""

    name: str

    def leaves(self, node: yaml.MappingNode, above: str) -> Iterator[tuple[str, Written]]:
        """Walk a mapping; mappings below it become dotted paths."""
        seen: set[str] = set()
        for key_node, value_node in node.value:
            key = self._key(key_node, seen)
            path = f"{above}.{key}" if above else key
            if isinstance(value_node, yaml.MappingNode):
                yield from self.leaves(value_node, path)
            else:
                yield path, Written(value=self._leaf(value_node), line=_line(key_node))

    def _key(self, node: yaml.Node, seen: set[str]) -> str:
        key = node.value if isinstance(node, yaml.ScalarNode) else ""
        if not isinstance(key, str) or not key or "." in key or key == "<<" or "$" in key:
            raise Misconfigured(f"{self.name}:{_line(node)}: `{key}` cannot be a key; a key is a plain word")
        if key in seen:
            raise Misconfigured(f"{self.name}:{_line(node)}: `{key}` stands here a second time; keep one")
        seen.add(key)
        return key

    def _leaf(self, node: yaml.Node) -> Leaf:
        if isinstance(node, yaml.SequenceNode):
            return tuple(self._scalar(item) for item in node.value)
        return self._scalar(node)

    def _scalar(self, node: yaml.Node) -> Scalar:
        """Return a value; numbers with a point become Decimal, never float: some of them are money."""
        if not isinstance(node, yaml.ScalarNode):
            raise Misconfigured(
                f"{self.name}:{_line(node)}: a list holds plain values, this one holds a list or a mapping"
            )
        text = str(node.value)
        match node.tag:
            case "tag:yaml.org,2002:null":
                return None
            case "tag:yaml.org,2002:bool":
                return text.lower() in {"true", "yes", "on"}
            case "tag:yaml.org,2002:int" if text.lstrip("+-").isdecimal() and not text.lstrip("+-").startswith("0"):
                return int(text)
            case "tag:yaml.org,2002:int" if text == "0":
                return 0
            case "tag:yaml.org,2002:float" if text.lstrip("+-").replace(".", "", 1).isdecimal():
                return Decimal(text)
            case _:
                return (
                    text  # dates, octal, `1:30` and the like are words here: the door that knows the field reads them
                )
