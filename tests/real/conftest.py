"""Some at a time: the files that take longest begin first, so that no worker is left alone with one in the end.

What trains and what waits take turns.
"""

from __future__ import annotations

import pytest

LONGEST = (
    "test_image",  # builds what the next ones run
    "test_github_team",
    "test_demo",
    "test_killed_walk",
    "test_recipe_text_classification",
    "test_github_attacks",
    "test_act_story",
    "test_replayed_events",
    "test_hub_walk",
    "test_killed_demo",
    "test_secret_forms",
    "test_mutants",
    "test_uninstall",
    "test_readme",
    "test_interrupted",
    "test_github_forge",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort files by how long they take; within a file everything stays in its order."""
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))
