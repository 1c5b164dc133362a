"""What text classification can take, and what it asks for: the script, its settings and the job. Knows no torch."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path, PurePosixPath

from intern_action.core.frozen import frozen
from intern_action.core.ports import RecipeCard
from intern_action.core.types import ColumnFacts, DatasetFacts, Fit, JobSpec, ModelFacts, Parameters, Wish
from intern_action.recipes import _sizes as sizes
from intern_action.recipes.text_classification import columns, wishes
from intern_action.recipes.text_classification.wishes import Choices

SCRIPT, CONFIG, OUTPUT = "training/train.py", "training/config.json", "output"
DEPENDENCIES = ("accelerate==1.15.0", "datasets==5.2.0", "peft==0.21.2", "torch==2.13.0", "transformers==5.23.0")
FAMILIES = frozenset(
    {
        "albert",
        "bert",
        "bigbird",
        "camembert",
        "deberta",
        "debertav2",
        "distilbert",
        "electra",
        "ernie",
        "falcon",
        "gemma",
        "gemma2",
        "gemma3text",
        "gpt2",
        "gptneox",
        "llama",
        "mistral",
        "mobilebert",
        "modernbert",
        "mpnet",
        "opt",
        "phi",
        "phi3",
        "qwen2",
        "qwen3",
        "roberta",
        "xlmroberta",
        "xlmrobertaxl",
        "xlnet",
    }
)
"""Model types, without marks, whose sequence classification head transformers has."""

EVALUATED = "forsequenceclassification"
CHARS_PER_TOKEN = 4
LENGTHS = (64, 128, 256, 512)
RATES = {50_000_000: 1e-4, 200_000_000: 5e-5}
LOWEST_RATE = 2e-5


@frozen
class TextClassification:
    """The card of this recipe."""

    name: str = "text_classification"

    def objections(self, wish: Wish, model: ModelFacts, data: DatasetFacts) -> tuple[str, ...]:
        """Return what speaks against it: the model's kind, the shape of the data, too little of it."""
        found: list[str] = [*_about_model(wish, model), *data.problems]
        try:
            columns.chosen(data, wishes.choices(wish))
        except columns.NoColumn as problem:
            found.append(str(problem))
        if wish.verb == "train" and len(data.splits) and _rows(data)[0] < wishes.FEWEST_ROWS:
            found.append(f"{_rows(data)[0]} rows to learn from are fewer than {wishes.FEWEST_ROWS}: label more texts")
        return tuple(found)

    def fit(self, wish: Wish, model: ModelFacts, data: DatasetFacts) -> Fit:
        """Return script, settings, job and what it will probably take."""
        choices = wishes.choices(wish)
        text, label = columns.chosen(data, choices)
        config = _config(wish, model, data, choices, text)
        parameters = _parameters(wish, model, data, choices) | {"text-column": text.name, "label-column": label.name}
        load = _load(wish, model, data, config, choices)
        return Fit(
            recipe=self.name,
            files={SCRIPT: script(), CONFIG: json.dumps(config, indent=2) + "\n"},
            job=_job(wish, model, data, parameters, choices),
            smoke_parameters=parameters | {"smoke": "true"},
            reasons=_reasons(wish, model, data, config, columns=(text, label)),
            estimate_minutes=sizes.minutes(load, wish.flavor),
            estimate_memory_gb=sizes.memory_gb(load),
        )


CARD: RecipeCard = TextClassification()


def script() -> str:
    """Return the training script, as it will stand in the repository."""
    return resources.files(__package__ or "").joinpath("train.py").read_text(encoding="utf-8")


def sample_data() -> Path:
    """Return the folder of the mails that come with this recipe: a small, real data set in the Hub's layout."""
    return Path(str(resources.files(__package__ or "").joinpath("mails")))


