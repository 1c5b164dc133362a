"""Which split is learned from and which is held out, found by their names."""

from __future__ import annotations

from intern_action.core.types import DatasetFacts, Wish
from intern_action.recipes.text_classification.wishes import HELD_OUT, Choices

A_FIFTH = "a fifth"
"""What the script takes out of the training split when the data set has no held-out one."""


class NoSplit(Exception):
    """A split is missing or chosen twice. The message says which ones there are."""


def chosen(wish: Wish, data: DatasetFacts, choices: Choices) -> tuple[str, str]:
    """Return the training split and the held-out one, `A_FIFTH` when there is none.

    Raises:
        NoSplit: with the exact thing to change.
    """
    for setting in ("train-split", "eval-split"):
        if choices.get(setting, A_FIFTH) not in {A_FIFTH, *data.splits}:
            there = ", ".join(data.splits)
            raise NoSplit(f"there is no split {choices[setting]!r}, only {there}: say `with {setting}=SPLIT`")
    held_out = choices.get("eval-split") or next((name for name in HELD_OUT if name in data.splits), A_FIFTH)
    others = [name for name in data.splits if name != held_out]
    learned = choices.get("train-split") or next((name for name in ("train", *others) if name in others), held_out)
    if wish.verb == "evaluate":
        return learned, learned if held_out == A_FIFTH else held_out
    if learned == held_out:
        raise NoSplit(f"split {learned!r} cannot be learned from and held out: say `with train-split=SPLIT`")
    return learned, held_out


def sizes(wish: Wish, data: DatasetFacts, choices: Choices) -> tuple[int, int]:
    """Return the rows to learn from and the rows held out."""
    learned, held_out = chosen(wish, data, choices)
    rows = data.splits.get(learned, 0)
    return (rows - rows // 5, rows // 5) if held_out == A_FIFTH else (rows, data.splits[held_out])
