"""The book finds every recipe by its folder, and asks each."""

from __future__ import annotations

import pytest

from intern_action.core.errors import ToolFailed
from intern_action.core.types import DatasetFacts, Fit, ModelFacts, Wish
from intern_action.recipes import Recipes
from tests.recipes.facts import MAILS, MINILM, a_fit, wish


class Card:
    """A recipe that has these objections."""

    def __init__(self, name: str, *objections: str) -> None:
        self.name = name
        self._objections = objections

    def objections(self, wish: Wish, model: ModelFacts, data: DatasetFacts) -> tuple[str, ...]:
        del wish, model, data
        return self._objections

    def fit(self, wish: Wish, model: ModelFacts, data: DatasetFacts) -> Fit:
        del wish, model, data
        return a_fit(self.name)


def test_a_folder_with_a_card_is_a_recipe() -> None:
    assert [card.name for card in Recipes().cards] == ["text_classification"]


def test_the_first_recipe_without_objections_is_taken() -> None:
    book = Recipes([Card("images", "these are texts"), Card("texts"), Card("others")])
    assert book.fit(wish(), MINILM, MAILS).recipe == "texts"


def test_when_none_can_each_says_why() -> None:
    book = Recipes([Card("images", "these are texts", "too few"), Card("word_tags", "no tags")])
    with pytest.raises(ToolFailed) as told:
        book.fit(wish(), MINILM, MAILS)
    assert str(told.value).splitlines() == [
        "No recipe can take this model with this data.",
        "- images: these are texts; too few",
        "- word tags: no tags",
    ]
