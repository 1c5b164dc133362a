"""The book of recipes: asks each whether it can take a model and data, by what they are."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence

from intern_action.core.errors import ToolFailed
from intern_action.core.plugins import plugins
from intern_action.core.ports import RecipeCard
from intern_action.core.types import DatasetFacts, Fit, ModelFacts, Wish


class Recipes:
    """A `RecipeBook` over the folders of this package, or over the cards it is given.

    Args:
        cards: the recipes in the order in which they are asked; the package's own when None.
    """

    def __init__(self, cards: Iterable[RecipeCard] | None = None) -> None:
        self.cards = found() if cards is None else tuple(cards)

    def fit(self, wish: Wish, model: ModelFacts, data: DatasetFacts) -> Fit:
        """Return the fit of the first recipe that can take all three.

        Raises:
            ToolFailed: none can; the message has the objections of each.
        """
        objections: dict[str, Sequence[str]] = {}
        for card in self.cards:
            objections[card.name] = card.objections(wish, model, data)
            if not objections[card.name]:
                return card.fit(wish, model, data)
        raise ToolFailed(_none_fits(objections))


def found() -> tuple[RecipeCard, ...]:
    """Return the card of each recipe folder, by folder name."""
    return plugins(importlib.import_module(__package__ or ""), "CARD", RecipeCard)


def _none_fits(objections: dict[str, Sequence[str]]) -> str:
    """Say why, recipe by recipe."""
    lines = [f"- {name.replace('_', ' ')}: {'; '.join(why)}" for name, why in objections.items()]
    return "\n".join(["No recipe can take this model with this data.", *lines])
