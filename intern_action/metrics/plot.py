"""A loss curve as a Mermaid `xychart-beta`, which GitHub draws by itself wherever Markdown is shown.

Syntax: https://mermaid.js.org/syntax/xyChart.html (title and axis names in quotes, categories or a range, one list a line).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from intern_action.metrics.parse import Point

MOST_POINTS = 40
_MOST = 1e12


def loss_curve(points: Sequence[Point], *, title: str = "Training loss", value: str = "loss") -> str:
    """Return the curve as a fenced Mermaid block, or "" when there are not two numbers to draw a line between.

    Args:
        points: by step; at most `MOST_POINTS` are drawn, each the mean of a stretch, so that spikes stay visible as bumps.
        title: what is drawn; quotes and brackets are replaced, for Mermaid has no way to write them.
        value: which of the points' values.
    """
    drawn = thinned([(point.step, point.values[value]) for point in points if _is_number(point.values.get(value))])
    if len(drawn) < 2:  # noqa: PLR2004  # a line needs two ends
        return ""
    heights = [height for _, height in drawn]
    low, high = _range(heights)
    places = _places(high - low)
    lines = [
        "```mermaid",
        "xychart-beta",
        f'    title "{plain(title) or value}"',
        f'    x-axis "step" {drawn[0][0]} --> {drawn[-1][0]}',
        f'    y-axis "{plain(value)}" {_short(low, places)} --> {_short(high, places)}',
        f"    line [{', '.join(_short(height, places) for height in heights)}]",
        "```",
    ]
    return "\n".join(lines) + "\n"


def thinned(pairs: Sequence[tuple[int, float]], most: int = MOST_POINTS) -> list[tuple[int, float]]:
    """Return at most so many points: the first and the last as they are, and the means of even stretches between."""
    ordered = sorted(pairs)
    if len(ordered) <= most:
        return ordered
    inner, stretches = ordered[1:-1], most - 2
    cuts = [round(n * len(inner) / stretches) for n in range(stretches + 1)]
    parts = [inner[begin:end] for begin, end in itertools.pairwise(cuts)]
    means = [(part[-1][0], math.fsum(height for _, height in part) / len(part)) for part in parts]
    return [ordered[0], *means, ordered[-1]]


def plain(text: str) -> str:
    """Return text that may stand in Mermaid's quotes and cannot end the fence it stands in."""
    return " ".join(text.replace('"', "'").replace("`", "'").replace("[", "(").replace("]", ")").split())[:120]


def _range(heights: list[float]) -> tuple[float, float]:
    """Return the axis: a little more than the numbers need, and never of no height."""
    low, high = min(heights), max(heights)
    room = (high - low) * 0.05 or abs(high) * 0.05 or 0.5
    return (max(0.0, low - room) if low >= 0 else low - room), high + room


def _places(height: float) -> int:
    """Return how many decimal places tell points of an axis of this height apart."""
    return min(15, max(4, 3 - math.floor(math.log10(height))))


def _short(number: float, places: int) -> str:
    """Return a number without exponent, which Mermaid's axes do not read, and without a negative zero."""
    text = f"{number:.{places}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _is_number(value: float | None) -> bool:
    """Whether a value can be drawn; a file may hold any number, and past `_MOST` an axis says nothing."""
    return value is not None and abs(value) <= _MOST
