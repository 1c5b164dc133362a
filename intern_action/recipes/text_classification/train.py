"""Fine-tunes a language model to put texts into classes, and says how good it became on texts it never saw.

    python train.py --model DIR_OR_ID --dataset DIR_OR_ID --output-dir output
    torchrun --standalone --nproc_per_node 2 train.py ...          # several processes or GPUs, the same arguments
    python train.py --evaluate-only --model output/model --dataset DIR_OR_ID --output-dir evaluation

Read it from top to bottom: settings, data, model, training, evaluation, what is written. It needs torch, transformers, datasets,
accelerate and (for --lora-rank) peft; they are imported where they are used, so that a wrong flag is answered at once and not
after seconds of paid start-up.

Written to --output-dir:
    model/         the trained model and tokenizer, loadable with `from_pretrained`, and its model card README.md
    adapter/       with --lora-rank: the adapter alone
    metrics.json   every number, with seeds, sizes, revisions, versions (`metrics_of` is its schema, version 1)
    checkpoint/    what --resume goes on from; removed when the training is complete

Standard output is JSON lines: {"step", "loss", ...} while it learns, {"step", "eval_loss", "eval_accuracy"} on the validation
part, {"done": ...} or {"error": ...} at the end. Exit codes: 0 done · 2 settings or data are not right · 3 the loss is no longer
a number · 42 out of memory (halve --batch-size, double --accumulation: the mathematics stay the same) · 143 stopped by SIGTERM,
checkpoint saved. Under torchrun the launcher turns every failure into 1; the error line still tells.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import functools
import hashlib
import json
import math
import os
import platform
import random
import re
import resource
import shutil
import signal
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import torch
    from accelerate import Accelerator
    from datasets import Dataset, DatasetDict
    from transformers import PretrainedConfig

Value = TypeVar("Value")
Json: TypeAlias = "dict[str, Any]"
Wrapped: TypeAlias = Any
"""A model or tokenizer as transformers, peft, accelerate or torch wrapped it: they share no type."""

BAD_INPUT, DIVERGED, OUT_OF_MEMORY, TERMINATED = 2, 3, 42, 143
SCHEMA_VERSION = 1
HELD_OUT_NAMES = ("test", "validation", "valid", "dev", "eval")
LABEL_NAMES = ("label", "labels", "class", "category", "target", "intent", "sentiment")
MOST_LABELS = 200
MOST_VALIDATION_ROWS = 200
SMOKE_ROWS, SMOKE_STEPS = 32, 2


class BadInput(Exception):
    """The settings or the data are not right. The message is one line: what is wrong and what to change."""


class Diverged(Exception):
    """The loss is no longer a number."""


class Terminated(Exception):
    """SIGTERM came; the checkpoint is saved."""


# --- settings ------------------------------------------------------------------------------------------------------


def setting(default: Value, words: str) -> Value:
    """One setting: what it is when nobody says, and the words of --help."""
    return field(default=default, metadata={"words": words})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set. A flag is a name with dashes; the file given with --config uses the same names."""

    model: str = setting("", "folder or Hub id of the model to start from")
    model_revision: str = setting("", "commit of the model on the Hub")
    model_name: str = setting("", "what the model is called in the model card, where --model is a folder")
    model_licence: str = setting("", "licence of the model; read from its card when it is a folder")
    dataset: str = setting("", "folder, file or Hub id of the data set")
    dataset_revision: str = setting("", "commit of the data set on the Hub")
    dataset_name: str = setting("", "what the data set is called in the model card, where --dataset is a folder")
    dataset_licence: str = setting("", "licence of the data set; read from its card when it is a folder")
    train_split: str = setting("train", "split to learn from")
    eval_split: str = setting("", "held-out split; else test or validation, else a fifth of the training split")
    text_column: str = setting("", "column with the texts; else the one with the longest texts")
    label_column: str = setting("", "column with the classes; else one called label, class, category, target ...")
    output_dir: str = setting("output", "where everything is written")
    epochs: float = setting(1.0, "how often each text is seen")
    max_steps: int = setting(0, "optimiser steps; 0 = as --epochs says")
    batch_size: int = setting(16, "texts at once on each device")
    accumulation: int = setting(1, "batches whose gradients are added up before a step")
    learning_rate: float = setting(0.0, "the highest rate; 0 = 1e-4 for all weights, 1e-3 for LoRA")
    warmup: float = setting(0.1, "part of the steps in which the rate rises; then it falls to zero in a line")
    weight_decay: float = setting(0.01, "pull of the weights to zero")
    max_length: int = setting(128, "tokens of a text that are read")
    lora_rank: int = setting(0, "0 = train all weights; else the rank of a LoRA adapter")
    adapter_only: bool = setting(default=False, words="with LoRA, do not also save the merged model")
    gradient_checkpointing: bool = setting(default=False, words="compute activations twice instead of keeping them")
    validation_fraction: float = setting(0.1, "part of the training split that the evaluation curve is measured on")
    evaluations: int = setting(3, "points of the evaluation curve")
    log_every: int = setting(1, "steps between two lines of the log")
    checkpoint_every: int = setting(100, "steps between two checkpoints; 0 = only when stopped")
    time_limit_minutes: float = setting(0.0, "stop learning in time to evaluate and save within this limit; 0 = none")
    seed: int = setting(17, "decides order, split, new weights and dropout")
    resume: bool = setting(default=False, words="go on from the checkpoint in --output-dir, if there is one")
    evaluate_only: bool = setting(default=False, words="do not train: measure the model as it is")
    smoke: bool = setting(
        default=False, words=f"a rehearsal: {SMOKE_ROWS} texts, {SMOKE_STEPS} steps, everything written"
    )
    tiny_above: int = setting(
        300_000_000, "in a rehearsal, a model with more parameters is replaced by a tiny random one"
    )

    @property
    def rate(self) -> float:
        """The highest learning rate. An adapter starts at zero and bears ten times as much."""
        return self.learning_rate or (1e-3 if self.lora_rank else 1e-4)

    @property
    def out(self) -> Path:
        """The output folder."""
        return Path(self.output_dir)


