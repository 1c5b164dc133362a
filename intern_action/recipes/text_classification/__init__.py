"""Text classification: one text, one class. An encoder (or a decoder with a new head) learns to tell the classes apart."""

from __future__ import annotations

from intern_action.recipes.text_classification.card import CARD

__all__ = ["CARD"]
