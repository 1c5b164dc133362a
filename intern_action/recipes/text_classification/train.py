"""Fine-tunes a language model to put texts into classes, and says how good it became on texts it never saw.

    python training/train.py --config training/config.json --output-dir output
    torchrun --standalone --nproc_per_node 2 training/train.py ...     # several processes or GPUs, the same arguments

Written to --output-dir:
    model/         the trained model and its tokenizer, for `from_pretrained`, and model_card.md with the numbers as README.md
    adapter/       with --lora-rank: the adapter alone
    metrics.json   every number, with seeds, sizes, revisions, versions; written last: where it is, everything is
    checkpoint/    what --resume goes on from; removed when the training is complete

Standard output is JSON lines: {"step", "loss", ...} while it learns, {"step", "eval_loss", "eval_accuracy"} on the validation
part, {"done": ...} or {"error": ...} at the end. Exit codes: 0 done, 2 settings or data are not right, 3 the loss is no longer
a number, 42 out of memory (halve --batch-size, double --accumulation: the mathematics stay the same), 143 stopped by SIGTERM,
checkpoint saved. Under torchrun the launcher turns every failure into 1; the error line still tells.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import math
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

# Threads that wait for each other shall sleep: spinning makes a step four times as slow where cores are shared (measured).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # noqa: TID251  # a program of its own; torch reads it when imported

import datasets
import huggingface_hub
import numpy as np
import torch
import transformers
from accelerate import Accelerator
from accelerate.utils import gather_object, set_seed
from datasets import DatasetDict

BEGAN = time.monotonic()

A_FIFTH = "a fifth"
WHAT = {  # what is learned from what; a checkpoint goes on only with the same
    "model": ("", "folder or Hub id of the model to start from"),
    "model_revision": ("", "its commit on the Hub"),
    "model_name": ("", "what it is called in metrics.json, where --model is a folder"),
    "dataset": ("", "folder or Hub id of the data set"),
    "dataset_revision": ("", "its commit on the Hub"),
    "dataset_name": ("", "what it is called in metrics.json, where --dataset is a folder"),
    "text_column": ("text", "column with the texts"),
    "label_column": ("label", "column with the classes"),
    "train_split": ("train", "split to learn from"),
    "eval_split": ("test", f"held-out split, measured once, at the end; {A_FIFTH!r} takes it out of --train-split"),
    "validation_fraction": (0.1, "part of the training split that the evaluation curve is measured on"),
    "epochs": (1.0, "how often each text is seen"),
    "max_steps": (0, "optimiser steps; 0 means as --epochs says"),
    "learning_rate": (1e-4, "the highest rate; an adapter bears ten times as much as all weights"),
    "warmup": (0.1, "part of the steps in which the rate rises; then it falls to zero in a line"),
    "weight_decay": (0.01, "pull of the weights to zero"),
    "max_length": (128, "tokens of a text that are read"),
    "lora_rank": (0, "0 trains all weights; else the rank of a LoRA adapter"),
    "seed": (17, "decides order, split, new weights and dropout"),
}
HOW = {  # how it is carried out
    "output_dir": ("output", "where everything is written"),
    "batch_size": (16, "texts at once on each device"),
    "accumulation": (1, "batches whose gradients are added up before a step"),
    "gradient_checkpointing": (False, "compute activations twice instead of keeping them"),
    "evaluations": (3, "points of the evaluation curve"),
    "checkpoint_every": (100, "steps between two checkpoints; 0 means only when stopped"),
    "time_limit_minutes": (0.0, "stop learning in time to evaluate and save within this limit; 0 means none"),
    "resume": (False, "go on from the checkpoint in --output-dir, if there is one"),
    "evaluate_only": (False, "do not train: measure the model as it is"),
    "smoke": (False, "a rehearsal: a few texts, two steps, everything written"),
    "tiny": (False, "in a rehearsal, a tiny random model of the same kind, since the real one is too big for it"),
}
EXIT_CODES = {"bad_input": 2, "diverged": 3, "out_of_memory": 42, "terminated": 143}
NO_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory", "bad_alloc")
SMOKE_ROWS, SMOKE_STEPS, MOST_VALIDATION_ROWS = 32, 2, 200

Rows = list[tuple[str, str]]
"""Texts with the names of their classes."""


class Ended(Exception):
    """Why there is no result: a name in EXIT_CODES, and in one line what is wrong and what to change."""


@dataclass(kw_only=True)
class Run:
    """Everything that a run works with."""

    settings: Namespace
    accelerator: Accelerator
    classes: list[str]
    train: Rows  # what is learned from
    validation: Rows  # what the evaluation curve is measured on
    held_out: Rows  # what the result is measured on
    dropped: Counter[str]  # rows that were left out, by the reason why
    model: Any = None
    tokenizer: Any = None
    each: int = 0  # rows of a step, over all devices
    step: int = 0
    steps: int = 0
    stopped: str = "complete"
    curve: dict[str, list[dict[str, float]]] = field(default_factory=lambda: {"train": [], "evaluation": []})


def settings_of(words: list[str]) -> Namespace:
    """Flags, then the --config file, then the defaults; a mistake ends the program with 2 and the reason."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0], allow_abbrev=False)
    parser.add_argument("--config", default="", help="JSON file with settings of these names; flags win over it")
    for name, (default, meaning) in (WHAT | HOW).items():
        kind = {"action": "store_true"} if default is False else {"type": type(default), "default": default}
        parser.add_argument(f"--{name.replace('_', '-')}", help=f"{meaning} (default: {default!r})", **kind)
    config = parser.parse_args(words).config
    try:
        said = json.loads(Path(config).read_text(encoding="utf-8")).items() if config else ()
    except (OSError, ValueError, AttributeError) as problem:
        parser.error(f"--config {config} cannot be read: {problem}")
    flags = [(f"--{name.replace('_', '-')}", value) for name, value in said if value is not False]
    settings = parser.parse_args([*(name if value is True else f"{name}={value}" for name, value in flags), *words])
    for name, least in {"batch_size": 1, "accumulation": 1, "max_length": 1, "max_steps": 0, "lora_rank": 0}.items():
        if getattr(settings, name) < least:
            parser.error(f"--{name.replace('_', '-')} must be at least {least}")
    if not settings.model or not settings.dataset:
        parser.error("--model and --dataset are needed: folders or Hub ids")
    return settings