def settings_of(words: Sequence[str]) -> Settings:
    """The settings of a command line: flags, then the --config file, then the defaults.

    Raises:
        SystemExit: with code 2 and the reason on standard error.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0], allow_abbrev=False)
    parser.add_argument("--config", help="JSON file with settings; flags win over it")
    for known in fields(Settings):
        flag = "--" + known.name.replace("_", "-")
        said = f"{known.metadata['words']} (default: {known.default!r})"
        if isinstance(known.default, bool):
            parser.add_argument(flag, action="store_true", default=None, help=said)
        else:
            parser.add_argument(flag, type=type(known.default), default=None, help=said)
    given = {name: value for name, value in vars(parser.parse_args(words)).items() if value is not None}
    try:
        settings = Settings(**(settings_in_file(given.pop("config", "")) | given))
        check(settings)
    except BadInput as problem:
        parser.error(str(problem))
    return settings


def settings_in_file(path: str) -> Json:
    """What the --config file says; a name we do not know, or a value of another type, is a mistake."""
    if not path:
        return {}
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise BadInput(f"--config {path} cannot be read: {problem}") from problem
    if not isinstance(found, dict):
        raise BadInput(f"--config {path} must hold one JSON object")
    known = {setting.name: type(setting.default) for setting in fields(Settings)}
    said = {name.replace("-", "_"): value for name, value in cast("Json", found).items()}
    for name, value in said.items():
        if name not in known:
            raise BadInput(f"--config {path} has a setting {name!r} that nobody reads; --help lists all")
        if type(value) is not known[name] and not (known[name] is float and type(value) is int):
            raise BadInput(f"--config {path}: {name} must be {known[name].__name__}, not {value!r}")
    return said


def check(settings: Settings) -> None:
    """Refuse what cannot work before anything heavy is loaded."""
    for name in ("model", "dataset"):
        if not getattr(settings, name):
            raise BadInput(f"--{name} is needed: a folder or a Hub id")
    for name in ("batch_size", "accumulation", "max_length", "log_every"):
        if getattr(settings, name) < 1:
            raise BadInput(f"--{name.replace('_', '-')} must be at least 1, not {getattr(settings, name)}")
    for name in ("max_steps", "learning_rate", "lora_rank", "time_limit_minutes", "evaluations", "checkpoint_every"):
        if not getattr(settings, name) >= 0:
            raise BadInput(f"--{name.replace('_', '-')} must not be negative, but is {getattr(settings, name)}")
    if not settings.epochs > 0:
        raise BadInput(f"--epochs must be more than 0, not {settings.epochs}")
    if not 0 <= settings.validation_fraction <= 0.5 or not 0 <= settings.warmup <= 1:  # noqa: PLR2004  # half is still training
        raise BadInput("--validation-fraction must lie in 0 ... 0.5 and --warmup in 0 ... 1")


def say(**facts: object) -> None:
    """One JSON line for whoever follows."""
    print(json.dumps(facts), flush=True)


# --- data ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Texts with their classes, as positions in the list of class names."""

    texts: list[str]
    labels: list[int]

    def __len__(self) -> int:
        return len(self.texts)

    def at(self, positions: Iterable[int]) -> Rows:
        """Some of the rows."""
        chosen = list(positions)
        return Rows(texts=[self.texts[p] for p in chosen], labels=[self.labels[p] for p in chosen])

    @property
    def digest(self) -> str:
        """SHA-256 over the rows in their order: two measurements with one digest were made on the same data."""
        digest = hashlib.sha256()
        for text, label in zip(self.texts, self.labels, strict=True):
            digest.update(f"{label}\0{text}\0".encode())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """What is learned from, what the curve is measured on, and what the result is measured on."""

    names: tuple[str, ...]
    text_column: str
    label_column: str
    eval_split: str
    train: Rows
    validation: Rows
    held_out: Rows
    dropped: dict[str, int]


Pairs = list[tuple[str, str]]
"""Texts with the names of their classes."""


def load_data(settings: Settings) -> Data:
    """Read the data set and take it apart.

    Texts without words, rows without a class and training texts that are also in the held-out split are left out and counted.
    No label is ever changed.
    """
    splits = read_splits(settings)
    if settings.train_split not in splits:
        raise BadInput(
            f"the data set has no split {settings.train_split!r}, only {', '.join(splits)}; say --train-split"
        )
    text_column, label_column = columns_of(splits[settings.train_split], settings)
    eval_split = eval_split_of(settings, list(splits))
    dropped = Counter[str]()
    train = pairs_of(splits, settings.train_split, text_column, label_column, dropped)
    if eval_split:
        held_out = pairs_of(splits, eval_split, text_column, label_column, dropped)
    else:
        held_out, train = parted(train, math.ceil(len(train) / 5), settings.seed)
    names = class_names(splits[settings.train_split], label_column, train)
    train = not_in(train, held_out, dropped)
    validation_rows = min(MOST_VALIDATION_ROWS, round(len(train) * settings.validation_fraction))
    validation, train = parted(train, validation_rows, settings.seed)
    if settings.smoke:
        train, validation, held_out = (
            parted(part, SMOKE_ROWS, settings.seed)[0] for part in (train, validation, held_out)
        )
    return Data(
        names=names,
        text_column=text_column,
        label_column=label_column,
        eval_split=eval_split or f"a fifth of {settings.train_split}",
        train=rows_of(train, names, settings.train_split),
        validation=rows_of(validation, names, settings.train_split),
        held_out=rows_of(held_out, names, eval_split),
        dropped=dict(dropped),
    )


def load_held_out(settings: Settings, names: tuple[str, ...]) -> Data:
    """The held-out split alone, in the classes of a model that is measured as it is."""
    splits = read_splits(settings)
    split = eval_split_of(settings, list(splits)) or next(iter(splits))
    text_column, label_column = columns_of(splits[split], settings)
    dropped = Counter[str]()
    pairs = pairs_of(splits, split, text_column, label_column, dropped)
    if settings.smoke:
        pairs = parted(pairs, SMOKE_ROWS, settings.seed)[0]
    held_out = rows_of(in_words_of_the_model(pairs, splits[split], label_column, names), names, split)
    nothing = held_out.at(())
    return Data(
        names=names,
        text_column=text_column,
        label_column=label_column,
        eval_split=split,
        train=nothing,
        validation=nothing,
        held_out=held_out,
        dropped=dict(dropped),
    )


def read_splits(settings: Settings) -> dict[str, Dataset]:
    """The splits of a folder, a file or a data set on the Hub. No code of the data set is run.

    A data set of the Hub is read from its snapshot in the Hub's own cache, so that a machine without a network can do it too.
    """
    import datasets
    import huggingface_hub
    from datasets.exceptions import DatasetGenerationError, DatasetsError

    datasets.disable_progress_bars()
    huggingface_hub.utils.disable_progress_bars()
    name, place = settings.dataset, Path(settings.dataset)
    cache = str(settings.out / "cache")  # rows are cached beside the output, for nobody's home may be writable
    try:
        if not place.exists():
            revision = settings.dataset_revision or None
            place = Path(huggingface_hub.snapshot_download(name, repo_type="dataset", revision=revision))
        if (place / "dataset_dict.json").exists():
            found = datasets.load_from_disk(str(place))
        elif place.is_file():
            found = datasets.load_dataset(kind_of(place), data_files=str(place), cache_dir=cache)
        else:
            found = datasets.load_dataset(str(place.resolve()), cache_dir=cache)
    except (DatasetsError, DatasetGenerationError, OSError, ValueError) as problem:
        if out_of_memory(problem):
            raise
        raise BadInput(f"the data set {name} cannot be read: {first_line(problem)}") from problem
    return {str(split): rows for split, rows in cast("DatasetDict", found).items()}


