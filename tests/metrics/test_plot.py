"""A curve that GitHub draws: short enough, and safe whatever the numbers and words."""

from __future__ import annotations

import math
import re

from hypothesis import given
from hypothesis import strategies as st

from intern_action.metrics.parse import Point
from intern_action.metrics.plot import MOST_POINTS, loss_curve, plain, thinned


def points(*losses: float) -> list[Point]:
    return [Point(step=step, values={"loss": loss}) for step, loss in enumerate(losses, start=1)]


def test_a_curve_is_one_fenced_chart() -> None:
    assert loss_curve(points(0.7, 0.4, 0.1), title="Loss of spam") == (
        "```mermaid\n"
        "xychart-beta\n"
        '    title "Loss of spam"\n'
        '    x-axis "step" 1 --> 3\n'
        '    y-axis "loss" 0.07 --> 0.73\n'
        "    line [0.7, 0.4, 0.1]\n"
        "```\n"
    )


def test_nothing_is_drawn_of_fewer_than_two_numbers() -> None:
    assert loss_curve([]) == ""
    assert loss_curve(points(0.5)) == ""
    assert loss_curve(points(math.nan, 0.5, math.inf)) == ""


def test_what_is_no_number_is_left_out() -> None:
    assert "line [0.7, 0.1]" in loss_curve(points(0.7, math.nan, 0.1))


def test_a_flat_curve_has_an_axis_of_some_height() -> None:
    assert "0 --> 0.5" in loss_curve(points(0.0, 0.0))


def test_very_small_numbers_are_told_apart_and_written_without_exponent() -> None:
    assert "line [0.000000001, 0.0000002, -0.000000001]" in loss_curve(points(1e-9, 2e-7, -1e-9))


def test_nothing_is_a_negative_zero() -> None:
    assert "line [1, 0]" in loss_curve(points(1.0, -1e-12))


def test_a_chart_without_words_is_called_by_what_it_shows() -> None:
    assert 'title "loss"' in loss_curve(points(1, 2), title=" \n")


@given(st.lists(st.floats(min_value=-1e6, max_value=1e6), min_size=2, max_size=500))
def test_no_curve_has_more_than_forty_points_and_its_ends_are_the_real_ones(losses: list[float]) -> None:
    pairs = list(enumerate(losses, start=1))
    drawn = thinned(pairs)
    assert len(drawn) <= MOST_POINTS
    assert (drawn[0], drawn[-1]) == (pairs[0], pairs[-1])
    assert min(losses) - 1e-6 <= min(height for _, height in drawn)
    assert [step for step, _ in drawn] == sorted({step for step, _ in drawn})


@given(st.lists(st.floats(), max_size=60))
def test_whatever_numbers_a_file_holds_a_chart_or_nothing_comes_of_it(losses: list[float]) -> None:
    chart = loss_curve(points(*losses))
    assert chart == "" or re.fullmatch(r"    line \[-?[\d.]+(, -?[\d.]+)*\]", chart.splitlines()[5])


@given(st.text())
def test_no_title_ends_its_quotes_or_the_fence(title: str) -> None:
    line = loss_curve(points(1, 2), title=title).splitlines()
    assert len(line) == 7
    assert re.fullmatch(r'    title "[^"`\[\]]*"', line[2])


def test_words_lose_quotes_fences_and_line_breaks() -> None:
    assert plain('a "b"\n```c``` [d]') == "a 'b' '''c''' (d)"
