"""The door: what a model says is masked before anybody sees it: memory, journal, trace and the executed call hold the same.

A call whose arguments held a secret is not run: with the mask in it, it would do something else than was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from intern_action.core.ports import Redactor
from intern_action.core.types import Call, Reply, Thought

LEAKED = (
    "its arguments held a secret value, which is masked now. Name the environment variable it comes from, and let the code "
    "read it when it runs"
)
_LONGEST_HELD = 4_000
"""A line that does not end is let go in pieces of this length, cut at a blank."""
_OVERLAP = 400
"""What is held back then: a secret that begins before the cut ends within it."""


def masked(reply: Reply, redactor: Redactor) -> Reply:
    """Return the reply without secrets; the very same object when it holds none."""
    text = redactor.text(reply.text)
    calls = tuple(_call(call, redactor) for call in reply.calls)
    thoughts = tuple(thought for thought in reply.thoughts if not _tells(thought, redactor))
    if text == reply.text and calls == reply.calls and len(thoughts) == len(reply.thoughts):
        return reply
    return replace(reply, text=text, calls=calls, thoughts=thoughts)


def _call(call: Call, redactor: Redactor) -> Call:
    name, arguments = redactor.text(call.name), redactor.data(call.arguments)
    flaw = None if call.flaw is None else redactor.text(call.flaw)
    if name == call.name and _same(arguments, call.arguments) and flaw == call.flaw:
        return call
    return replace(call, name=name, arguments=arguments, flaw=flaw or LEAKED)


def _same(one: object, other: object) -> bool:
    """Whether data are equal, a list and a tuple of the same being the same."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        mine, theirs = cast("Mapping[str, object]", one), cast("Mapping[str, object]", other)
        return list(mine) == list(theirs) and all(_same(mine[name], theirs[name]) for name in mine)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        items, others = cast("Sequence[object]", one), cast("Sequence[object]", other)
        return len(items) == len(others) and all(map(_same, items, others))
    return one == other


def _tells(thought: Thought, redactor: Redactor) -> bool:
    """Whether reasoning holds a secret. It cannot be masked, since it is signed, so it is left out."""
    return redactor.text(thought.text) != thought.text or redactor.data(thought.block) != thought.block


class Stream:
    """Masks what streams by, whatever pieces it comes in: a line is let go when it has ended.

    Args:
        hear: gets the masked text.
    """

    def __init__(self, hear: Callable[[str], None], redactor: Redactor) -> None:
        self._hear = hear
        self._redactor = redactor
        self._held = ""

    def __call__(self, piece: str) -> None:
        """Take a piece in."""
        self._held += piece
        end = self._held.rfind("\n") + 1
        if not end and len(self._held) > _LONGEST_HELD:
            end = self._held.rfind(" ", 0, len(self._held) - _OVERLAP) + 1
        if end:
            self._let_go(end)

    def end(self) -> None:
        """Let go of the rest."""
        self._let_go(len(self._held))

    def _let_go(self, end: int) -> None:
        gone, self._held = self._held[:end], self._held[end:]
        if gone:
            self._hear(self._redactor.text(gone))
