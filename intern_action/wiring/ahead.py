"""Imports that do not wait until they are needed: what comes next is made ready while something else is waited for.

A start is mostly imports. What the first request does not need comes after it, in the time that a model takes to answer.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from contextlib import suppress

from intern_action.core.errors import InternError
from intern_action.core.ports import Model
from intern_action.core.types import Conversation, Reply

FIRST = (
    "intern_action.wiring.house",
    "intern_action.llm.resolve",
    "intern_action.llm.openai_shaped",
    "intern_action.session.agent_half",
    "intern_action.wiring.workplace",
    "intern_action.hub.huggingface",
    "intern_action.hub.local",
    "intern_action.session.drive",
)
"""What a session needs for its first request, in this order; read while git is waited for."""

LAST = (
    "intern_action.session.settle",
    "intern_action.session.wake",
    "intern_action.session.lease",
    "intern_action.wiring.press",
)
"""What a session needs once the model has answered; read while it does."""

IDLE_SECONDS = 0.05
"""Who has waited for an answer for so long has time for something else."""


def read_ahead(names: tuple[str, ...], then: Callable[[], object] = lambda: None) -> None:
    """Import modules in a thread of their own, then do something more; whoever needs it meets its refusal as well.

    Args:
        names: the modules, in the order in which they are needed.
        then: what else can be made ready; its InternError is kept quiet.
    """

    def run() -> None:
        for name in names:
            importlib.import_module(name)
        with suppress(InternError):
            then()

    threading.Thread(target=run, name="read-ahead", daemon=True).start()


class Ahead:
    """A model whose answers are waited for with something useful to do.

    Args:
        model: who answers.
        ready: called once: when an answer takes its time, else by `begin`.
    """

    def __init__(self, model: Model, ready: Callable[[], None]) -> None:
        self._model = model
        self._ready: Callable[[], None] | None = ready
        self._watched = False
        self._asked = 0
        self._answered = 0

    @property
    def name(self) -> str:
        """The name the user gave."""
        return self._model.name

    def answer(self, conversation: Conversation, hear: Callable[[str], None] | None = None) -> Reply:
        """Return the next reply; see `Model`."""
        if not self._watched:
            self._watched = True
            threading.Thread(target=self._watch, name="idle", daemon=True).start()
        self._asked += 1
        try:
            return self._model.answer(conversation, hear)
        finally:
            self._answered = self._asked

    def close(self) -> None:
        """Hang up."""
        self._model.close()

    def begin(self) -> None:
        """Do it now, if it was not done yet."""
        ready, self._ready = self._ready, None
        if ready is not None:
            ready()

    def _watch(self) -> None:
        """Begin once one and the same answer has been waited for from one look to the next."""
        pause, before = threading.Event(), 0
        while self._ready is not None:
            pause.wait(IDLE_SECONDS)
            if before == self._asked != self._answered:
                self.begin()
            before = self._asked
