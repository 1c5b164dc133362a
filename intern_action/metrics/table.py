"""Numbers as rows of a Markdown table, for the pull request and the model's report."""

from __future__ import annotations

from collections.abc import Sequence

from intern_action.metrics.compare import Compared, Comparison, Judgement
from intern_action.metrics.parse import ClassScore, Interval, Metric, Metrics

_SIGNS = {
    Judgement.BETTER: "▲ better",
    Judgement.WORSE: "▼ worse",
    Judgement.WITHIN_NOISE: "≈ within noise",
    Judgement.MISSING: "✖ missing",
    Judgement.NEW: "new",
}


def metrics_table(metrics: Metrics) -> str:
    """Return every number with its interval."""
    rows = [(words(name), number(metric.value), within(metric.interval)) for name, metric in metrics.metrics.items()]
    return table(("metric", "value", "95 % interval"), rows)


def comparison_table(comparison: Comparison) -> str:
    """Return every number beside the baseline's, with what it means."""
    rows = [
        (words(one.name), _value(one.baseline), _value(one.new), _change(one), _SIGNS[one.judgement])
        for one in comparison.numbers
    ]
    return table(("metric", "baseline", "new", "change", ""), rows)


def classes_table(classes: Sequence[ClassScore]) -> str:
    """Return how well each class is found."""
    rows = [(one.name, number(one.precision), number(one.recall), number(one.f1), str(one.support)) for one in classes]
    return table(("class", "precision", "recall", "F1", "rows"), rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; cells are made safe."""
    lines = [head, ["---"] * len(head), *([cell(text) for text in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def cell(text: str) -> str:
    """Return text that stays in its cell: class names come from data, and data is hostile."""
    flat = " ".join(text.split())[:200]
    for sign, instead in (
        ("&", "&amp;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ("\\", "&#92;"),
        ("|", "&#124;"),
        ("`", "&#96;"),
    ):
        flat = flat.replace(sign, instead)
    for sign in "[]!*_~":
        flat = flat.replace(sign, f"\\{sign}")
    return flat.replace("@", "@\u200b")  # a name in data must call nobody


def words(name: str) -> str:
    """Return a metric's name as people say it."""
    return name.replace("_", " ")


def number(value: float) -> str:
    """Return a value with four places."""
    return f"{value:.4f}"


def within(interval: Interval | None) -> str:
    """Return an interval in words, "" for none."""
    return f"{number(interval.low)} to {number(interval.high)}" if interval else ""


def _value(metric: Metric | None) -> str:
    return number(metric.value) if metric else "none"


def _change(one: Compared) -> str:
    """Return the change with its margin."""
    if one.change is None:
        return ""
    return f"{one.change:+.4f}" + (f" ± {one.margin:.4f}" if one.margin is not None else "")
