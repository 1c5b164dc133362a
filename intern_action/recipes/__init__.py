"""The vetted training scripts, and what each one can take. A folder with a `CARD` is a recipe; nothing else is edited."""

from __future__ import annotations

from intern_action.recipes._book import Recipes

__all__ = ["Recipes"]
