"""The words of the loop itself: they lie in files, and whoever may read files hands them in."""

from __future__ import annotations

from collections.abc import Callable

from intern_action.core.frozen import frozen

Words = Callable[..., str]
"""Returns words: the name of a file without its suffix, and the values for it by name."""


@frozen
class Voice:
    """What the loop says: to the model (`configs/prompts`), and to people (`configs/texts`)."""

    prompt: Words
    text: Words
