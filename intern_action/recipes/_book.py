"""The book of recipes: asks each whether it can take a model and data, by what they are."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from intern_action.core.errors import ToolFailed
from intern_action.core.plugins import plugins
from intern_action.core.ports import RecipeCard
from intern_action.core.types import DatasetFacts, Fit, Flavor, ModelFacts, Wish


class Recipes:
    """A `RecipeBook` over the folders of this package, or over the cards it is given.

    Args:
        cards: the recipes in the order in which they are asked; the package's own when None.
        hardware: what each flavor is, by name; a recipe asks less of a slow one, and reckons its time.
    """

    def __init__(
        self, cards: Iterable[RecipeCard] | None = None, *, hardware: Mapping[str, Flavor] | None = None
    ) -> None:
        self.cards = found() if cards is None else tuple(cards)
        self._hardware: Mapping[str, Flavor] = hardware or {}

    def fit(self, wish: Wish, model: ModelFacts, data: DatasetFacts) -> Fit:
        """Return the fit of the first recipe that can take all three.

        Raises:
            ToolFailed: none can; the message has the objections of each.
        """
        wish = replace(wish, hardware=self._hardware.get(wish.flavor, wish.hardware))
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
