"""No inference endpoints: where a token is missing, this stands in their place and says which."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NoReturn

from intern_action.core.errors import HubError, JobError, NotAllowed
from intern_action.core.ports import EndpointOrder, EndpointStatus
from intern_action.core.types import Flavor, JobRef


class NoEndpoints:
    """Where there can be none; it says what is missing.

    Args:
        words: tells what is missing and how to set it up.
    """

    def __init__(self, words: Callable[[], str]) -> None:
        self._words = words

    def flavors(self) -> Mapping[str, Flavor]:
        """Refuse, in words.

        Raises:
            NotAllowed: always.
        """
        raise NotAllowed(self._words())

    def find(self, launch_key: str) -> JobRef | None:
        """Find nothing."""
        del launch_key

    def create(self, order: EndpointOrder) -> JobRef:
        """Refuse, in words."""
        del order
        raise JobError(self._words())

    def status(self, ref: JobRef) -> EndpointStatus:
        """Refuse, in words: one that was made with a token is not gone because there is none now."""
        self._cannot(ref)

    def ask(self, ref: JobRef, text: str) -> str | None:
        """Refuse, in words."""
        del text
        self._cannot(ref)

    def pause(self, ref: JobRef) -> None:
        """Refuse, in words."""
        self._cannot(ref)

    def delete(self, ref: JobRef) -> None:
        """Refuse, in words."""
        self._cannot(ref)

    def own(self) -> tuple[JobRef, ...]:
        """Return none."""
        return ()

    def _cannot(self, ref: JobRef) -> NoReturn:
        raise HubError(f"{ref.id} cannot be reached: {self._words()}")
