"""Patience with a model's provider: the one place that asks again.

Written by hand: it is one loop, and tenacity costs 15 ms of every start. Each fault has its own number of tries, all of them one
deadline. A wrong key, a bad request and an overflowing context are never tried again: the answer would be the same.

Source for the jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ ("full jitter")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from random import SystemRandom

from intern_action.core.errors import ModelCut, ModelError, ModelGarbled, ModelRateLimited, ModelUnreachable
from intern_action.core.frozen import frozen
from intern_action.core.ports import Clock, Model
from intern_action.core.types import Conversation, Reply
from intern_action.llm.line import endless

_CHANCE = SystemRandom()
_TRIES: Mapping[type[ModelError], int] = {ModelRateLimited: 12, ModelUnreachable: 12, ModelCut: 4, ModelGarbled: 3}


@frozen
class Stamina:
    """How often, and how long, the same question is asked.

    Args:
        tries: how often one question is asked, by the fault that came last; a fault that is not named is final.
        deadline_seconds: after this no new try begins.
        first_wait_seconds, longest_wait_seconds: the wait before try n is random up to first x 2^(n-2), at most the longest.
    """

    tries: Mapping[type[ModelError], int] = field(default_factory=lambda: _TRIES)
    deadline_seconds: float = 300.0
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 60.0

    @classmethod
    def of(cls, retries: int) -> Stamina:
        """Return one with at most so many further tries of each kind; 0 asks everything once."""
        return cls(tries={fault: min(tries, retries + 1) for fault, tries in _TRIES.items()})


class Retrying:
    """A `Model` around another that asks again after a fault that may pass.

    Text that `hear` got from a try which failed is not part of the reply; the next try says it anew.

    Args:
        model: who is asked.
        clock: waits.
        tell: gets one line before each wait, for a log that people read.
        chance: a number in [0, 1), anew each time.
        left: how many seconds are left of the run; no new try begins after them.
    """

    def __init__(
        self,
        model: Model,
        *,
        clock: Clock,
        stamina: Stamina | None = None,
        tell: Callable[[str], None] | None = None,
        chance: Callable[[], float] = _CHANCE.random,
        left: Callable[[], float] = endless,
    ) -> None:
        self._model = model
        self._clock = clock
        self._stamina = stamina or Stamina()
        self._tell = tell
        self._chance = chance
        self._left = left

    @property
    def name(self) -> str:
        """The name the user gave."""
        return self._model.name

    def answer(self, conversation: Conversation, hear: Callable[[str], None] | None = None) -> Reply:
        """Return the next reply; see `Model`. The fault that comes out is the last one."""
        deadline = self._clock.monotonic() + min(self._stamina.deadline_seconds, self._left())
        tries = 0
        while True:
            tries += 1
            try:
                return self._model.answer(conversation, hear)
            except ModelError as error:
                wait = self._wait(error, tries)
                if tries >= self._stamina.tries.get(type(error), 1) or self._clock.monotonic() + wait > deadline:
                    raise
                self._announce(error, wait, tries)
            self._clock.wait(wait)

    def close(self) -> None:
        """Let go of connections."""
        self._model.close()

    def _wait(self, error: ModelError, tries: int) -> float:
        stamina = self._stamina
        backoff = self._chance() * min(stamina.longest_wait_seconds, stamina.first_wait_seconds * 2 ** (tries - 1))
        if isinstance(error, ModelRateLimited) and error.retry_after_seconds is not None:
            return (
                error.retry_after_seconds + self._chance() * stamina.first_wait_seconds
            )  # so that a crowd spreads out
        return backoff

    def _announce(self, error: ModelError, wait: float, tries: int) -> None:
        if self._tell is not None:
            self._tell(f"{error}. Trying again in {wait:.1f} s (try {tries + 1})")
