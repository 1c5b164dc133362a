"""The built-in planner: a `Model` that needs no key and costs nothing. What it says is a function of the conversation alone.

It knows one kind of task (`_wish.py`) and walks it through the same loop and the same tools as any model would. Because it keeps
no state, a session that was killed, or waited for a week, goes on as if nothing had happened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal

from intern_action.core.ports import RecipeBook
from intern_action.core.types import Call, Conversation, FinishReason, Reply, Turn, Usage
from intern_action.llm._course import course_of
from intern_action.llm._moves import Move, give_up, next_move
from intern_action.llm._recipe_words import words

NAME = "recipes"
_ID = re.compile(r"recipes-(\d+)")
_MOST_SHOWN = 200


class RecipesModel:
    """The `Model` port over a book of recipes.

    Args:
        book: the recipes.
        flavor, timeout_minutes: hardware and time limit of a job whose wish names none.
    """

    def __init__(self, book: RecipeBook, *, flavor: str = "local-cpu", timeout_minutes: int = 30) -> None:
        self._book = book
        self._flavor = flavor
        self._timeout_minutes = timeout_minutes

    @property
    def name(self) -> str:
        """`recipes`."""
        return NAME

    def answer(self, conversation: Conversation, hear: Callable[[str], None] | None = None) -> Reply:
        """Return the next reply; the same conversation has the same one."""
        move = self._move(conversation.turns)
        if hear is not None and move.text:
            hear(move.text)
        first = _next_number(conversation.turns)
        calls = tuple(
            Call(id=f"{NAME}-{first + n}", name=name, arguments=arguments)
            for n, (name, arguments) in enumerate(move.calls)
        )
        return Reply(
            text=move.text,
            calls=calls,
            finish=FinishReason.CALLS if calls else FinishReason.STOP,
            usage=Usage(cost_usd=Decimal(0)),
            model=NAME,
        )

    def close(self) -> None:
        """Nothing is held."""

    def _move(self, turns: Iterable[Turn]) -> Move:
        course = course_of(turns, flavor=self._flavor, timeout_minutes=self._timeout_minutes)
        if isinstance(course, str):
            return give_up(words("unknown", words=_shown(course)))
        return next_move(course, self._book)


def _next_number(turns: Iterable[Turn]) -> int:
    """Return a number that no call of the conversation carries; a fold hides the oldest alone."""
    ids = [call.id for turn in turns if isinstance(turn, Reply) for call in turn.calls]
    return 1 + max((int(found[1]) for one in ids if (found := _ID.fullmatch(one))), default=0)


def _shown(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _MOST_SHOWN else f"{plain[:_MOST_SHOWN]}…"
