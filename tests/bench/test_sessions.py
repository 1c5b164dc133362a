"""What is said of long sessions is measured on one that really goes on, and counted on one that is really folded."""

from __future__ import annotations

from bench.sessions import AIMS, BREAKS, RESUMED, breaks_per_fold, resumed_seconds, session_table


def test_a_session_that_was_left_goes_on_soon():
    assert 0 < resumed_seconds(40) < AIMS[RESUMED]


def test_a_fold_breaks_the_prefix_once():
    assert breaks_per_fold() == AIMS[BREAKS]


def test_figures_stand_beside_their_aims():
    assert session_table({RESUMED: 0.123}).splitlines()[-1] == f"| {RESUMED} | 0.123 | 0.3 |"
