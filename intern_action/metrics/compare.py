"""Is the new model better? Each number against the baseline's, with the noise of both kept in mind.

Two numbers differ when the interval of their difference leaves out zero. With a 95 % interval on both sides the standard errors
are taken from their widths and added in squares (Altman and Bland, BMJ 326:219, 2003: comparing two estimates). Where there is no
interval, only the tolerance speaks. Both models have seen the same held-out texts at best, which makes this careful: a real
difference may be called noise, noise is seldom called a difference.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from intern_action.core.frozen import frozen
from intern_action.metrics.parse import Metric, Metrics

DEFAULT_TOLERANCE = 0.0
_LOWER_IS_BETTER = ("loss", "error", "perplexity", "seconds", "latency", "wer", "cer", "mae", "mse", "rmse", "bytes")
_NOT_JUDGED = frozenset({"majority_baseline"})
_Z = 1.959964


class Judgement(StrEnum):
    """What a comparison of one number says."""

    BETTER = "better"
    WORSE = "worse"
    WITHIN_NOISE = "within noise"
    MISSING = "missing"
    NEW = "new"


@frozen
class Compared:
    """One number beside the baseline's. `margin` is the half width of the difference's interval, None when it is not known."""

    name: str
    judgement: Judgement
    new: Metric | None
    baseline: Metric | None
    change: float | None = None
    margin: float | None = None

    @property
    def regressed(self) -> bool:
        """Whether a reviewer must be warned."""
        return self.judgement in {Judgement.WORSE, Judgement.MISSING}


@frozen
class Comparison:
    """All numbers, and what makes the comparison doubtful."""

    numbers: tuple[Compared, ...]
    doubts: tuple[str, ...] = field(default_factory=tuple)

    @property
    def regressed(self) -> tuple[str, ...]:
        """The names of the numbers that got worse or went missing."""
        return tuple(one.name for one in self.numbers if one.regressed)


def compare(new: Metrics, baseline: Metrics, tolerances: Mapping[str, float] | None = None) -> Comparison:
    """Return the new run beside the baseline.

    Args:
        new: the run that is judged.
        baseline: the run it is judged by.
        tolerances: by metric name, in the metric's own unit: a smaller worsening is not called one.
    """
    names = list(dict.fromkeys([*baseline.metrics, *new.metrics]))
    allowed = tolerances or {}
    numbers = tuple(
        _compared(name, new.metrics.get(name), baseline.metrics.get(name), allowed.get(name, DEFAULT_TOLERANCE))
        for name in names
        if name not in _NOT_JUDGED
    )
    return Comparison(numbers=numbers, doubts=_doubts(new, baseline))


def higher_is_better(name: str) -> bool:
    """Whether more of it is good; told by the name, as `eval_loss`, `word_error_rate` or `macro_f1`."""
    parts = name.lower().replace("-", "_").split("_")
    return not any(word in parts for word in _LOWER_IS_BETTER)


def _compared(name: str, new: Metric | None, baseline: Metric | None, tolerance: float) -> Compared:
    """Judge one number."""
    if new is None or baseline is None:
        judgement = Judgement.MISSING if new is None else Judgement.NEW
        return Compared(name=name, judgement=judgement, new=new, baseline=baseline)
    change = new.value - baseline.value
    margin = _margin(new, baseline)
    judgement = _judged(change if higher_is_better(name) else -change, margin, tolerance)
    return Compared(name=name, judgement=judgement, new=new, baseline=baseline, change=change, margin=margin)


def _judged(gain: float, margin: float | None, tolerance: float) -> Judgement:
    """Judge a gain (negative: a loss) by the noise around it and by what is tolerated."""
    if abs(gain) <= (margin or 0.0):
        return Judgement.WITHIN_NOISE
    if gain > 0:
        return Judgement.BETTER
    return Judgement.WORSE if -gain > tolerance else Judgement.WITHIN_NOISE


def _margin(new: Metric, baseline: Metric) -> float | None:
    """Return the half width of the 95 % interval of the difference, from those intervals that there are."""
    errors = [_standard_error(metric) for metric in (new, baseline)]
    known = [error for error in errors if error is not None]
    return _Z * math.hypot(*known) if known else None


def _standard_error(metric: Metric) -> float | None:
    """Return the standard error that a metric's 95 % interval speaks of."""
    if metric.interval is None:
        return None
    return abs(metric.interval.high - metric.interval.low) / (2 * _Z)


def _doubts(new: Metrics, baseline: Metrics) -> tuple[str, ...]:
    """Return why the two should perhaps not be compared."""
    found: list[str] = []
    if new.held_out_digest != baseline.held_out_digest:
        found.append("they were measured on different held-out rows")
    elif not new.held_out_digest:
        found.append("neither says which held-out rows it was measured on")
    if new.smoke or baseline.smoke:
        found.append("at least one of them is a rehearsal")
    if new.stopped != "complete" or baseline.stopped != "complete":
        found.append("at least one of the trainings was stopped early")
    if new.recipe != baseline.recipe:
        found.append(f"they were made by different recipes ({new.recipe}, {baseline.recipe})")
    return tuple(found)
