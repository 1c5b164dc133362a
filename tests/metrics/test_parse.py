"""A metrics.json is read whole, or refused with its place and reason."""

from __future__ import annotations

import json

import pytest

from intern_action.core.errors import JobError
from intern_action.metrics.parse import of, parse
from tests.metrics.numbers import document, metrics


def test_numbers_intervals_sizes_and_origins_are_read() -> None:
    found = metrics()
    accuracy = found.metrics["accuracy"]
    assert accuracy.value == 0.95
    assert accuracy.interval is not None
    assert (accuracy.interval.low, accuracy.interval.method) == (0.924, "wilson")
    assert found.metrics["macro_f1"].interval is None
    assert (found.model, found.dataset, found.dataset_revision) == ("minilm", "mails", "abc")
    assert found.rows["held_out"] == 400
    assert found.peak_memory_gb == pytest.approx(1.32, abs=0.01)


def test_a_tools_data_is_read_as_the_file_is() -> None:
    assert of(document()) == metrics()


def test_a_field_that_a_newer_recipe_adds_is_let_through() -> None:
    assert metrics(colour="blue") == metrics()


def test_a_newer_version_is_refused() -> None:
    with pytest.raises(JobError, match="schema_version"):
        metrics(schema_version=2)


def test_a_missing_number_is_named_with_its_place() -> None:
    with pytest.raises(JobError, match=r"run/metrics\.json cannot be used: metrics: Field required"):
        parse(json.dumps({"schema_version": 1, "recipe": "r", "task": "train"}), where="run/metrics.json")


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "{}"])
def test_what_is_no_metrics_file_is_refused(text: str) -> None:
    with pytest.raises(JobError, match="cannot be used"):
        parse(text)


@pytest.mark.parametrize("bad", ["NaN", "Infinity", '"0.99"', "true", "null"])
def test_a_score_that_is_no_number_is_refused(bad: str) -> None:
    text = json.dumps(document(metrics={"accuracy": 12345.0})).replace("12345.0", bad)
    with pytest.raises(JobError, match="accuracy"):
        parse(text)


def test_points_without_a_step_or_a_number_are_left_out_and_the_rest_is_in_order() -> None:
    train = [{"step": 3, "loss": 0.1}, {"step": None, "loss": 0.2}, {"step": 1, "loss": None, "learning_rate": 0.5}]
    found = metrics(curve={"train": train})
    assert [(point.step, dict(point.values)) for point in found.train_curve] == [
        (1, {"learning_rate": 0.5}),
        (3, {"loss": 0.1}),
    ]


def test_names_and_numbers_alone_are_metrics_too_and_what_is_no_number_is_left_out():
    found = of({"accuracy": 0.93, "epochs": 3, "argv": ["--x"], "done": True, "loss": float("inf")})
    assert {name: one.value for name, one in found.metrics.items()} == {"accuracy": 0.93, "epochs": 3.0}
    assert not found.smoke
    with pytest.raises(JobError):
        of({"argv": []})