def kind_of(file: Path) -> str:
    """Which reader a single file needs."""
    suffixes = {suffix.lstrip(".") for suffix in file.suffixes}
    kinds = {"jsonl": "json", "json": "json", "csv": "csv", "tsv": "csv", "parquet": "parquet"}
    return next((kind for suffix, kind in kinds.items() if suffix in suffixes), "text")


def columns_of(split: Dataset, settings: Settings) -> tuple[str, str]:
    """The text and the label column: as said, else found. A column that is not there is named with those that are."""
    there = list(split.column_names)
    for flag, column in (("--text-column", settings.text_column), ("--label-column", settings.label_column)):
        if column and column not in there:
            raise BadInput(f"there is no column {column!r}, only {', '.join(there)}; say {flag}")
    label = settings.label_column or next((name for name in LABEL_NAMES if name in there), "")
    if not label:
        raise BadInput(f"none of the columns {', '.join(there)} looks like a class; say --label-column")
    sample = split[: min(100, len(split))]
    chars = {name: sum(len(text) for text in sample[name]) for name in there if is_text(sample[name]) and name != label}
    text = settings.text_column or max(chars, key=lambda name: chars[name], default="")
    if text not in chars:
        raise BadInput(f"column {text!r} does not hold texts; say --text-column" if text else "no column holds texts")
    return text, label


def is_text(values: list[object]) -> bool:
    """Whether a column holds texts; empty places may be among them."""
    return all(value is None or isinstance(value, str) for value in values)


def eval_split_of(settings: Settings, there: list[str]) -> str:
    """The held-out split, or "" when the data set has none."""
    if settings.eval_split and settings.eval_split not in there:
        raise BadInput(f"the data set has no split {settings.eval_split!r}, only {', '.join(there)}; say --eval-split")
    found = next((name for name in HELD_OUT_NAMES if name in there), "")
    chosen = settings.eval_split or found
    if chosen == settings.train_split and not settings.evaluate_only:
        raise BadInput(f"--eval-split and --train-split are both {chosen!r}: nothing would be held out")
    return chosen


def pairs_of(
    splits: dict[str, Dataset], name: str, text_column: str, label_column: str, dropped: Counter[str]
) -> Pairs:
    """The rows of one split that have words and a class."""
    split = splits[name]
    if label_column not in split.column_names or text_column not in split.column_names:
        raise BadInput(
            f"split {name!r} lacks {text_column!r} or {label_column!r}; it has {', '.join(split.column_names)}"
        )
    known = getattr(split.features[label_column], "names", None)
    pairs: Pairs = []
    for text, value in zip(split[text_column], split[label_column], strict=True):
        label = name_of(value, known, label_column)
        if label is None:
            dropped["rows without a class"] += 1
        elif not (text or "").strip():
            dropped["texts without words"] += 1
        else:
            pairs.append((text, label))
    if not pairs:
        raise BadInput(f"split {name!r} is empty: it has {len(split)} rows and none has both a text and a class")
    return pairs


def name_of(value: object, known: list[str] | None, column: str) -> str | None:
    """The class of one row as a name; None when it has none (the Hub writes -1)."""
    if value is None or value == "" or (known is not None and value == -1):
        return None
    if known is not None and isinstance(value, int):
        return known[value]
    if isinstance(value, float) and not value.is_integer():
        raise BadInput(f"column {column!r} holds measurements ({value}), not classes; this recipe cannot learn those")
    if not isinstance(value, str | int | float):
        raise BadInput(f"column {column!r} holds {type(value).__name__}s, not one class a row; say --label-column")
    return str(value) if isinstance(value, str | bool) else str(int(value))