def _about_model(wish: Wish, model: ModelFacts) -> list[str]:
    """Return what is wrong with the model."""
    if family(model.architecture) not in FAMILIES:
        return [f"{model.id} is a {model.architecture or 'model of unknown kind'}, which has no head for classes"]
    if wish.verb == "evaluate" and EVALUATED not in _bare(model.architecture):
        return [f"{model.id} was never taught to classify ({model.architecture}): train it first"]
    return []


def family(architecture: str) -> str:
    """Return the model type in an architecture's name: `XLMRobertaForMaskedLM`, `xlm-roberta` → `xlmroberta`."""
    return re.sub(r"(model|lmheadmodel|for[a-z]+)$", "", _bare(architecture))


def _bare(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())


def _rows(data: DatasetFacts, choices: Choices | None = None) -> tuple[int, int]:
    """Return the rows to learn from and the rows held out."""
    train = (choices or {}).get("train-split", "train")
    learned = data.splits.get(train, next(iter(data.splits.values()), 0))
    held_out = next((data.splits[name] for name in wishes.HELD_OUT if name in data.splits), 0)
    return (learned, held_out) if held_out else (learned * 4 // 5, learned // 5)


def _config(
    wish: Wish, model: ModelFacts, data: DatasetFacts, choices: Choices, text: ColumnFacts
) -> dict[str, object]:
    """Return the settings that decide what is learned; they stand in a file, so that a reviewer sees each change."""
    lora_rank = int(choices.get("lora-rank", "0"))
    config: dict[str, object] = {
        "epochs": _epochs(wish.flavor, _rows(data)[0]),
        "learning_rate": _rate(model.parameters, lora_rank),
        "max_length": _length(wish.flavor, model, text),
        "lora_rank": lora_rank,
        "warmup": 0.1,
        "weight_decay": 0.01,
        "validation_fraction": 0.1,
        "evaluations": 3,
        "seed": 17,
    }
    return config | {
        name.replace("-", "_"): wishes.value(name, choices[name])
        for name in choices
        if name.replace("-", "_") in config or name == "max-steps"
    }


def _epochs(flavor: str, rows: int) -> float:
    """Return how often each text is seen: a slow machine sees about two thousand texts, an accelerator three times all."""
    if not sizes.slow(flavor):
        return 3.0
    return float(min(10, max(1, -(-2000 // max(1, rows)))))


def _rate(parameters: int, lora_rank: int) -> float:
    """Return the highest learning rate. Small models bear more; an adapter begins at zero and bears ten times as much."""
    full = next((rate for most, rate in RATES.items() if parameters < most), LOWEST_RATE)
    return round(full * 10, 6) if lora_rank else full


def _length(flavor: str, model: ModelFacts, text: ColumnFacts) -> int:
    """Return how many tokens of a text are read: as many as most texts have; a slow machine reads their beginning."""
    wanted = text.mean_chars / CHARS_PER_TOKEN * 1.5
    usual = next((length for length in LENGTHS if length >= wanted), LENGTHS[-1])
    return min(LENGTHS[0] if sizes.slow(flavor) else usual, model.max_length or usual)


def _parameters(wish: Wish, model: ModelFacts, data: DatasetFacts, choices: Choices) -> dict[str, str]:
    """Return the flags: what goes in, where it comes out, and what may vary after running out of memory."""
    said = {
        "config": CONFIG,
        "model": model.id,
        "model-revision": model.revision,
        "model-name": spoken(model.id),
        "model-licence": model.licence,
        "dataset": data.id,
        "dataset-revision": data.revision,
        "dataset-name": spoken(data.id),
        "dataset-licence": data.licence,
        "train-split": choices.get("train-split", ""),
        "eval-split": choices.get("eval-split", ""),
        "batch-size": choices.get("batch-size", "16"),
        "accumulation": choices.get("accumulation", "1"),
        "gradient-checkpointing": choices.get("gradient-checkpointing", ""),
        "evaluate-only": "true" if wish.verb == "evaluate" else "",
        "time-limit-minutes": str(wish.timeout_minutes),
    }
    return {name: value for name, value in said.items() if value}


def spoken(name: str) -> str:
    """Return what people call a model or data set: the id, or of a folder its last name that says something."""
    path = PurePosixPath(name)
    if not path.is_absolute() and not name.startswith("."):
        return name
    return next((part for part in reversed(path.parts) if part not in {"model", "models", "data", "/", "."}), name)


def _job(wish: Wish, model: ModelFacts, data: DatasetFacts, parameters: Parameters, choices: Choices) -> JobSpec:
    """Return the job, with what may vary under the same approval."""
    batch, accumulation = int(choices.get("batch-size", "16")), int(choices.get("accumulation", "1"))
    return JobSpec(
        script=SCRIPT,
        parameters=parameters,
        variations=variations(batch, accumulation, learns=wish.verb == "train"),
        flavor=wish.flavor,
        timeout_minutes=wish.timeout_minutes,
        dependencies=DEPENDENCIES,
        model=model.id,
        model_revision=model.revision,
        dataset=data.id,
        dataset_revision=data.revision,
        output=OUTPUT,
    )


def variations(batch: int, accumulation: int, *, learns: bool) -> tuple[Parameters, ...]:
    """Return what may be tried after running out of memory, in this order, without changing what is learned.

    The batch is halved and the accumulation doubled, so that their product stays; then the same once more with activations
    computed twice. Reading alone accumulates nothing.
    """
    halved: list[dict[str, str]] = []
    while batch > 1 and batch % 2 == 0:
        batch, accumulation = batch // 2, accumulation * 2
        halved.append({"batch-size": str(batch)} | ({"accumulation": str(accumulation)} if learns else {}))
    again = [{}, *halved] if learns else []
    return (*halved, *({**change, "gradient-checkpointing": "true"} for change in again))


def _load(wish: Wish, model: ModelFacts, data: DatasetFacts, config: dict[str, object], choices: Choices) -> sizes.Load:
    """Return the work: tokens learned from and read, and the part of the model that learns."""
    learned, held_out = _rows(data, choices)
    length, epochs = int(str(config["max_length"])), float(str(config["epochs"]))
    batch = int(choices.get("batch-size", "16"))
    steps = int(choices.get("max-steps", "0"))
    seen = steps * batch * int(choices.get("accumulation", "1")) or round(learned * epochs)
    looked_at = min(200, learned // 10) * 3
    trains = wish.verb == "train"
    return sizes.Load(
        parameters=model.parameters,
        trained_share=(0.02 if config["lora_rank"] else 1.0) if trains else 0.0,
        train_tokens=seen * length if trains else 0,
        read_tokens=(held_out + (looked_at if trains else 0)) * length,
        batch_tokens=batch * length,
        checkpointing="gradient-checkpointing" in choices,
    )


def _reasons(
    wish: Wish,
    model: ModelFacts,
    data: DatasetFacts,
    config: dict[str, object],
    *,
    columns: tuple[ColumnFacts, ColumnFacts],
) -> tuple[str, ...]:
    """Return why these files and numbers, for the pull request."""
    text, label = columns
    learned, held_out = _rows(data)
    beginning = ", for this machine has no accelerator" if sizes.slow(wish.flavor) else ""
    shared = (
        f"{spoken(model.id)} is a {model.architecture} and can carry a head for classes",
        f"column {text.name!r} holds texts of {text.mean_chars:.0f} characters on average",
        f"column {label.name!r} holds {label.distinct} classes",
        f"{held_out} rows are held out and looked at once, at the end",
        f"the first {config['max_length']} tokens of a text are read{beginning}",
    )
    if wish.verb == "evaluate":
        return shared
    method = f"a LoRA adapter of rank {config['lora_rank']} learns" if config["lora_rank"] else "all weights learn"
    how = f"{method} from {learned} rows, {config['epochs']:g} times, at a rate of {config['learning_rate']:g} at most"
    return (
        *shared,
        how,
        "on out of memory the batch may be halved and the accumulation doubled; what is learned stays",
    )
