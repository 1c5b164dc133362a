"""The vetted recipes."""

from __future__ import annotations

from typing import Protocol

from intern_action.core.types import (
    DatasetFacts,
    Fit,
    ModelFacts,
    Wish,
)


class RecipeCard(Protocol):
    """One vetted recipe: the constant `CARD` of a folder in `recipes/`. Pure, and cheap to import."""

    @property
    def name(self) -> str:
        """The folder's name."""
        ...

    def objections(self, wish: Wish, model: ModelFacts, data: DatasetFacts) -> tuple[str, ...]:
        """Return why it cannot take these, each with what to change; empty when it can."""
        ...

    def fit(self, wish: Wish, model: ModelFacts, data: DatasetFacts) -> Fit:
        """Return files and job. Asked only when there are no objections.

        Raises:
            ToolFailed: a setting of the wish is unknown or out of range.
        """
        ...


class RecipeBook(Protocol):
    """The vetted recipes."""

    def fit(self, wish: Wish, model: ModelFacts, data: DatasetFacts) -> Fit:
        """Choose by what model and data *are*.

        Raises:
            ToolFailed: none fits; the message says why for each.
        """
        ...
