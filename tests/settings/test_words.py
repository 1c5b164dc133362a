"""The words of the house are found, filled in, and missed loudly."""

from __future__ import annotations

import pytest

from intern_action.core.errors import Bug
from intern_action.settings.places import configs
from intern_action.settings.words import prompt, text


def test_a_prompt_is_the_text_of_its_file() -> None:
    assert prompt("system") == (configs() / "prompts" / "system.md").read_text(encoding="utf-8").strip()


def test_a_prompt_that_is_not_there_is_named() -> None:
    with pytest.raises(Bug, match=r"configs/prompts/tools/telepathy\.md"):
        prompt("tools/telepathy")


def test_a_text_that_is_not_there_is_named() -> None:
    with pytest.raises(Bug, match=r"configs/texts/no such words\.md"):
        text("no such words")
