"""A recipe, a model and data so small that a whole story takes seconds: the script learns a majority class without torch."""

from __future__ import annotations

import json
import struct
from decimal import Decimal
from pathlib import Path

from intern_action.core.types import DatasetFacts, Fit, JobSpec, ModelFacts, Wish

SCRIPT = """\
import argparse, json, os, pathlib, sys

flags = argparse.ArgumentParser()
flags.add_argument("--output-dir", required=True)
flags.add_argument("--batch-size", type=int, default=4)
flags.add_argument("--accumulation", type=int, default=1)
flags.add_argument("--smoke", action="store_true")
given = flags.parse_args()
output = pathlib.Path(given.output_dir)
output.mkdir(parents=True, exist_ok=True)
if given.batch_size > 2 and not given.smoke:
    print(json.dumps({"error": "out_of_memory", "batch_size": given.batch_size}))
    sys.exit(42)
values = {"schema_version": 1, "recipe": "tiny", "task": "train", "metrics": {"accuracy": 0.75}}
(output / "metrics.json").write_text(json.dumps(values))
(output / "model").mkdir(exist_ok=True)
(output / "model" / "config.json").write_text("{}")
print("learned")
"""


class TinyCard:
    """Takes anything."""

    name = "tiny"

    def objections(self, wish: Wish, model: ModelFacts, data: DatasetFacts) -> tuple[str, ...]:
        """Return nothing."""
        del wish, model, data
        return ()

    def fit(self, wish: Wish, model: ModelFacts, data: DatasetFacts) -> Fit:
        """Return the script with a batch that is too large and one variation that is not."""
        job = JobSpec(
            script="train.py",
            parameters={"batch-size": "4"},
            variations=({"batch-size": "2", "accumulation": "2"},),
            flavor=wish.flavor,
            timeout_minutes=2,
            attempts=2,
            model=model.id,
            model_revision=model.revision,
            dataset=data.id,
        )
        return Fit(
            recipe=self.name,
            files={"train.py": SCRIPT},
            job=job,
            smoke_parameters={"smoke": "true"},
            reasons=("it is small",),
            estimate_minutes=Decimal(1),
            estimate_memory_gb=Decimal("0.1"),
        )


def tiny_model(folder: Path) -> Path:
    """Write a model of four numbers: a configuration and a safetensors file made by hand."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"architectures": ["BertModel"], "model_type": "bert"}))
    head = json.dumps({"weight": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + struct.pack("<4f", 1, 2, 3, 4))
    return folder


def tiny_data(folder: Path) -> Path:
    """Write forty labelled words."""
    folder.mkdir(parents=True)
    rows = "".join(f"word {number},{'odd' if number % 2 else 'even'}\n" for number in range(40))
    (folder / "train.csv").write_text(f"text,label\n{rows}")
    (folder / "test.csv").write_text(f"text,label\n{rows.replace('word', 'term')}")
    return folder
