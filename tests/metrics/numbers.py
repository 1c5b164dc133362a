"""Metrics for tests, made as a recipe writes them."""

from __future__ import annotations

import json

from intern_action.metrics.parse import Metrics, parse


def document(**changes: object) -> dict[str, object]:
    """A metrics.json of a good training, with some fields changed."""
    whole: dict[str, object] = {
        "schema_version": 1,
        "recipe": "text_classification",
        "task": "train",
        "smoke": False,
        "metrics": {"accuracy": 0.95, "macro_f1": 0.949, "loss": 0.18, "majority_baseline": 0.5},
        "intervals": {
            "accuracy": {"low": 0.924, "high": 0.967, "level": 0.95, "method": "wilson"},
            "loss": {"low": 0.12, "high": 0.24, "level": 0.95, "method": "normal"},
        },
        "classes": [{"name": "ham", "precision": 0.93, "recall": 0.97, "f1": 0.95, "support": 200}],
        "curve": {
            "train": [{"step": 1, "loss": 0.7, "learning_rate": 1e-4}, {"step": 2, "loss": 0.4, "learning_rate": 5e-5}],
            "evaluation": [{"step": 2, "loss": 0.5, "accuracy": 0.9}],
        },
        "steps": {"done": 2, "planned": 2, "stopped": "complete"},
        "data": {
            "id": "mails",
            "revision": "abc",
            "held_out_split": "test",
            "held_out_digest": "d1",
            "rows": {"train": 1080, "validation": 120, "held_out": 400},
        },
        "model": {"id": "minilm", "revision": "def", "parameters": 22713986, "trainable_parameters": 22713986},
        "hardware": {"accelerator": "cpu", "processes": 1},
        "seed": 17,
        "versions": {"torch": "2.13.0"},
        "duration_seconds": 61.9,
        "peak_memory_bytes": {"host": 1320534016},
    }
    return whole | changes


def metrics(**changes: object) -> Metrics:
    """The same as a value of the house."""
    return parse(json.dumps(document(**changes)))


def scored(accuracy: float, half: float | None = None, digest: str = "d1", **more: object) -> Metrics:
    """Metrics with one accuracy and, when `half` is given, its interval."""
    interval = {} if half is None else {"accuracy": {"low": accuracy - half, "high": accuracy + half}}
    data = {"held_out_digest": digest}
    return metrics(metrics={"accuracy": accuracy}, intervals=interval, data=data, **more)