def class_names(split: Dataset, label_column: str, pairs: Pairs) -> tuple[str, ...]:
    """The classes that can be learned, in the data set's own order, else sorted (numbers as numbers)."""
    seen = {label for _, label in pairs}
    if len(seen) == 1:
        raise BadInput(f"the training split holds one class only ({seen.pop()!r}); there is nothing to tell apart")
    if len(seen) > min(MOST_LABELS, len(pairs) // 2):
        raise BadInput(
            f"column {label_column!r} has {len(seen)} values in {len(pairs)} rows, so it holds no classes; say --label-column"
        )
    known = getattr(split.features[label_column], "names", None)
    return tuple(
        known
        or sorted(
            seen,
            key=lambda name: (not name.lstrip("-").isdigit(), int(name) if name.lstrip("-").isdigit() else 0, name),
        )
    )


def parted(pairs: Pairs, count: int, seed: int) -> tuple[Pairs, Pairs]:
    """About `count` rows drawn evenly from the classes, and the others. Every class keeps its share."""
    by_label: dict[str, Pairs] = {}
    for pair in pairs:
        by_label.setdefault(pair[1], []).append(pair)
    drawn, others = [], []
    draw = random.Random(seed)  # noqa: S311  # a draw that anyone can repeat, not a secret
    for label in sorted(by_label):
        rows = by_label[label]
        draw.shuffle(rows)
        share = min(len(rows), math.ceil(count * len(rows) / len(pairs)))
        drawn += rows[:share]
        others += rows[share:]
    return drawn, others


def not_in(train: Pairs, held_out: Pairs, dropped: Counter[str]) -> Pairs:
    """The training rows whose words are not in the held-out rows: what is asked in the exam is not in the book."""
    seen = {bare(text) for text, _ in held_out}
    kept = [(text, label) for text, label in train if bare(text) not in seen]
    if len(kept) < len(train):
        dropped["training texts that are also held out"] += len(train) - len(kept)
    if not kept:
        raise BadInput("every training text is also in the held-out split; nothing is left to learn from")
    return kept


def bare(text: str) -> str:
    """The letters and digits of a text: what stays when case, spaces and marks change."""
    return re.sub(r"[\W_]+", " ", text.lower()).strip() or text


def in_words_of_the_model(pairs: Pairs, split: Dataset, label_column: str, names: tuple[str, ...]) -> Pairs:
    """The rows with the model's names of the classes: the same word in another case, or the same number (LABEL_1)."""
    known: list[str] = getattr(split.features[label_column], "names", None) or []
    spelled = {name.lower(): name for name in names}
    numbered = {str(position): name for position, name in enumerate(names) if name == f"LABEL_{position}"}
    numbered |= {word: numbered[str(position)] for position, word in enumerate(known) if str(position) in numbered}
    found = {label: spelled.get(label.lower()) or numbered.get(label) for _, label in pairs}
    strange = sorted(label for label, name in found.items() if name is None)
    if strange:
        raise BadInput(
            f"the model tells {', '.join(names)} apart, but the data set has {', '.join(strange[:5])}; they do not fit"
        )
    return [(text, cast("str", found[label])) for text, label in pairs]


def rows_of(pairs: Pairs, names: tuple[str, ...], split: str) -> Rows:
    """Classes as numbers. A held-out class that was never taught could never be found: that is a mistake in the data."""
    number = {name: position for position, name in enumerate(names)}
    strange = sorted({label for _, label in pairs} - set(number))
    if strange:
        raise BadInput(f"split {split!r} has classes that the training split lacks: {', '.join(strange[:5])}")
    return Rows(texts=[text for text, _ in pairs], labels=[number[label] for _, label in pairs])


# --- the model -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """A model with its tokenizer. `tiny` says that it stands in for a bigger one."""

    model: Wrapped
    tokenizer: Wrapped
    tiny: bool
    parameters: int
    trainable: int
    max_length: int

    def encoded(self, texts: list[str]) -> Wrapped:
        """The texts as tensors, filled up to the longest of them."""
        return self.tokenizer(texts, truncation=True, max_length=self.max_length, padding=True, return_tensors="pt")


def load_learner(settings: Settings, names: tuple[str, ...]) -> Learner:
    """The model with a classification head for `names`, ready to learn as the settings say."""
    import transformers

    config = load_config(settings)
    revision = settings.model_revision or None
    config.num_labels = len(names)
    config.id2label, config.label2id = dict(enumerate(names)), {name: number for number, name in enumerate(names)}
    config.problem_type = "single_label_classification"
    tokenizer = guarded(lambda: transformers.AutoTokenizer.from_pretrained(settings.model, revision=revision), settings)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token  # decoders have none, and need one to read several texts at once
    config.pad_token_id = tokenizer.pad_token_id
    tiny = settings.smoke and size_of(config) > settings.tiny_above
    kind = transformers.AutoModelForSequenceClassification
    if tiny:
        model = guarded(lambda: kind.from_config(shrunk(config)), settings)
    else:
        model = guarded(
            lambda: kind.from_pretrained(settings.model, revision=revision, config=config, dtype="float32"), settings
        )
    return ready(model, tokenizer, settings, tiny=tiny)


def ready(model: Wrapped, tokenizer: Wrapped, settings: Settings, *, tiny: bool) -> Learner:
    """The learner, with adapter and checkpointing where they are wanted."""
    parameters = sum(weight.numel() for weight in model.parameters())
    if settings.gradient_checkpointing:
        model.config.use_cache = False
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    if settings.lora_rank:
        model = with_adapter(model, settings.lora_rank)
    trainable = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    most = getattr(model.config, "max_position_embeddings", None) or settings.max_length
    length = min(settings.max_length, most, tokenizer.model_max_length)
    return Learner(
        model=model, tokenizer=tokenizer, tiny=tiny, parameters=parameters, trainable=trainable, max_length=length
    )


def with_adapter(model: Wrapped, rank: int) -> Wrapped:
    """The model with low-rank adapters in every linear layer; only they and the new head learn."""
    import peft

    wanted = peft.LoraConfig(
        task_type=peft.TaskType.SEQ_CLS, r=rank, lora_alpha=2 * rank, lora_dropout=0.05, target_modules="all-linear"
    )
    return peft.get_peft_model(model, wanted)


def load_config(settings: Settings) -> PretrainedConfig:
    """What the model is, without its weights."""
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    revision = settings.model_revision or None
    return guarded(lambda: transformers.AutoConfig.from_pretrained(settings.model, revision=revision), settings)


def guarded(load: Callable[[], Wrapped], settings: Settings) -> Wrapped:
    """What `load` gives; that it cannot is the settings' fault and said in one line."""
    try:
        return load()
    except (OSError, ValueError, KeyError, ImportError) as problem:
        if out_of_memory(problem):
            raise
        raise BadInput(f"the model {settings.model} cannot be loaded: {first_line(problem)}") from problem


def size_of(config: PretrainedConfig) -> int:
    """The parameters of a model of this configuration, counted without making them."""
    import torch
    import transformers

    with torch.device("meta"):
        model = transformers.AutoModelForSequenceClassification.from_config(config)
    return sum(weight.numel() for weight in model.parameters())


def shrunk(config: PretrainedConfig) -> PretrainedConfig:
    """The same architecture, tiny. The vocabulary stays, so that the real tokenizer fits."""
    small = {2: ("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
             4: ("num_attention_heads", "n_head", "n_heads", "num_heads"),
             64: ("hidden_size", "n_embd", "dim", "d_model", "embedding_size"),
             128: ("intermediate_size", "n_inner", "hidden_dim", "d_ff", "ffn_dim"),
             16: ("head_dim",)}  # fmt: skip
    for value, keys in small.items():
        for key in keys:
            if isinstance(getattr(config, key, None), int):
                setattr(config, key, value)
    if isinstance(getattr(config, "num_key_value_heads", None), int):
        config.num_key_value_heads = 2
    if isinstance(getattr(config, "layer_types", None), list):
        config.layer_types = config.layer_types[:2]
    return config


def load_finished(settings: Settings) -> tuple[Learner, tuple[str, ...]]:
    """A model that can already tell classes apart, as it is, with their names."""
    import transformers

    config = load_config(settings)
    known = cast("dict[int, str]", config.id2label)
    names = tuple(str(known[number]) for number in sorted(known))
    revision, kind = settings.model_revision or None, transformers.AutoModelForSequenceClassification
    tokenizer = guarded(lambda: transformers.AutoTokenizer.from_pretrained(settings.model, revision=revision), settings)
    model, report = guarded(
        lambda: kind.from_pretrained(settings.model, revision=revision, output_loading_info=True), settings
    )
    if report["missing_keys"]:
        missing = ", ".join(sorted(report["missing_keys"])[:3])
        raise BadInput(
            f"the model {settings.model} was never taught to classify ({missing} are missing): train it before it is evaluated"
        )
    return ready(model, tokenizer, settings, tiny=False), names


# --- training ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything one run works with. `began` is the monotonic second of its start."""

    settings: Settings
    accelerator: Accelerator
    learner: Learner
    data: Data
    began: float

    @property
    def each(self) -> int:
        """Rows of one step, over all devices."""
        return self.settings.batch_size * self.settings.accumulation * self.accelerator.num_processes

    def mine(self, rows: list[int]) -> list[int]:
        """The part of some rows that this process takes."""
        return rows[self.accelerator.process_index :: self.accelerator.num_processes]


@dataclass(slots=True, kw_only=True)
class Course:
    """How far the training is, and what it was like so far."""

    total: int
    step: int = 0
    stopped: str = "complete"
    train: list[dict[str, float]] = field(default_factory=list["dict[str, float]"])
    evaluation: list[dict[str, float]] = field(default_factory=list["dict[str, float]"])
    seconds: float = 0.0


def steps_in_all(settings: Settings, rows: int, each: int) -> int:
    """Optimiser steps of the whole training."""
    if settings.smoke:
        return SMOKE_STEPS
    return settings.max_steps or max(1, math.ceil(settings.epochs * rows / each))


def rate_at(step: int, total: int, warmup: float, highest: float) -> float:
    """The learning rate of a step (from 0): up in a line, then down in a line, never zero while it matters."""
    rising = math.ceil(total * warmup)
    if step < rising:
        return highest * (step + 1) / rising
    return highest * (total - step) / max(1, total - rising)


def rows_at(step: int, each: int, rows: int, seed: int) -> list[int]:
    """The rows of one step, over all devices. A pure function of its arguments: nothing has to be kept to go on.

    The epochs' orders stand one after the other, and step k takes the k-th `each` of them, so every step is full.
    """
    taken: list[int] = []
    while len(taken) < each:
        epoch, begin = divmod(step * each + len(taken), rows)
        taken += order_of(epoch, rows, seed)[begin : begin + each - len(taken)]
    return taken


@functools.lru_cache(maxsize=2)
def order_of(epoch: int, rows: int, seed: int) -> list[int]:
    """The order of the rows in one epoch."""
    order = list(range(rows))
    random.Random(f"{seed}/{epoch}").shuffle(order)  # noqa: S311  # a draw that anyone can repeat, not a secret
    return order


def train(run: Run) -> tuple[Wrapped, Course]:
    """Teach the model; returns it as the accelerator wraps it, and how it went."""
    settings, accelerator, rows = run.settings, run.accelerator, run.data.train
    model, optimizer = accelerator.prepare(run.learner.model, optimizer_for(run.learner.model, settings))
    accelerator.unwrap_model(model, keep_fp32_wrapper=False)  # `learn` narrows the numbers itself, evaluating does not
    course = Course(total=steps_in_all(settings, len(rows), run.each))
    go_on(course, run)
    looks = {math.ceil(course.total * (n + 1) / settings.evaluations) for n in range(settings.evaluations)}
    with Stopping(run) as stop:
        while course.step < course.total and stop.reason is None:
            start = time.monotonic()
            rate = rate_at(course.step, course.total, settings.warmup, settings.rate)
            chosen = rows.at(run.mine(rows_at(course.step, run.each, len(rows), settings.seed)))
            loss = learn(run, model, optimizer, chosen, rate)
            course.step += 1
            course.seconds += time.monotonic() - start
            note(run, course, loss, rate)
            if course.step in looks and len(run.data.validation):
                look(run, model, course)
            stop.think(course)
            if stop.reason or (settings.checkpoint_every and course.step % settings.checkpoint_every == 0):
                save_checkpoint(run, course)
    course.stopped = stop.reason or "complete"
    if course.stopped == "terminated":
        raise Terminated
    return model, course


def optimizer_for(model: Wrapped, settings: Settings) -> torch.optim.Optimizer:
    """AdamW; biases and norms are not pulled to zero."""
    import torch

    learning = [weight for weight in model.parameters() if weight.requires_grad]
    groups = [
        {"params": [weight for weight in learning if weight.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [weight for weight in learning if weight.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.rate, fused=True)


def learn(run: Run, model: Wrapped, optimizer: Wrapped, rows: Rows, rate: float) -> float:
    """One step: gradients over this device's batches, added up, then applied. Returns the mean loss over all devices."""
    import torch

    model.train()
    total = torch.zeros((), device=run.accelerator.device)
    for begin in range(0, len(rows), run.settings.batch_size):
        part = rows.at(range(begin, min(begin + run.settings.batch_size, len(rows))))
        last = begin + run.settings.batch_size >= len(rows)
        with contextlib.nullcontext() if last else run.accelerator.no_sync(model):
            with run.accelerator.autocast():
                loss = losses_of(run, model, part)[0].sum() / len(rows)
            run.accelerator.backward(loss)
        total += loss.detach()
    mean = float(cast("torch.Tensor", run.accelerator.reduce(total, reduction="mean")))
    norm = float(cast("torch.Tensor", run.accelerator.clip_grad_norm_(model.parameters(), 1.0)))
    if not math.isfinite(mean) or not math.isfinite(norm):
        raise Diverged(f"loss {mean}, gradient {norm}: try a smaller --learning-rate than {run.settings.rate:g}")
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    optimizer.zero_grad()
    return mean


def losses_of(run: Run, model: Wrapped, rows: Rows) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss of each row, and what the model says of it."""
    import torch

    inputs = run.learner.encoded(rows.texts).to(run.accelerator.device)
    logits = model(**inputs).logits.float()
    labels = torch.tensor(rows.labels, device=run.accelerator.device)
    return torch.nn.functional.cross_entropy(logits, labels, reduction="none"), logits


def note(run: Run, course: Course, loss: float, rate: float) -> None:
    """Keep and say how the step went."""
    course.train.append({"step": course.step, "loss": round(loss, 6), "learning_rate": rate})
    due = course.step % run.settings.log_every == 0 or course.step == course.total
    if due and run.accelerator.is_main_process:
        seconds = round(course.seconds, 1)
        say(step=course.step, of=course.total, loss=round(loss, 6), learning_rate=round(rate, 9), seconds=seconds)


def look(run: Run, model: Wrapped, course: Course) -> None:
    """One point of the evaluation curve, on the validation part. Nothing is chosen by it; held-out rows stay untouched."""
    rows = run.data.validation
    found = answers(run, model, rows)
    share = sum(said == true for said, true in zip(found.labels, rows.labels, strict=True)) / len(rows)
    course.evaluation.append({"step": course.step, "loss": round(found.loss, 6), "accuracy": round(share, 6)})
    if run.accelerator.is_main_process:
        say(step=course.step, eval_loss=round(found.loss, 6), eval_accuracy=round(share, 6))


class Stopping:
    """Why to stop before the last step: the time limit, or SIGTERM. All processes come to the same answer."""

    def __init__(self, run: Run) -> None:
        self.reason: str | None = None
        self._accelerator = run.accelerator
        limit_seconds = run.settings.time_limit_minutes * 60
        self._deadline = run.began + 0.8 * limit_seconds if limit_seconds else math.inf  # the rest: evaluate and save
        self._told = False
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGTERM, self._tell)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGTERM, self._before)

    def _tell(self, *_: object) -> None:
        self._told = True

    def think(self, course: Course) -> None:
        """Decide after a step; one that would end too late is not begun."""
        import torch

        now = time.monotonic()
        late = course.step < course.total and now + (now - self._last) > self._deadline
        self._last = now
        worst = torch.tensor([2 if self._told else int(late)], device=self._accelerator.device)
        if self._accelerator.num_processes > 1:
            worst = cast("torch.Tensor", self._accelerator.gather(worst)).max()
        self.reason = {0: None, 1: "time limit", 2: "terminated"}[int(worst)]


# --- checkpoints ---------------------------------------------------------------------------------------------------

SAME = (
    "model",
    "model_revision",
    "seed",
    "lora_rank",
    "max_steps",
    "epochs",
    "learning_rate",
    "warmup",
    "weight_decay",
    "max_length",
    "smoke",
)


def marks(run: Run) -> dict[str, object]:
    """What must be the same to go on. Batch and accumulation may change as long as their product stays."""
    same = {name: getattr(run.settings, name) for name in SAME}
    return same | {"rows of a step": run.each, "training rows": run.data.train.digest}


def save_checkpoint(run: Run, course: Course) -> None:
    """Weights, optimiser, random states and the course, made in a new folder that then takes the old one's place."""
    place, new = run.settings.out / "checkpoint", run.settings.out / "checkpoint.new"
    run.accelerator.save_state(str(new))
    if run.accelerator.is_main_process:
        write_json(new / "course.json", {"marks": marks(run), "course": asdict(course)})
        shutil.rmtree(place, ignore_errors=True)
        new.rename(place)
    run.accelerator.wait_for_everyone()


def go_on(course: Course, run: Run) -> None:
    """With --resume, put the course, the weights and the random states where the checkpoint left them."""
    place = run.settings.out / "checkpoint"
    if not run.settings.resume or not (place / "course.json").exists():
        return
    state = json.loads((place / "course.json").read_text(encoding="utf-8"))
    other = [name for name, value in marks(run).items() if state["marks"].get(name) != value]
    if other:
        raise BadInput(
            f"the checkpoint in {place} was made with another {', '.join(other)}: drop --resume to start again"
        )
    run.accelerator.load_state(str(place))
    for name in ("step", "train", "evaluation", "seconds"):
        setattr(course, name, state["course"][name])
    if run.accelerator.is_main_process:
        say(resumed_at=course.step, of=course.total)


# --- evaluation ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the model said of some rows, in their order."""

    labels: list[int]
    losses: list[float]

    @property
    def loss(self) -> float:
        """The mean loss."""
        return sum(self.losses) / len(self.losses)


def answers(run: Run, model: Wrapped, rows: Rows) -> Answers:
    """Ask the model about every row. Rows of like length go together, so that little is filled up."""
    import torch
    from accelerate.utils import gather_object

    plain = run.accelerator.unwrap_model(model)  # processes may have unlike numbers of batches; none waits for another
    plain.eval()
    mine = run.mine(sorted(range(len(rows)), key=lambda position: len(rows.texts[position])))
    found: list[tuple[int, int, float]] = []
    with torch.no_grad():
        for begin in range(0, len(mine), run.settings.batch_size):
            part = mine[begin : begin + run.settings.batch_size]
            losses, logits = losses_of(run, plain, rows.at(part))
            found += zip(part, logits.argmax(-1).tolist(), losses.tolist(), strict=True)
    everything = sorted(cast("list[tuple[int, int, float]]", gather_object(found)))
    return Answers(labels=[label for _, label, _ in everything], losses=[loss for _, _, loss in everything])


def scores_of(true: list[int], said: Answers, names: tuple[str, ...], seed: int) -> Json:
    """Every number about the answers, with 95 % intervals: the part of metrics.json that is about quality."""
    count = len(true)
    confusion = [[0] * len(names) for _ in names]
    for truth, label in zip(true, said.labels, strict=True):
        confusion[truth][label] += 1
    classes = class_scores(confusion, names)
    right = sum(confusion[n][n] for n in range(len(names)))
    low, high = wilson(right, count)
    spread = 1.96 * math.sqrt(sum((loss - said.loss) ** 2 for loss in said.losses) / max(1, count - 1) / count)
    f1_low, f1_high = macro_f1_interval(confusion, seed)
    return {
        "metrics": {
            "accuracy": right / count,
            "macro_f1": macro_f1(confusion),
            "loss": said.loss,
            "majority_baseline": max(Counter(true).values()) / count,
        },
        "intervals": {
            "accuracy": {"low": low, "high": high, "level": 0.95, "method": "wilson"},
            "macro_f1": {"low": f1_low, "high": f1_high, "level": 0.95, "method": "bootstrap"},
            "loss": {"low": said.loss - spread, "high": said.loss + spread, "level": 0.95, "method": "normal"},
        },
        "classes": classes,
        "confusion": {"labels": list(names), "rows": confusion},
    }


def class_scores(confusion: list[list[int]], names: tuple[str, ...]) -> list[Json]:
    """Precision, recall and F1 of each class. What was never said, or never there, scores 0."""
    scores: list[Json] = []
    for n, name in enumerate(names):
        right, there, found = confusion[n][n], sum(confusion[n]), sum(row[n] for row in confusion)
        precision, recall = right / max(1, found), right / max(1, there)
        f1 = 2 * right / max(1, there + found)
        scores.append({"name": name, "precision": precision, "recall": recall, "f1": f1, "support": there})
    return scores


def macro_f1(confusion: list[list[int]]) -> float:
    """The mean F1 of the classes that occur: rare ones count as much as common ones."""
    present = [n for n in range(len(confusion)) if sum(confusion[n]) or any(row[n] for row in confusion)]
    return sum(2 * confusion[n][n] / (sum(confusion[n]) + sum(row[n] for row in confusion)) for n in present) / len(
        present
    )


def wilson(right: int, count: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927); it holds at 0 and 1 and for few rows too."""
    share, square = right / count, z * z / count
    middle = (share + square / 2) / (1 + square)
    reach = z * math.sqrt(share * (1 - share) / count + square / (4 * count)) / (1 + square)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def macro_f1_interval(confusion: list[list[int]], seed: int, draws: int = 1000) -> tuple[float, float]:
    """The 95 % percentile interval from confusion tables drawn anew (bootstrap over the held-out rows)."""
    import numpy as np

    table = np.asarray(confusion)
    drawn = np.random.default_rng(seed).multinomial(table.sum(), table.ravel() / table.sum(), size=draws)
    scores = sorted(macro_f1(one.reshape(table.shape).tolist()) for one in drawn)
    return scores[round(0.025 * (draws - 1))], scores[round(0.975 * (draws - 1))]


# --- what is written -----------------------------------------------------------------------------------------------


def metrics_of(run: Run, task: str, scores: Json, course: Course) -> Json:
    """metrics.json, version 1: numbers about quality from `scores_of`, and everything it takes to repeat them."""
    settings, data, learner = run.settings, run.data, run.learner
    return {
        "schema_version": SCHEMA_VERSION,
        "recipe": "text_classification",
        "task": task,
        "smoke": settings.smoke,
        **scores,
        "curve": {"train": course.train, "evaluation": course.evaluation},
        "steps": {"done": course.step, "planned": course.total, "stopped": course.stopped},
        "data": {
            "id": settings.dataset_name or settings.dataset,
            "revision": settings.dataset_revision,
            "text_column": data.text_column,
            "label_column": data.label_column,
            "held_out_split": data.eval_split,
            "held_out_digest": data.held_out.digest,
            "rows": {"train": len(data.train), "validation": len(data.validation), "held_out": len(data.held_out)},
            "dropped": data.dropped,
        },
        "model": {
            "id": settings.model_name or settings.model,
            "revision": settings.model_revision,
            "parameters": learner.parameters,
            "trainable_parameters": learner.trainable,
            "max_length": learner.max_length,
            "tiny_stand_in": learner.tiny,
        },
        "arguments": asdict(settings) | {"learning_rate": settings.rate},
        "seed": settings.seed,
        "versions": versions(),
        "hardware": hardware(),
        "duration_seconds": round(time.monotonic() - run.began, 2),
        "training_seconds": round(course.seconds, 2),
        "peak_memory_bytes": peak_memory_bytes(),
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def versions() -> dict[str, str]:
    """What it was made with."""
    found = {"python": platform.python_version()}
    for package in ("torch", "transformers", "datasets", "peft", "accelerate", "numpy"):
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def hardware() -> Json:
    """What it ran on."""
    import torch
    from accelerate import PartialState

    state = PartialState()
    kind = str(state.device).partition(":")[0]
    accelerator = torch.cuda.get_device_name() if kind == "cuda" else kind
    return {"accelerator": accelerator, "processes": state.num_processes, "threads": torch.get_num_threads()}


def peak_memory_bytes() -> dict[str, int]:
    """The most memory this process ever held, on the machine and on its accelerator."""
    import torch

    unit = 1 if sys.platform == "darwin" else 1024
    peak = {"host": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}
    if torch.cuda.is_available():
        peak["accelerator"] = torch.cuda.max_memory_allocated()
    return peak


def write_json(path: Path, content: object) -> None:
    """A whole file or none; NaN is no JSON and never written."""
    new = path.with_name(path.name + ".new")
    new.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    new.replace(path)


def save_model(run: Run, model: Wrapped, metrics: Json) -> None:
    """The model, its tokenizer and its card; with LoRA the adapter alone too, and the model with it merged in."""
    out, plain, tokenizer = run.settings.out, run.accelerator.unwrap_model(model), run.learner.tokenizer
    tokenizer.model_max_length = run.learner.max_length  # so that `truncation=True` reads what was read here, anywhere
    for name in ("model", "adapter"):
        shutil.rmtree(out / name, ignore_errors=True)
    saved = {}
    if run.settings.lora_rank:
        plain.save_pretrained(out / "adapter")
        saved[out / "adapter"] = "peft"
        plain = None if run.settings.adapter_only else plain.merge_and_unload()
    if plain is not None:
        plain.save_pretrained(out / "model")
        saved[out / "model"] = "transformers"
    for folder, library in saved.items():
        tokenizer.save_pretrained(folder)
        (folder / "README.md").write_text(card_of(metrics, run.settings, library), encoding="utf-8")


REHEARSED = "> A rehearsal: this model learned for two steps and is good for nothing.\n\n"
CLASS_ROW = "| {name} | {precision:.3f} | {recall:.3f} | {f1:.3f} | {support} |"


def licence_of(said: str, folder: str) -> str:
    """The licence as said, else as the card in a folder says, else unknown."""
    card = Path(folder) / "README.md"
    if said or not card.is_file():
        return said or "unknown"
    found = re.search(r"\A---\n(?:.*\n)*?licen[sc]e: *[\"']?([\w.+-]+)", card.read_text(encoding="utf-8"))
    return found[1] if found else "unknown"


def card_metadata(metrics: Mapping[str, Any], name: str, licence: str, library: str) -> str:
    """The card's front matter, as the Hub reads it (model-index). JSON is YAML."""
    model, data, quality = metrics["model"]["id"], metrics["data"], metrics["metrics"]
    results = [
        {"type": kind, "name": words, "value": round(quality[key], 4)}
        for kind, words, key in (
            ("accuracy", "Accuracy", "accuracy"),
            ("f1", "Macro F1", "macro_f1"),
            ("loss", "Loss", "loss"),
        )
    ]
    shown = {"name": data["id"], "type": data["id"], "split": data["held_out_split"]} | (
        {"revision": data["revision"]} if data["revision"] else {}
    )
    header = {
        "license": licence if licence != "unknown" else None,
        "library_name": library,
        "pipeline_tag": "text-classification",
        "base_model": model if is_hub_id(model) else None,
        "datasets": [data["id"]] if is_hub_id(data["id"]) else None,
        "metrics": ["accuracy", "f1"],
        "model-index": [
            {"name": name, "results": [{"task": {"type": "text-classification"}, "dataset": shown, "metrics": results}]}
        ],
    }
    return "\n".join(f"{key}: {json.dumps(value)}" for key, value in header.items() if value is not None)


def card_of(metrics: Mapping[str, Any], settings: Settings, library: str) -> str:
    """The model card: metadata for the Hub, then the same for people.

    `library` is what loads the folder: transformers, or peft for an adapter.
    """
    data, model, dataset = metrics["data"], metrics["model"]["id"], metrics["data"]["id"]
    name = f"{Path(model).name}-{Path(dataset).name}"
    licence = licence_of(settings.model_licence, settings.model)
    return CARD.format(
        front=card_metadata(metrics, name, licence, library),
        name=name,
        warning=REHEARSED if metrics["smoke"] else "",
        model=model,
        model_revision=metrics["model"]["revision"] or "not recorded",
        licence=licence,
        dataset=dataset,
        dataset_revision=data["revision"] or "not recorded",
        dataset_licence=licence_of(settings.dataset_licence, settings.dataset),
        table=card_table(metrics["metrics"], metrics["intervals"]),
        classes="\n".join(CLASS_ROW.format(**one) for one in metrics["classes"]),
        split=data["held_out_split"],
        rows=data["rows"],
        dropped="; ".join(f"{count} {why}" for why, count in data["dropped"].items()) or "nothing",
        digest=data["held_out_digest"][:16],
        load=HOW_TO_LOAD[library],
        **how_it_learned(metrics, settings),
    )


def how_it_learned(metrics: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """The card's words on the training."""
    return {
        "method": f"LoRA of rank {settings.lora_rank} in every linear layer" if settings.lora_rank else "All weights",
        "trainable": metrics["model"]["trainable_parameters"],
        "steps": metrics["steps"],
        "each": settings.batch_size * settings.accumulation * metrics["hardware"]["processes"],
        "rate": settings.rate,
        "length": metrics["model"]["max_length"],
        "seed": settings.seed,
        "hardware": metrics["hardware"]["accelerator"],
        "minutes": metrics["duration_seconds"] / 60,
        "versions": ", ".join(f"{package} {number}" for package, number in metrics["versions"].items()),
    }


def is_hub_id(name: str) -> bool:
    """Whether the name could be a repository on the Hub, which its card may then link to."""
    return bool(re.fullmatch(r"[\w.-]+/[\w.-]+", name)) and not name.startswith(".") and not Path(name).exists()


def card_table(quality: Mapping[str, float], intervals: Mapping[str, Mapping[str, float]]) -> str:
    """The rows of the card's table of numbers."""
    rows: list[str] = []
    for name, value in quality.items():
        within = f"{intervals[name]['low']:.4f} to {intervals[name]['high']:.4f}" if name in intervals else ""
        rows.append(f"| {name.replace('_', ' ')} | {value:.4f} | {within} |")
    return "\n".join(rows)


CARD = """---
{front}
---

# {name}

{warning}Puts a text into one of the classes below.

| made from | revision | licence |
| --- | --- | --- |
| model **{model}** | {model_revision} | {licence} |
| data set **{dataset}** | {dataset_revision} | {dataset_licence} |

## How good it is

Measured once, on {rows[held_out]} texts that it never saw (split {split}; SHA-256 of those rows `{digest}…`).
The baseline always says the most frequent class.

| | value | 95 % interval |
| --- | --- | --- |
{table}

| class | precision | recall | F1 | texts |
| --- | --- | --- | --- | --- |
{classes}

These are numbers of one training with one seed, on texts like these; they promise nothing about others.

## How to load it

It reads the first {length} tokens of a text; its tokenizer is set so.

{load}

## How it was made

{method} ({trainable:,} numbers) learned from {rows[train]} texts: {steps[done]} of {steps[planned]} steps
({steps[stopped]}), {each} texts a step, highest learning rate {rate:g}, seed {seed}, on {hardware}, in
{minutes:.1f} minutes. {rows[validation]} training texts were set aside for the evaluation curve. Left out: {dropped}.
Made with {versions}. `metrics.json` has everything.
"""

HOW_TO_LOAD = {
    "transformers": """```python
from transformers import pipeline

classify = pipeline("text-classification", model="PATH_OR_ID_OF_THIS_MODEL")
print(classify("a text", truncation=True))
```""",
    "peft": """This is a LoRA adapter; it is put on the model it was made from:

```python
from peft import AutoPeftModelForSequenceClassification
from transformers import AutoTokenizer

place = "PATH_OR_ID_OF_THIS_ADAPTER"
model, tokenizer = AutoPeftModelForSequenceClassification.from_pretrained(place), AutoTokenizer.from_pretrained(place)
print(model(**tokenizer("a text", truncation=True, return_tensors="pt")).logits)
```""",
}


# --- the whole -----------------------------------------------------------------------------------------------------


def start(settings: Settings) -> Accelerator:
    """The devices, and everything random pinned to the seed."""
    import torch
    from accelerate import Accelerator
    from accelerate.utils import set_seed

    processor_only = (
        not torch.accelerator.is_available()
    )  # said plainly, or two processes on CPUs would not find each other
    accelerator = Accelerator(mixed_precision="bf16" if half_as_wide() else "no", cpu=processor_only)
    set_seed(settings.seed)
    torch.use_deterministic_algorithms(True, warn_only=True)  # noqa: FBT003  # torch's own signature
    settings.out.mkdir(parents=True, exist_ok=True)
    return accelerator


def half_as_wide() -> bool:
    """Whether the processor multiplies 16-bit numbers faster: then it learns with them, and is measured with 32 bits."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    found = [getattr(torch.cpu, f"_is_{unit}_supported", None) for unit in ("avx512_bf16", "amx_tile")]
    return any(supported() for supported in found if supported)


def fine_tune(settings: Settings, began: float) -> None:
    """Train, evaluate on the held-out rows, write everything."""
    accelerator = start(settings)
    with accelerator.main_process_first():
        data = load_data(settings)
    learner = load_learner(settings, data.names)
    run = Run(settings=settings, accelerator=accelerator, learner=learner, data=data, began=began)
    model, course = train(run)
    said = answers(run, model, data.held_out)
    if accelerator.is_main_process:
        metrics = metrics_of(run, "train", scores_of(data.held_out.labels, said, data.names, settings.seed), course)
        save_model(run, model, metrics)
        if course.stopped == "complete":
            shutil.rmtree(settings.out / "checkpoint", ignore_errors=True)
        finish(run, metrics)
    accelerator.wait_for_everyone()
    accelerator.end_training()


def evaluate(settings: Settings, began: float) -> None:
    """Measure a finished model on the held-out rows."""
    accelerator = start(settings)
    learner, names = load_finished(settings)
    with accelerator.main_process_first():
        data = load_held_out(settings, names)
    run = Run(settings=settings, accelerator=accelerator, learner=learner, data=data, began=began)
    said = answers(run, learner.model.to(accelerator.device), data.held_out)
    if accelerator.is_main_process:
        scores = scores_of(data.held_out.labels, said, names, settings.seed)
        finish(run, metrics_of(run, "evaluate", scores, Course(total=0)))
    accelerator.wait_for_everyone()
    accelerator.end_training()


def finish(run: Run, metrics: Json) -> None:
    """Write the numbers last: where they are, everything is."""
    write_json(run.settings.out / "metrics.json", metrics)
    shutil.rmtree(run.settings.out / "cache", ignore_errors=True)
    say(done=metrics["metrics"], stopped=metrics["steps"]["stopped"], seconds=metrics["duration_seconds"])


def out_of_memory(problem: BaseException) -> bool:
    """Whether an error means that memory ran out, on the machine or on the accelerator."""
    if isinstance(problem, MemoryError) or (isinstance(problem, OSError) and problem.errno == errno.ENOMEM):
        return True
    said = str(problem).lower()
    return any(
        words in said
        for words in (
            "out of memory",
            "not enough memory",
            "can't allocate memory",
            "cannot allocate memory",
            "bad_alloc",
        )
    )


def first_line(problem: BaseException) -> str:
    """The first line of an error's message."""
    return (str(problem).strip() or type(problem).__name__).splitlines()[0][:300]


def main(words: Sequence[str]) -> int:
    """Do what the command line says; returns the exit code."""
    began = time.monotonic()
    settings = settings_of(words)
    try:
        (evaluate if settings.evaluate_only else fine_tune)(settings, began)
    except BadInput as problem:
        say(error="bad_input", message=str(problem))
        return BAD_INPUT
    except Diverged as problem:
        say(error="diverged", message=str(problem))
        return DIVERGED
    except Terminated:
        say(error="terminated", message="stopped by SIGTERM; --resume goes on from the checkpoint")
        return TERMINATED
    except (MemoryError, RuntimeError, OSError) as problem:
        if not out_of_memory(problem):
            raise
        tried = {
            name: getattr(settings, name)
            for name in ("batch_size", "accumulation", "gradient_checkpointing", "max_length")
        }
        say(error="out_of_memory", message=first_line(problem), **tried)
        return OUT_OF_MEMORY
    return 0


if __name__ == "__main__":
    # Threads that wait for each other shall sleep: spinning makes a step four times as slow where cores are shared (measured).
    # It has to stand here, for the threads' library reads it when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # noqa: TID251  # a program of its own: nobody could hand it down
    sys.exit(main(sys.argv[1:]))
