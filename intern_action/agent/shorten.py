"""Turns that are too long for what is left of a window: their head and their tail, and a line between that says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

from intern_action.core.types import Answer, Note, Reply, Turn, Words

NEWEST_SHARE = 4
"""What is newest may be so many times as long as the rest: it is what the model is working on."""

_LEAST_BYTES = 64
_TAIL_PART = 3
_MARK_BYTES = 60


def bytes_of(text: str) -> int:
    """Return how many bytes a text takes in UTF-8. Free for ASCII, which nearly everything is."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def shortened(text: str, most_bytes: int) -> str:
    """Return a text of at most `most_bytes` bytes (64 at least); what is left out is said in between."""
    size = bytes_of(text)
    most = max(most_bytes, _LEAST_BYTES)
    if size <= most:
        return text
    room = most - _MARK_BYTES
    tail = room // _TAIL_PART
    raw = text.encode("utf-8", "replace")
    head = raw[: room - tail].decode("utf-8", "ignore")
    end = raw[len(raw) - tail :].decode("utf-8", "ignore") if tail else ""
    return f"{head}\n[... {size - room} bytes left out to make room ...]\n{end}"


def shortened_turn(turn: Turn, most_bytes: int) -> Turn:
    """Return the turn with at most about `most_bytes` bytes; the very same object when it fits."""
    match turn:
        case Words(text=text) | Note(text=text):
            return turn if bytes_of(text) <= most_bytes else replace(turn, text=shortened(text, most_bytes))
        case Answer(result=result):
            text = result.text
            if bytes_of(text) <= most_bytes:
                return turn
            return replace(turn, result=replace(result, text=shortened(text, most_bytes)))
        case Reply():
            return _shortened_reply(turn, most_bytes)


def shortened_tail(turns: Sequence[Turn], most_bytes: int) -> list[Turn]:
    """Return the turns, each with at most `most_bytes`; from the last reply on with four times that."""
    newest = newest_from(turns)
    return [
        shortened_turn(turn, most_bytes * (NEWEST_SHARE if place >= newest else 1)) for place, turn in enumerate(turns)
    ]


def newest_from(turns: Sequence[Turn]) -> int:
    """Return where the last reply stands; the last turn of all where there is none."""
    for place in range(len(turns) - 1, -1, -1):
        if isinstance(turns[place], Reply):
            return place
    return max(0, len(turns) - 1)


def level(sizes: Sequence[tuple[int, int]], room: int) -> int:
    """Return the largest bound under which everything fits into `room`, as water levels out; 0 when it fits as it is.

    Args:
        sizes: of each turn its bytes, and how many times the bound it may have.
        room: bytes.
    """
    if sum(size for size, _ in sizes) <= room:
        return 0
    low, high = _LEAST_BYTES, max(size for size, _ in sizes)
    while low < high:
        middle = (low + high + 1) // 2
        if sum(min(size, middle * share) for size, share in sizes) <= room:
            low = middle
        else:
            high = middle - 1
    return low


def _shortened_reply(reply: Reply, most_bytes: int) -> Reply:
    """Shorten words and arguments by one measure. Reasoning goes: a part of it would be refused for its signature."""
    texts = [reply.text, *(text for call in reply.calls for text in _texts(call.arguments))]
    thoughts = sum(bytes_of(thought.text) for thought in reply.thoughts)
    if thoughts + sum(map(bytes_of, texts)) <= most_bytes:
        return reply
    bound = level([(bytes_of(text), 1) for text in texts], most_bytes)
    if bound == 0:
        return replace(reply, thoughts=())
    calls = tuple(
        replace(call, arguments=cast("Mapping[str, object]", _bounded(call.arguments, bound))) for call in reply.calls
    )
    return replace(reply, text=shortened(reply.text, bound), calls=calls, thoughts=())


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for item in cast("Mapping[str, object]", value).values():
                yield from _texts(item)
        case list() | tuple():
            for item in cast("Sequence[object]", value):
                yield from _texts(item)
        case _:
            pass


def _bounded(value: object, most_bytes: int) -> object:
    match value:
        case str():
            return shortened(value, most_bytes)
        case Mapping():
            return {name: _bounded(item, most_bytes) for name, item in cast("Mapping[str, object]", value).items()}
        case list() | tuple():
            return [_bounded(item, most_bytes) for item in cast("Sequence[object]", value)]
        case _:
            return value
