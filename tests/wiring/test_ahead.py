"""Something useful is done while a model takes its time, and once."""

from __future__ import annotations

import threading
from collections.abc import Callable

from intern_action.core.types import Conversation, Reply
from intern_action.wiring.ahead import IDLE_SECONDS, Ahead

NOTHING_SAID = Conversation(system="", tools=(), turns=(), epoch=0)


class Model:
    """Answers at once, or when it is let."""

    name = "slow/model"

    def __init__(self, *, wait_for: threading.Event | None = None) -> None:
        self._wait_for = wait_for

    def answer(self, conversation: Conversation, hear: Callable[[str], None] | None = None) -> Reply:
        del conversation, hear
        assert self._wait_for is None or self._wait_for.wait(20)
        return Reply(text="here")

    def close(self) -> None:
        """Nothing is held."""


def test_it_is_done_while_an_answer_is_waited_for_and_not_again() -> None:
    done = threading.Event()
    times: list[str] = []

    def ready() -> None:
        times.append(threading.current_thread().name)
        done.set()

    model = Ahead(Model(wait_for=done), ready)
    assert model.answer(NOTHING_SAID).text == "here"
    model.begin()
    assert times == ["idle"]


def test_answers_that_come_at_once_are_not_held_up_and_it_is_done_at_the_end() -> None:
    times: list[str] = []
    model = Ahead(Model(), lambda: times.append(threading.current_thread().name))
    for _ in range(20):
        model.answer(NOTHING_SAID)
    threading.Event().wait(3 * IDLE_SECONDS)
    assert times == []
    model.begin()
    assert times == [threading.current_thread().name]
