"""The log of a running job: JSON lines among whatever else libraries print."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias, cast

from intern_action.core.frozen import frozen

_LONGEST_LINE_CHARS = 100_000


@frozen
class Progress:
    """A step is done. `of` is 0 when the script does not say how many there are; `loss` is NaN when it was no number."""

    step: int
    of: int
    loss: float


@frozen
class Evaluated:
    """A point of the evaluation curve."""

    step: int
    loss: float
    accuracy: float


@frozen
class Failed:
    """The script says why it ends: `out_of_memory`, `bad_input`, `diverged`, `terminated`, with its own words and facts."""

    error: str
    message: str
    facts: Mapping[str, object]


@frozen
class Done:
    """The script is done; the same numbers as in metrics.json."""

    metrics: Mapping[str, float]


LogLine: TypeAlias = Progress | Evaluated | Failed | Done


def lines(log: Iterable[str]) -> Iterator[LogLine]:
    """Yield what the script itself said, in order; everything else in the log is left out, never an error."""
    for line in log:
        found = read(line)
        if found is not None:
            yield found


def read(line: str) -> LogLine | None:
    """Return what one line says, None when it is not one of the script's."""
    said = _object(line.strip())
    if said is None:
        return None
    step = _number(said.get("step"))
    if isinstance(said.get("error"), str):
        return Failed(error=str(said["error"]), message=str(said.get("message", "")), facts=said)
    if isinstance(said.get("done"), dict):
        values = cast("dict[str, object]", said["done"])
        return Done(metrics={name: _number(value) for name, value in values.items()})
    if math.isnan(step):
        return None
    if "eval_loss" in said:
        return Evaluated(step=int(step), loss=_number(said["eval_loss"]), accuracy=_number(said.get("eval_accuracy")))
    if "loss" in said:
        of = _number(said.get("of", 0))
        return Progress(step=int(step), of=0 if math.isnan(of) else int(of), loss=_number(said["loss"]))
    return None


def _object(line: str) -> dict[str, object] | None:
    """Return the JSON object in a line, if that is what it is."""
    if not line.startswith("{") or len(line) > _LONGEST_LINE_CHARS:
        return None
    try:
        found: object = json.loads(line)
    except (ValueError, RecursionError):  # a log is hostile: a line of ten thousand brackets is no message
        return None
    return cast("dict[str, object]", found) if isinstance(found, dict) else None


def _number(value: object) -> float:
    """Return a finite number, NaN for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        number = float(value)
    except OverflowError:
        return math.nan
    return number if math.isfinite(number) else math.nan