def say(**facts: object) -> None:
    """One JSON line for whoever follows."""
    print(json.dumps(facts), flush=True)


@contextlib.contextmanager
def blamed(words: str) -> Iterator[None]:
    """That something cannot be loaded is the settings' fault, and said in one line."""
    try:
        yield
    except (OSError, ValueError, KeyError, ImportError, datasets.exceptions.DatasetsError) as problem:
        if out_of_memory(problem):
            raise
        first_line = str(problem).partition("\n")[0]
        raise Ended("bad_input", f"{words}: {first_line}") from problem


# --- data ----------------------------------------------------------------------------------------------------------


def load_data(settings: Namespace) -> dict[str, Any]:
    """Read the data set and take it apart, into what `Run` has of it.

    Rows without a text or a class, and training texts that are also held out, are left out and counted. No label is changed.
    """
    splits, dropped, train = read_splits(settings), Counter[str](), Rows()
    if not settings.evaluate_only:
        train, listed = rows_of(splits, settings.train_split, settings, dropped)
    if settings.eval_split == A_FIFTH:
        held_out, train = drawn(train, len(train) // 5, settings.seed)
    else:
        held_out, listed = rows_of(splits, settings.eval_split, settings, dropped)
    seen = {bare(text) for text, _ in held_out}
    unseen = [row for row in train if bare(row[0]) not in seen]
    dropped["training texts that are also held out"] = len(train) - len(unseen)
    asked, taught = ({name for _, name in rows} for rows in (held_out, unseen))
    if not asked or not (settings.evaluate_only or (len(taught) > 1 and asked <= taught)):
        words = f"the training rows have the classes {sorted(taught)[:9]}, the held-out rows {sorted(asked)[:9]}"
        raise Ended("bad_input", f"{words}; it takes two or more, and each that is held out must be taught")
    count = min(MOST_VALIDATION_ROWS, round(len(unseen) * settings.validation_fraction))
    validation, train = drawn(unseen, count, settings.seed)
    parts = {"train": train, "validation": validation, "held_out": held_out}
    if settings.smoke:
        parts = {name: drawn(rows, SMOKE_ROWS, settings.seed)[0] for name, rows in parts.items()}
    in_order = sorted(taught, key=lambda name: name.zfill(20) if name.isdigit() else name)
    return {"classes": listed or in_order, "dropped": +dropped, **parts}


def read_splits(settings: Namespace) -> DatasetDict:
    """The splits of a folder, or of a data set on the Hub from its snapshot in the Hub's cache. No code of it is run."""
    place = Path(settings.dataset)
    with blamed(f"the data set {settings.dataset} cannot be read"):
        if not place.exists():
            revision = settings.dataset_revision or None
            place = Path(huggingface_hub.snapshot_download(settings.dataset, repo_type="dataset", revision=revision))
        if (place / "dataset_dict.json").exists():
            return datasets.load_from_disk(str(place))
        with tempfile.TemporaryDirectory(dir=settings.output_dir) as cache:  # nobody's home may be writable
            return datasets.load_dataset(str(place.resolve()), cache_dir=cache, keep_in_memory=True)


def rows_of(splits: DatasetDict, name: str, settings: Namespace, dropped: Counter[str]) -> tuple[Rows, list[str]]:
    """The rows of a split that have a text and a class, and the names of the classes where the data set lists them."""
    if name not in splits:
        raise Ended("bad_input", f"the data set has no split {name!r}, only {', '.join(splits)}")
    for column in (settings.text_column, settings.label_column):
        if column not in (there := splits[name].column_names):
            raise Ended("bad_input", f"split {name!r} has no column {column!r}, only {', '.join(there)}")
    texts, values = splits[name][settings.text_column], splits[name][settings.label_column]
    listed = getattr(splits[name].features[settings.label_column], "names", None) or []
    word = dict(enumerate(listed)).get if listed else lambda value: f"{value:g}" if isinstance(value, float) else value
    rows = [(text, word(value)) for text, value in zip(texts, values, strict=True)]
    good = [(str(text), str(label)) for text, label in rows if str(text or "").strip() and label not in {None, ""}]
    dropped["rows without a text or a class"] += len(rows) - len(good)
    return good, listed


def drawn(rows: Rows, count: int, seed: int) -> tuple[Rows, Rows]:
    """Some rows, and the others. They are drawn evenly from the rows in order of classes: each class keeps its share."""
    order = random.Random(seed).sample(rows, len(rows))  # noqa: S311  # a draw that anyone can repeat, not a secret
    order.sort(key=lambda row: row[1])
    taken = {place * len(rows) // count for place in range(count)} if count < len(rows) else set(range(len(rows)))
    return [order[place] for place in sorted(taken)], [row for n, row in enumerate(order) if n not in taken]


def bare(text: str) -> str:
    """The letters and digits of a text: what stays when case, spaces and marks change."""
    return re.sub(r"[\W_]+", " ", text.lower()).strip() or text


# --- the model -----------------------------------------------------------------------------------------------------

TINY = {"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "hidden_size": 64}
TINY |= {"intermediate_size": 128, "embedding_size": 64, "pooler_hidden_size": 64}


def load_model(settings: Namespace, classes: list[str]) -> tuple[Any, Any]:
    """The model with a new head for the classes, or, to be measured, as it is; and its tokenizer."""
    revision, kind = settings.model_revision or None, transformers.AutoModelForSequenceClassification
    with blamed(f"the model {settings.model} cannot be loaded"):
        config = transformers.AutoConfig.from_pretrained(settings.model, revision=revision)
        tokenizer = transformers.AutoTokenizer.from_pretrained(settings.model, revision=revision)
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token  # decoders have none, and need one to read several texts at once
        config.pad_token_id = tokenizer.pad_token_id
        if not settings.evaluate_only:
            config.id2label, config.label2id = dict(enumerate(classes)), {name: n for n, name in enumerate(classes)}
        if settings.smoke and settings.tiny:
            for name in [name for name in TINY if isinstance(getattr(config, name, None), int)]:
                setattr(config, name, TINY[name])
            if getattr(config, "layer_types", None):
                config.layer_types = config.layer_types[:2]
            model = kind.from_config(config)
        else:
            how = {"config": config, "dtype": torch.float32, "ignore_mismatched_sizes": not settings.evaluate_only}
            model, report = kind.from_pretrained(settings.model, revision=revision, output_loading_info=True, **how)
            if settings.evaluate_only and report["missing_keys"]:
                raise ValueError(f"it was never taught to classify, {sorted(report['missing_keys'])} are missing")
    longest = getattr(config, "max_position_embeddings", None) or settings.max_length
    tokenizer.model_max_length = min(settings.max_length, longest, tokenizer.model_max_length)
    if settings.gradient_checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    if settings.lora_rank and not settings.evaluate_only:
        import peft  # slow to import

        how = {"r": settings.lora_rank, "lora_alpha": 2 * settings.lora_rank, "lora_dropout": 0.05}
        model = peft.get_peft_model(model, peft.LoraConfig(task_type="SEQ_CLS", target_modules="all-linear", **how))
    return model, tokenizer


def renamed(rows: Rows, listed: list[str], classes: list[str]) -> Rows:
    """The rows in the words of a finished model: the same word in another case, or the same number (LABEL_1)."""
    own = {name.lower(): name for name in classes}
    own |= {str(n): name for n, name in enumerate(classes) if name == f"LABEL_{n}"}
    own |= {name.lower(): own[str(n)] for n, name in enumerate(listed) if str(n) in own}
    strange = sorted({name for _, name in rows if name.lower() not in own})
    if strange:
        raise Ended("bad_input", f"the model tells {classes[:9]} apart, but the data set has {strange[:9]}")
    return [(text, own[name.lower()]) for text, name in rows]


# --- training ------------------------------------------------------------------------------------------------------


def train(run: Run) -> None:
    """Teach the model until the last step, the time limit or SIGTERM."""
    settings, accelerator = run.settings, run.accelerator
    weights = [weight for weight in run.model.parameters() if weight.requires_grad]
    pulled = {"params": [weight for weight in weights if weight.ndim > 1], "weight_decay": settings.weight_decay}
    biases_and_norms = {"params": [weight for weight in weights if weight.ndim <= 1], "weight_decay": 0.0}
    optimizer = torch.optim.AdamW([pulled, biases_and_norms], lr=settings.learning_rate, fused=True)
    run.model, optimizer = accelerator.prepare(run.model, optimizer)
    accelerator.unwrap_model(run.model, keep_fp32_wrapper=False)  # only `learn` narrows the numbers, measuring does not
    run.steps = settings.max_steps or max(1, math.ceil(settings.epochs * len(run.train) / run.each))
    run.steps = SMOKE_STEPS if settings.smoke else run.steps
    go_on(run)
    rows = itertools.islice(in_new_orders(run.train, settings.seed), run.step * run.each, None)
    looks = {math.ceil(run.steps * (n + 1) / settings.evaluations) for n in range(settings.evaluations)}
    limit = 0.8 * 60 * settings.time_limit_minutes or math.inf  # the rest is for measuring and saving
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    while run.step < run.steps and run.stopped == "complete":
        start = time.monotonic()
        learn(run, optimizer, list(itertools.islice(rows, run.each)))
        if run.step in looks and run.validation:
            seen = {name: round(value, 6) for name, value in measured(run, run.validation)["metrics"].items()}
            run.curve["evaluation"].append({"step": run.step, "loss": seen["loss"], "accuracy": seen["accuracy"]})
            if accelerator.is_main_process:
                say(step=run.step, eval_loss=seen["loss"], eval_accuracy=seen["accuracy"])
        now = time.monotonic()
        late = run.step < run.steps and now + (now - start) - BEGAN > limit
        worst = accelerator.gather(torch.tensor([2 if told else int(late)], device=accelerator.device)).max()
        run.stopped = ("complete", "time limit", "terminated")[int(worst)]  # all processes come to the same answer
        due = settings.checkpoint_every and run.step % settings.checkpoint_every == 0
        if due or run.stopped != "complete":
            save_checkpoint(run)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if run.stopped == "terminated":
        raise Ended("terminated", "stopped by SIGTERM; --resume goes on from the checkpoint")


def in_new_orders(rows: Rows, seed: int) -> Iterator[tuple[str, str]]:
    """The rows in another order each epoch, without an end: so every step is full, and its number says which rows it takes."""
    for epoch in itertools.count():
        order = list(range(len(rows)))
        random.Random(f"{seed}/{epoch}").shuffle(order)  # noqa: S311  # a draw that anyone can repeat, not a secret
        yield from (rows[place] for place in order)


def learn(run: Run, optimizer: Any, rows: Rows) -> None:  # noqa: ANN401  # as accelerate wrapped it
    """One step: the gradients of this device's share of the rows, batch by batch, added up, then applied."""
    accelerator, settings = run.accelerator, run.settings
    mine = rows[accelerator.process_index :: accelerator.num_processes]
    total = torch.zeros((), device=accelerator.device)
    run.model.train()
    for begin in range(0, len(mine), settings.batch_size):
        last = begin + settings.batch_size >= len(mine)
        with contextlib.nullcontext() if last else accelerator.no_sync(run.model):
            with accelerator.autocast():
                loss = losses_of(run, run.model, mine[begin : begin + settings.batch_size])[0].sum() / len(mine)
            accelerator.backward(loss)
        total += loss.detach()
    loss = round(float(accelerator.reduce(total, reduction="mean")), 6)
    norm = float(accelerator.clip_grad_norm_(run.model.parameters(), 1.0))
    if not math.isfinite(loss) or not math.isfinite(norm):
        raise Ended("diverged", f"loss {loss}, gradient {norm}; try a smaller --learning-rate")
    rising = math.ceil(run.steps * settings.warmup)  # up in a line, then down in a line, never zero while it matters
    share = min((run.step + 1) / max(1, rising), (run.steps - run.step) / max(1, run.steps - rising))
    for group in optimizer.param_groups:
        group["lr"] = settings.learning_rate * share
    optimizer.step()
    optimizer.zero_grad()
    run.step += 1
    point = {"step": run.step, "loss": loss, "learning_rate": settings.learning_rate * share}
    run.curve["train"].append(point)
    if accelerator.is_main_process:
        say(**point, of=run.steps, seconds=round(time.monotonic() - BEGAN, 1))


def losses_of(run: Run, model: Any, rows: Rows) -> tuple[torch.Tensor, torch.Tensor]:  # noqa: ANN401  # wrapped or not
    """The loss of each row, and what the model says of it."""
    texts = [text for text, _ in rows]
    inputs = run.tokenizer(texts, truncation=True, padding=True, return_tensors="pt").to(run.accelerator.device)
    logits = model(**inputs).logits.float()
    labels = torch.tensor([run.classes.index(name) for _, name in rows], device=logits.device)
    return torch.nn.functional.cross_entropy(logits, labels, reduction="none"), logits


def marks(run: Run) -> dict[str, object]:
    """What must be the same to go on. Batch and accumulation may change as long as their product stays."""
    same = {name: getattr(run.settings, name) for name in WHAT}
    return same | {"rows of a step": run.each, "training rows": digest(run.train)}


def save_checkpoint(run: Run) -> None:
    """Weights, optimiser, random states and curve, made in a new folder that then takes the old one's place."""
    place = Path(run.settings.output_dir, "checkpoint")
    new = place.with_name("checkpoint.new")
    run.accelerator.save_state(str(new))
    if run.accelerator.is_main_process:
        write_json(new / "course.json", {"marks": marks(run), "step": run.step, "curve": run.curve})
        shutil.rmtree(place, ignore_errors=True)
        new.rename(place)
    run.accelerator.wait_for_everyone()


def go_on(run: Run) -> None:
    """With --resume, put weights, optimiser, random states and curve where the checkpoint left them."""
    place = Path(run.settings.output_dir, "checkpoint")
    if not run.settings.resume or not (place / "course.json").exists():
        return
    kept = json.loads((place / "course.json").read_text(encoding="utf-8"))
    other = [name for name, value in marks(run).items() if kept["marks"].get(name) != value]
    if other:
        raise Ended("bad_input", f"the checkpoint in {place} was made with another {', '.join(other)}; drop --resume")
    run.accelerator.load_state(str(place))
    run.step, run.curve = kept["step"], kept["curve"]
    if run.accelerator.is_main_process:
        say(resumed_at=run.step, of=run.steps)


# --- evaluation ----------------------------------------------------------------------------------------------------


def answers(run: Run, rows: Rows) -> tuple[list[str], list[float]]:
    """The model's class for every row, and the loss. Rows of like length go together, so that little is filled up."""
    accelerator, size = run.accelerator, run.settings.batch_size
    model = accelerator.unwrap_model(run.model)  # processes may have unlike numbers of batches; none waits for another
    model.eval()
    by_length = sorted(range(len(rows)), key=lambda place: len(rows[place][0]))
    mine, found = by_length[accelerator.process_index :: accelerator.num_processes], []
    with torch.no_grad():
        for part in (mine[begin : begin + size] for begin in range(0, len(mine), size)):
            losses, logits = losses_of(run, model, [rows[place] for place in part])
            found += zip(part, logits.argmax(-1).tolist(), losses.tolist(), strict=True)
    everything = sorted(gather_object(found))
    return [run.classes[number] for _, number, _ in everything], [loss for _, _, loss in everything]


def measured(run: Run, rows: Rows) -> dict[str, Any]:
    """The numbers about quality, with 95 % intervals. What was never said, or never there, scores 0."""
    said, losses = answers(run, rows)
    count, pairs = len(rows), Counter((name, answer) for (_, name), answer in zip(rows, said, strict=True))
    table = np.array([[pairs[truth, name] for name in run.classes] for truth in run.classes])
    again = np.random.default_rng(run.settings.seed).multinomial(count, table.ravel() / count, size=1000)
    loss, spread = sum(losses) / count, 1.96 * float(np.std(losses)) / math.sqrt(count)
    right, there, found = table.diagonal().tolist(), table.sum(1).tolist(), table.sum(0).tolist()
    share = wilson(sum(right), count)
    f1 = np.quantile(macro_f1(again.reshape(-1, *table.shape)), (0.025, 0.975)).tolist()
    return {
        "metrics": {
            "accuracy": sum(right) / count,
            "macro_f1": float(macro_f1(table)),
            "loss": loss,
            "majority_baseline": max(there) / count,
        },
        "intervals": {
            "accuracy": {"low": share[0], "high": share[1], "level": 0.95, "method": "wilson"},
            "macro_f1": {"low": f1[0], "high": f1[1], "level": 0.95, "method": "bootstrap"},
            "loss": {"low": loss - spread, "high": loss + spread, "level": 0.95, "method": "normal"},
        },
        "classes": [
            {"name": name, "precision": r / (f or 1), "recall": r / (t or 1), "f1": 2 * r / (t + f or 1), "support": t}
            for name, r, t, f in zip(run.classes, right, there, found, strict=True)
        ],
        "confusion": {"labels": run.classes, "rows": table.tolist()},
    }


def macro_f1(tables: np.ndarray) -> np.ndarray:
    """The mean F1 of the classes that occur, of one confusion table or of many: rare ones count as much as common ones."""
    right, either = np.diagonal(tables, axis1=-2, axis2=-1), tables.sum(-1) + tables.sum(-2)
    return (2 * right / np.maximum(1, either)).sum(-1) / (either > 0).sum(-1)


def wilson(right: int, count: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927); it holds at 0 and 1 and for few rows too."""
    share, square = right / count, z * z / count
    reach = z * math.sqrt(share * (1 - share) / count + square / (4 * count))
    return max(0.0, (share + square / 2 - reach) / (1 + square)), min(1.0, (share + square / 2 + reach) / (1 + square))


# --- what is written -----------------------------------------------------------------------------------------------


def metrics_of(run: Run, scores: dict[str, Any]) -> dict[str, Any]:
    """metrics.json: the numbers about quality, and everything it takes to repeat them."""
    settings, device, weights = run.settings, run.accelerator.device, list(run.model.parameters())
    kind = torch.cuda.get_device_name() if device.type == "cuda" else device.type
    peak = {"host": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)}
    if device.type == "cuda":
        peak["accelerator"] = torch.cuda.max_memory_allocated()
    packages = ("torch", "transformers", "datasets", "peft", "accelerate", "numpy")
    return {
        "schema_version": 1,
        "recipe": "text_classification",
        "task": "evaluate" if settings.evaluate_only else "train",
        "smoke": settings.smoke,
        **scores,
        "curve": run.curve,
        "steps": {"done": run.step, "planned": run.steps, "stopped": run.stopped, "rows_each": run.each},
        "data": {
            "id": settings.dataset_name or settings.dataset,
            "revision": settings.dataset_revision,
            "held_out_split": settings.eval_split + f" of {settings.train_split}" * (settings.eval_split == A_FIFTH),
            "held_out_digest": digest(run.held_out),
            "rows": {"train": len(run.train), "validation": len(run.validation), "held_out": len(run.held_out)},
            "dropped": run.dropped,
        },
        "model": {
            "id": settings.model_name or settings.model,
            "revision": settings.model_revision,
            "parameters": sum(weight.numel() for weight in weights),
            "trainable_parameters": sum(weight.numel() for weight in weights if weight.requires_grad),
            "tiny_stand_in": settings.smoke and settings.tiny,
        },
        "arguments": vars(settings),
        "seed": settings.seed,
        "versions": {"python": sys.version.split()[0]} | {name: version(name) for name in packages},
        "hardware": {"accelerator": kind, "processes": run.accelerator.num_processes},
        "duration_seconds": round(time.monotonic() - BEGAN, 2),
        "peak_memory_bytes": peak,
    }


def save_model(run: Run, metrics: dict[str, Any]) -> None:
    """The model with its tokenizer and card; with LoRA the adapter alone too, and the model with it merged in.

    The card is the text beside this script: `{steps[done]}` in it stands for that number of metrics.json.
    """
    settings, model = run.settings, run.accelerator.unwrap_model(run.model)
    row = "| {name} | {precision:.3f} | {recall:.3f} | {f1:.3f} | {support} |"
    words = metrics | {
        "rehearsal": "**A rehearsal: this model learned next to nothing and is good for nothing.** " * settings.smoke,
        "method": f"a LoRA adapter of rank {settings.lora_rank}" if settings.lora_rank else "all weights",
        "class_rows": "\n".join(row.format(**one) for one in metrics["classes"]),
        "dropped": ", ".join(f"{count} {why}" for why, count in run.dropped.items()) or "nothing",
    }
    card = Path(__file__).with_name("model_card.md").read_text(encoding="utf-8")
    for name, library in {"adapter": "peft", "model": "transformers"}.items():
        if name == "adapter" and not settings.lora_rank:
            continue
        if name == "model" and settings.lora_rank:
            model = model.merge_and_unload()
        folder = Path(settings.output_dir, name)
        for part in (model, model.config, run.tokenizer):
            part.save_pretrained(folder)
        (folder / "README.md").write_text(card.format(library=library, **words), encoding="utf-8")


def digest(rows: Rows) -> str:
    """SHA-256 over the rows in their order: two measurements with one digest were made on the same data."""
    return hashlib.sha256("".join(f"{label}\0{text}\0" for text, label in rows).encode()).hexdigest()


def write_json(path: Path, content: object) -> None:
    """A whole file or none; NaN is no JSON and never written."""
    new = path.with_name(path.name + ".new")
    new.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    new.replace(path)


# --- the whole -----------------------------------------------------------------------------------------------------


def carry_out(settings: Namespace) -> None:
    """Load, train, measure on the held-out rows, write everything."""
    Path(settings.output_dir).mkdir(parents=True, exist_ok=True)
    transformers.utils.logging.set_verbosity_error()
    set_seed(settings.seed)
    torch.use_deterministic_algorithms(True, warn_only=True)  # noqa: FBT003  # torch's own signature
    narrow = any(getattr(torch.cpu, f"_is_{unit}_supported", bool)() for unit in ("avx512_bf16", "amx_tile"))
    if torch.cuda.is_available():
        narrow = torch.cuda.is_bf16_supported(including_emulation=False)
    # Learn with 16 bits where they are faster. That there is only a processor is said, or two processes would not meet.
    accelerator = Accelerator(mixed_precision="bf16" if narrow else "no", cpu=not torch.accelerator.is_available())
    run = Run(settings=settings, accelerator=accelerator, **load_data(settings))
    run.each = settings.batch_size * settings.accumulation * accelerator.num_processes
    run.model, run.tokenizer = load_model(settings, run.classes)
    if settings.evaluate_only:
        known = run.model.config.id2label
        listed, run.classes = run.classes, [str(known[number]) for number in sorted(known)]
        run.held_out = renamed(run.held_out, listed, run.classes)
        run.model.to(accelerator.device)
    else:
        train(run)
    scores = measured(run, run.held_out)
    if accelerator.is_main_process:
        metrics = metrics_of(run, scores)
        if not settings.evaluate_only:
            save_model(run, metrics)
        if run.stopped == "complete":
            shutil.rmtree(Path(settings.output_dir, "checkpoint"), ignore_errors=True)
        write_json(Path(settings.output_dir, "metrics.json"), metrics)
        say(done=metrics["metrics"], stopped=run.stopped, seconds=metrics["duration_seconds"])
    accelerator.wait_for_everyone()
    accelerator.end_training()


def out_of_memory(problem: BaseException) -> bool:
    """Whether an error means that memory ran out, on the machine or on the accelerator."""
    return isinstance(problem, MemoryError) or any(words in str(problem).lower() for words in NO_MEMORY)


def main(words: list[str]) -> int:
    """Do what the command line says; returns the exit code."""
    settings = settings_of(words)
    try:
        carry_out(settings)
    except Ended as end:
        error, message = end.args
        say(error=error, message=message)
        return EXIT_CODES[error]
    except (MemoryError, RuntimeError, OSError) as problem:
        if not out_of_memory(problem):
            raise
        tried = {name: getattr(settings, name) for name in ("batch_size", "accumulation", "gradient_checkpointing")}
        say(error="out_of_memory", message=str(problem).partition("\n")[0], **tried)
        return EXIT_CODES["out_of_memory"]
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
