"""The last look before anything leaves: whether it holds a secret of this run, or a fake one that was planted to be found.

Everything is masked at the door, and what the model steers never sees a secret. A find here means that a wall has a hole, so
nothing of it is published.
"""

from __future__ import annotations

from collections.abc import Iterable

from intern_action.trace._spellings import spellings

_SHORTEST = 16
"""Of a real secret: `not-needed`, where a key is asked for and none is used, stands in many a text."""


class Canaries:
    """Finds values in what is about to be published.

    Args:
        planted: fake secrets; any of them counts.
        secrets: real ones; those that look like one count.
    """

    def __init__(self, planted: Iterable[str], secrets: Iterable[str]) -> None:
        real = [value for value in secrets if len(value) >= _SHORTEST and _mixed(value)]
        self._forms = tuple({form for value in (*planted, *real) for form in spellings(value)})

    def found_in(self, data: bytes) -> bool:
        """Whether one of them stands there, in any usual spelling."""
        text = data.decode("utf-8", "replace")
        return any(form in text for form in self._forms)


def _mixed(value: str) -> bool:
    return any(letter.isdigit() for letter in value) and any(letter.isalpha() for letter in value)
