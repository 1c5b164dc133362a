"""What several runs say together: figures of a client, their ratios to the yardstick, and whether one has doubled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields

from bench.measure import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A client in numbers; None where it was not measured. Times are the best of several runs: noise only ever adds."""

    help_s: float | None
    cold_s: float
    rest_s: float
    exit_s: float
    early_ms: float
    late_ms: float
    growth: float
    sum_s: float
    peak_mib: float
    first_kb: float


GRAIN: Mapping[str, float] = {
    "help_s": 0.05,
    "cold_s": 0.05,
    "rest_s": 0.05,
    "exit_s": 0.02,
    "early_ms": 0.5,
    "late_ms": 0.5,
    "growth": 0.3,
    "sum_s": 0.1,
    "peak_mib": 5.0,
    "first_kb": 1.0,
}
"""What is smaller than this counts as this, so that a doubled millisecond fails nothing."""

TARGETS: Mapping[str, float] = {
    "help_s": 0.2,
    "cold_s": 0.35,
    "exit_s": 0.05,
    "growth": 1.3,
    "sum_s": 2.5,
    "peak_mib": 80.0,
    "first_kb": 20.0,
}
"""What the OpenAI-shaped way has to reach."""

LITELLM_TARGETS: Mapping[str, float] = {
    "cold_s": 1.2,
    "sum_s": 7.0,
    "peak_mib": 230.0,
    "first_kb": 20.0,
    "exit_s": 0.05,
}
"""What is aimed at through litellm."""

YARDSTICK: Mapping[str, float] = {"cold_s": 0.14, "sum_s": 1.5}
"""What the plain loop takes where the aims in seconds were set; a slower machine gets as much more time as the loop there."""


def here(targets: Mapping[str, float], yardstick: Figures) -> Mapping[str, float]:
    """Return the aims as they are on this machine; no machine is fast enough to lower them."""
    values = asdict(yardstick)
    slower = {name: max(1.0, values[name] / there) for name, there in YARDSTICK.items()}
    return {name: most * slower.get(name, 1.0) for name, most in targets.items()}


def together(short: Sequence[Run], long: Sequence[Run], help_s: float | None) -> Figures:
    """Return the figures of a client from its short runs (start and end) and its long ones (turns, memory)."""
    early, late = min(run.early_ms for run in long), min(run.late_ms for run in long)
    return Figures(
        help_s=help_s,
        cold_s=min(run.cold_s for run in (*short, *long)),
        rest_s=min(run.rest_s for run in short),
        exit_s=min(run.exit_s for run in (*short, *long)),
        early_ms=early,
        late_ms=late,
        growth=min(_over(run.late_ms, run.early_ms) for run in long),
        sum_s=min(run.sum_s for run in long),
        peak_mib=min(run.peak_mib for run in long),
        first_kb=long[0].first_kb,
    )


def ratios(ours: Figures, yardstick: Figures) -> Mapping[str, float]:
    """Return each figure as a multiple of the yardstick's, tiny ones rounded up to their grain."""
    ratio: dict[str, float] = {}
    for name in (field.name for field in fields(Figures)):
        mine, theirs = getattr(ours, name), getattr(yardstick, name)
        if mine is not None and theirs is not None:
            ratio[name] = max(mine, GRAIN[name]) / max(theirs, GRAIN[name])
    return ratio


def doubled(now: Mapping[str, float], before: Mapping[str, float]) -> tuple[str, ...]:
    """Return the figures whose ratio is more than twice what it was."""
    return tuple(name for name, value in now.items() if name in before and value > 2 * before[name])


def missed(figures: Figures, targets: Mapping[str, float]) -> Mapping[str, float]:
    """Return the targets that are not reached."""
    values = asdict(figures)
    return {name: most for name, most in targets.items() if values[name] is not None and values[name] > most}


def _over(later: float, earlier: float) -> float:
    return max(later, GRAIN["late_ms"]) / max(earlier, GRAIN["early_ms"])
