"""What text classification can take, and what it asks for: the script, its settings and the job. Knows no torch."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path

from intern_action.core.frozen import frozen
from intern_action.core.ports import RecipeCard
from intern_action.core.types import DatasetFacts, Fit, JobSpec, ModelFacts, Parameters, Wish, Work
from intern_action.recipes import _sizes as sizes
from intern_action.recipes.text_classification import columns, config, demo, model_card, splits, wishes
from intern_action.recipes.text_classification.model_card import spoken
from intern_action.recipes.text_classification.wishes import Choices

SCRIPT, CONFIG, MODEL_CARD, OUTPUT = "training/train.py", "training/config.json", "training/model_card.md", "output"
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
BIGGEST_REHEARSED = 300_000_000
"""Parameters of the biggest model that a small test on a runner takes as it is."""


@frozen
class TextClassification:
    """The card of this recipe."""

    name: str = "text_classification"

    def objections(self, wish: Wish, model: ModelFacts, data: DatasetFacts) -> tuple[str, ...]:
        """Return what speaks against it: the model's kind, the shape of the data, too little of it."""
        found: list[str] = [*_about_model(wish, model), *data.problems]
        if data.splits and not any(data.splits.values()):
            return (*found, f"there are no rows, and at least {wishes.FEWEST_ROWS} are needed: label more texts")
        try:
            choices = wishes.choices(wish)
            columns.chosen(data, choices)
            learned, _ = splits.sizes(wish, data, choices)
        except (columns.NoColumn, splits.NoSplit) as problem:
            return (*found, str(problem))
        if wish.verb == "train" and data.splits and learned < wishes.FEWEST_ROWS:
            found.append(f"{learned} rows to learn from are fewer than {wishes.FEWEST_ROWS}: label more texts")
        return tuple(found)

    def fit(self, wish: Wish, model: ModelFacts, data: DatasetFacts) -> Fit:
        """Return script, settings, job and what it will probably take."""
        choices = wishes.choices(wish)
        columns_ = columns.chosen(data, choices)
        settings = config.settings(wish, model, data, columns_, choices)
        parameters = _parameters(wish, choices)
        work = _work(wish, model, data, settings, choices)
        files = {SCRIPT: script(), CONFIG: json.dumps(settings, indent=2) + "\n"}
        if wish.verb == "train":
            files[MODEL_CARD] = model_card.text(model, data, lora_rank=int(str(settings["lora_rank"])))
            files |= demo.files(choices["demo"]) if "demo" in choices else {}
        return Fit(
            recipe=self.name,
            files=files,
            job=replace(_job(wish, model, data, parameters, choices), work=work),
            smoke_parameters=_smoke(parameters, model),
            reasons=_reasons(wish, model, data, settings, choices),
            estimate_minutes=sizes.minutes(work, wish),
            estimate_memory_gb=sizes.memory_gb(work, wish),
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


def _parameters(wish: Wish, choices: Choices) -> dict[str, str]:
    """Return the flags: what may vary after running out of memory, and what is this job's alone."""
    said = {
        "config": CONFIG,
        "batch-size": choices.get("batch-size", "16"),
        "accumulation": choices.get("accumulation", "1") if wish.verb == "train" else "",
        "gradient-checkpointing": choices.get("gradient-checkpointing", "") if wish.verb == "train" else "",
        "evaluate-only": "true" if wish.verb == "evaluate" else "",
        "resume": "true" if wish.verb == "train" else "",  # where there is no checkpoint it begins at the beginning
        "time-limit-minutes": str(wish.timeout_minutes),
    }
    return {name: value for name, value in said.items() if value}


def _smoke(parameters: Parameters, model: ModelFacts) -> Parameters:
    """Return the flags of the small test, in which a tiny model stands in for a big one."""
    stand_in = {"tiny": "true"} if model.parameters > BIGGEST_REHEARSED else {}
    return {**parameters, "smoke": "true", **stand_in}


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


def _work(wish: Wish, model: ModelFacts, data: DatasetFacts, settings: Mapping[str, object], choices: Choices) -> Work:
    """Return how much there is to do: tokens learned from and read, and how much of the model learns."""
    learned, held_out = splits.sizes(wish, data, choices)
    length, epochs = int(str(settings["max_length"])), float(str(settings.get("epochs", 0)))
    batch = int(choices.get("batch-size", "16"))
    steps = int(choices.get("max-steps", "0"))
    seen = steps * batch * int(choices.get("accumulation", "1")) or round(learned * epochs)
    looked_at = min(200, learned // 10) * 3
    trains = wish.verb == "train"
    return Work(
        parameters=model.parameters,
        method=("lora" if settings["lora_rank"] else "full") if trains else "inference",
        train_tokens=seen * length if trains else 0,
        read_tokens=(held_out + (looked_at if trains else 0)) * length,
        sequence_length=length,
        batch_size=batch,
        checkpointing="gradient-checkpointing" in choices,
    )


def _reasons(
    wish: Wish, model: ModelFacts, data: DatasetFacts, settings: Mapping[str, object], choices: Choices
) -> tuple[str, ...]:
    """Return why these files and numbers, for the pull request."""
    text, label = columns.chosen(data, choices)
    learned, held_out = splits.sizes(wish, data, choices)
    beginning = ", for this machine has no accelerator" if sizes.slow(wish) else ""
    shared = (
        f"{spoken(model.id)} is a {model.architecture} and can carry a head for classes",
        f"column {text.name!r} holds texts of {text.mean_chars:.0f} characters on average",
        f"column {label.name!r} holds {label.distinct} classes",
        f"{held_out} rows are held out and looked at once, at the end",
        f"the first {settings['max_length']} tokens of a text are read{beginning}",
    )
    if wish.verb == "evaluate":
        return shared
    method = f"a LoRA adapter of rank {settings['lora_rank']} learns" if settings["lora_rank"] else "all weights learn"
    how = f"{method} from {learned} rows, {settings['epochs']:g} times, at a rate of {settings['learning_rate']:g} at most"
    return (
        *shared,
        how,
        "on out of memory the batch may be halved and the accumulation doubled; what is learned stays",
    )
