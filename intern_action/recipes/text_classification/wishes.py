"""What people may wish of this recipe after the word `with`: names, shorter names, and what each takes."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TypeAlias

from intern_action.core.errors import ToolFailed
from intern_action.core.types import Wish

Choices: TypeAlias = Mapping[str, str]
"""Settings by their flag's name, checked."""

HELD_OUT = ("test", "validation", "valid", "dev", "eval")
"""Names of held-out splits, best first. The script knows the same."""

FEWEST_ROWS = 20

_WHOLE = {"max-steps": 1, "batch-size": 1, "accumulation": 1, "max-length": 8, "lora-rank": 0, "seed": 0}
_NUMBERS = {"epochs": 0.01, "learning-rate": 1e-7, "warmup": 0.0, "weight-decay": 0.0}
_SWITCHES = frozenset({"gradient-checkpointing"})
_WORDS = frozenset({"demo", "text-column", "label-column", "train-split", "eval-split"})
_SHORT = {
    "batch": "batch-size",
    "checkpointing": "gradient-checkpointing",
    "epoch": "epochs",
    "label": "label-column",
    "length": "max-length",
    "lora": "lora-rank",
    "lr": "learning-rate",
    "rank": "lora-rank",
    "split": "eval-split",
    "steps": "max-steps",
    "text": "text-column",
}
KNOWN = tuple(sorted([*_WHOLE, *_NUMBERS, *_SWITCHES, *_WORDS]))
LORA_RANK = "8"


def choices(wish: Wish) -> Choices:
    """Return the wish's settings by their full names.

    Raises:
        ToolFailed: a setting that nobody reads, or a value it cannot have; the message names what there is.
    """
    found: dict[str, str] = {}
    for said, value in wish.settings.items():
        name = said.strip().lower().replace("_", "-").replace(" ", "-")
        name = _SHORT.get(name, name)
        if name not in KNOWN:
            near = difflib.get_close_matches(name, [*KNOWN, *_SHORT], n=1)
            hint = f"; did you mean {near[0]!r}" if near else ""
            raise ToolFailed(f"text classification has no setting {said!r}{hint}. It knows {', '.join(KNOWN)}")
        found[name] = _checked(name, value.strip())
    return {name: value for name, value in found.items() if value}


def value(name: str, text: str) -> object:
    """Return a checked setting as the script's settings file has it."""
    if name in _WHOLE:
        return int(text)
    return float(text) if name in _NUMBERS else text


def _checked(name: str, text: str) -> str:
    """Return the value in the one way it is written; "" when it says that a switch is off."""
    if name == "lora-rank" and text.lower() in {"true", "yes", "on", ""}:
        return LORA_RANK
    if name in _SWITCHES or (name == "lora-rank" and text.lower() in {"false", "no", "off"}):
        return _switch(name, text)
    if name in _WORDS:
        return text
    least = _WHOLE.get(name, _NUMBERS.get(name, 0))
    try:
        number = int(text) if name in _WHOLE else float(text)
    except ValueError:
        raise ToolFailed(f"{name} must be a number, not {text!r}") from None
    if not least <= number < float("inf"):
        raise ToolFailed(f"{name} must be at least {least:g}, not {text}")
    return f"{number:g}" if name in _NUMBERS else str(number)


def _switch(name: str, text: str) -> str:
    """Return "true" for on, "" for off."""
    said = text.lower()
    if said in {"true", "yes", "on", "1", ""}:
        return "true"
    if said in {"false", "no", "off", "0"}:
        return ""
    raise ToolFailed(f"{name} is on or off, not {text!r}")
