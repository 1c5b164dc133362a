"""metrics.json and the log of a run, read at the door: pydantic models outside, frozen values inside.

The schema is the one that the recipes write (`metrics_of` in a recipe's `train.py`), version 1. Fields that a newer recipe adds
are let through; a newer version is refused, for its numbers could mean something else.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from intern_action.core.errors import JobError
from intern_action.core.frozen import frozen


@frozen
class Interval:
    """Where a value lies with a probability of `level`, and by which method that was reckoned."""

    low: float
    high: float
    level: float
    method: str


@frozen
class Metric:
    """One number about quality."""

    name: str
    value: float
    interval: Interval | None = None


@frozen
class ClassScore:
    """How well one class was found. `support` is how many held-out rows have it."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@frozen
class Point:
    """One point of a curve; values that were no numbers are left out."""

    step: int
    values: Mapping[str, float]


@frozen
class Metrics:
    """What a run measured, and on what.

    Args:
        task: train or evaluate.
        smoke: it was a rehearsal; its numbers say nothing.
        metrics: by name, in the order of the file.
        train_curve: training loss by step; eval_curve: loss and accuracy on the validation part.
        stopped: "complete", or why it ended early.
        held_out_digest: SHA-256 of the held-out rows; only numbers with the same one were measured on the same texts.
        rows: sizes of train, validation and held_out.
    """

    recipe: str
    task: str
    smoke: bool
    metrics: Mapping[str, Metric]
    classes: tuple[ClassScore, ...] = ()
    train_curve: tuple[Point, ...] = ()
    eval_curve: tuple[Point, ...] = ()
    stopped: str = "complete"
    steps: int = 0
    model: str = ""
    model_revision: str = ""
    dataset: str = ""
    dataset_revision: str = ""
    held_out_split: str = ""
    held_out_digest: str = ""
    rows: Mapping[str, int] = field(default_factory=dict[str, int])
    parameters: int = 0
    trainable_parameters: int = 0
    seed: int = 0
    versions: Mapping[str, str] = field(default_factory=dict[str, str])
    accelerator: str = ""
    duration_seconds: float = 0.0
    peak_memory_gb: float = 0.0


# --- the door ------------------------------------------------------------------------------------------------------

Finite: TypeAlias = Annotated[float, Field(allow_inf_nan=False, strict=True)]


class _Door(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Interval(_Door):
    low: Finite
    high: Finite
    level: Finite = 0.95
    method: str = ""


class _ClassScore(_Door):
    name: str
    precision: Finite
    recall: Finite
    f1: Finite
    support: int


class _Curve(_Door):
    train: list[dict[str, float | None]] = Field(default_factory=list[dict[str, float | None]])
    evaluation: list[dict[str, float | None]] = Field(default_factory=list[dict[str, float | None]])


class _Steps(_Door):
    done: int = 0
    stopped: str = "complete"


class _Data(_Door):
    id: str = ""
    revision: str = ""
    held_out_split: str = ""
    held_out_digest: str = ""
    rows: dict[str, int] = Field(default_factory=dict[str, int])


class _Model(_Door):
    id: str = ""
    revision: str = ""
    parameters: int = 0
    trainable_parameters: int = 0


class _Hardware(_Door):
    accelerator: str = ""


class _File(_Door):
    schema_version: Literal[1]
    recipe: str
    task: Literal["train", "evaluate"]
    smoke: bool = False
    metrics: dict[str, Finite]
    intervals: dict[str, _Interval] = Field(default_factory=dict[str, _Interval])
    classes: list[_ClassScore] = Field(default_factory=list[_ClassScore])
    curve: _Curve = _Curve()
    steps: _Steps = _Steps()
    data: _Data = _Data()
    model: _Model = _Model()
    hardware: _Hardware = _Hardware()
    seed: int = 0
    versions: dict[str, str] = Field(default_factory=dict[str, str])
    duration_seconds: float = 0.0
    peak_memory_bytes: dict[str, int] = Field(default_factory=dict[str, int])


def parse(text: str, *, where: str = "metrics.json") -> Metrics:
    """Return the metrics in the text of a metrics.json.

    Raises:
        JobError: it is no JSON, lacks something or holds a number that is none; the message names the place and the reason.
    """
    try:
        return _inside(_File.model_validate_json(text))
    except ValidationError as problem:
        raise JobError(f"{where} cannot be used: {_first(problem)}. The job's log says what it did") from problem


def of(data: Mapping[str, object]) -> Metrics:
    """Return the metrics in an already decoded metrics.json, e.g. a tool's `data`. Raises JobError as `parse` does.

    A file that says no version is taken for names and numbers, as scripts that nobody vetted write it; what is no number in it
    is left out.
    """
    numbers = {
        name: float(value)
        for name, value in data.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }
    if "schema_version" not in data and numbers:
        return Metrics(
            recipe="", task="train", smoke=False, metrics={n: Metric(name=n, value=v) for n, v in numbers.items()}
        )
    return parse(json.dumps(data))


def _first(problem: ValidationError) -> str:
    """Say the first fault: where it is and what is wrong with it."""
    fault = problem.errors()[0]
    place = ".".join(str(part) for part in fault["loc"])
    return f"{place}: {fault['msg']}" if place else fault["msg"]


def _inside(file: _File) -> Metrics:
    """The file as the house's own value."""
    return Metrics(
        recipe=file.recipe,
        task=file.task,
        smoke=file.smoke,
        metrics={name: _metric(name, value, file.intervals.get(name)) for name, value in file.metrics.items()},
        classes=tuple(ClassScore(**score.model_dump()) for score in file.classes),
        train_curve=_points(file.curve.train),
        eval_curve=_points(file.curve.evaluation),
        stopped=file.steps.stopped,
        steps=file.steps.done,
        model=file.model.id,
        model_revision=file.model.revision,
        dataset=file.data.id,
        dataset_revision=file.data.revision,
        held_out_split=file.data.held_out_split,
        held_out_digest=file.data.held_out_digest,
        rows=file.data.rows,
        parameters=file.model.parameters,
        trainable_parameters=file.model.trainable_parameters,
        seed=file.seed,
        versions=file.versions,
        accelerator=file.hardware.accelerator,
        duration_seconds=file.duration_seconds,
        peak_memory_gb=file.peak_memory_bytes.get("host", 0) / 1e9,
    )


def _metric(name: str, value: float, interval: _Interval | None) -> Metric:
    return Metric(name=name, value=value, interval=Interval(**interval.model_dump()) if interval else None)


def _points(rows: list[dict[str, float | None]]) -> tuple[Point, ...]:
    """The points of a curve, in the order of their steps."""
    points = [point for row in rows if (point := _point(row)) is not None]
    return tuple(sorted(points, key=lambda point: point.step))


def _point(row: dict[str, float | None]) -> Point | None:
    """A point with those of its values that are numbers; None when nobody knows its step."""
    numbers = {name: value for name, value in row.items() if value is not None and math.isfinite(value)}
    if "step" not in numbers:
        return None
    return Point(step=int(numbers.pop("step")), values=numbers)
