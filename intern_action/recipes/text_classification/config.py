"""What stands in training/config.json: what is learned from what, decided here so that the script has nothing to guess."""

from __future__ import annotations

from intern_action.core.types import ColumnFacts, DatasetFacts, ModelFacts, Wish
from intern_action.recipes import _sizes as sizes
from intern_action.recipes.text_classification import splits, wishes
from intern_action.recipes.text_classification.model_card import spoken
from intern_action.recipes.text_classification.wishes import Choices

CHARS_PER_TOKEN = 4
LENGTHS = (64, 128, 256, 512)
RATES = {50_000_000: 1e-4, 200_000_000: 5e-5}
LOWEST_RATE = 2e-5


def settings(
    wish: Wish, model: ModelFacts, data: DatasetFacts, columns: tuple[ColumnFacts, ColumnFacts], choices: Choices
) -> dict[str, object]:
    """Return the settings by the script's names, in the order in which a reviewer reads them; empty ones are left out."""
    text, label = columns
    learned, held_out = splits.chosen(wish, data, choices)
    found: dict[str, object] = {
        "model": model.id,
        "model_revision": model.revision,
        "model_name": spoken(model.id) if spoken(model.id) != model.id else "",
        "dataset": data.id,
        "dataset_revision": data.revision,
        "dataset_name": spoken(data.id) if spoken(data.id) != data.id else "",
        "text_column": text.name,
        "label_column": label.name,
        "train_split": learned if wish.verb == "train" else "",
        "eval_split": held_out,
        "max_length": _length(wish, model, text),
        "seed": 17,
    }
    if wish.verb == "train":
        found |= _learning(wish, model, splits.sizes(wish, data, choices)[0], choices)
    wished = {name.replace("-", "_"): wishes.value(name, choices[name]) for name in choices}
    found |= {name: value for name, value in wished.items() if name in found or name == "max_steps"}
    return {name: value for name, value in found.items() if value != ""}


def _learning(wish: Wish, model: ModelFacts, rows: int, choices: Choices) -> dict[str, object]:
    """Return the settings of the training alone."""
    lora_rank = int(choices.get("lora-rank", "0"))
    return {
        "epochs": _epochs(wish, rows),
        "learning_rate": _rate(model.parameters, lora_rank),
        "warmup": 0.1,
        "weight_decay": 0.01,
        "lora_rank": lora_rank,
        "validation_fraction": 0.1,
        "evaluations": 3,
    }


def _epochs(wish: Wish, rows: int) -> float:
    """Return how often each text is seen: a slow machine sees about two thousand texts, an accelerator three times all."""
    if not sizes.slow(wish):
        return 3.0
    return float(min(10, max(1, -(-2000 // max(1, rows)))))


def _rate(parameters: int, lora_rank: int) -> float:
    """Return the highest learning rate. Small models bear more; an adapter begins at zero and bears ten times as much."""
    full = next((rate for most, rate in RATES.items() if parameters < most), LOWEST_RATE)
    return round(full * 10, 6) if lora_rank else full


def _length(wish: Wish, model: ModelFacts, text: ColumnFacts) -> int:
    """Return how many tokens of a text are read: as many as most texts have; a slow machine reads their beginning."""
    wanted = text.mean_chars / CHARS_PER_TOKEN * 1.5
    usual = next((length for length in LENGTHS if length >= wanted), LENGTHS[-1])
    return min(LENGTHS[0] if sizes.slow(wish) else usual, model.max_length or usual)
