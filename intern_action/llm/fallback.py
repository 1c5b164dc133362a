"""Models one after the other: when one fails for good, the next on the list goes on, for the rest of the run.

Only models that somebody has listed are asked: nobody else's model is ever chosen for anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from intern_action.core.errors import ContextOverflow, ModelError, ModelFiltered
from intern_action.core.ports import Model
from intern_action.core.types import Conversation, FinishReason, Reply

Making = Callable[[], Model]
"""Makes a model; may raise what `resolve` raises."""


class Falling:
    """A `Model` over a list of them. Each is asked as patiently as it is by itself, before the next one is.

    A conversation that is too long is nobody's fault and goes back to the loop, which makes it shorter. There is no way back to
    an earlier model within a run: its cache is cold, and its reasoning was not kept for it.

    Args:
        first: the model the user chose.
        others: makers of the ones to go on with, in order.
        tell: gets one line at each change, for a log that people read.
    """

    def __init__(self, first: Model, others: Sequence[Making], *, tell: Callable[[str], None]) -> None:
        self._name = first.name
        self._model = first
        self._others = list(others)
        self._tell = tell

    @property
    def name(self) -> str:
        """The name the user gave; a reply says who really gave it."""
        return self._name

    def answer(self, conversation: Conversation, hear: Callable[[str], None] | None = None) -> Reply:
        """Return the next reply; see `Model`. The fault that comes out is that of the last model."""
        while True:
            try:
                reply = self._model.answer(conversation, hear)
            except ContextOverflow:
                raise
            except ModelError as error:
                if not self._fall(error):
                    raise
                continue
            if reply.finish is not FinishReason.FILTER or not self._fall(_filtered(reply)):
                return reply

    def close(self) -> None:
        """Let go of connections."""
        self._model.close()

    def _fall(self, error: ModelError) -> bool:
        """Go on with the next model, if there is one that can be made."""
        while self._others:
            making = self._others.pop(0)
            try:
                following = making()
            except ModelError as none:  # no key for it, say
                self._tell(str(none))
                continue
            self._tell(f"{error}. Going on with {following.name}")
            self._model.close()
            self._model = following
            return True
        return False


def _filtered(reply: Reply) -> ModelFiltered:
    return ModelFiltered(f"{reply.model}: the answer was stopped by its provider's filter")
