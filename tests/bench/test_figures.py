"""When the bench says that something has become worse, and that it measures what it says."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace

import pytest

from bench.clients import PLAIN, Client
from bench.figures import Figures, doubled, here, missed, ratios, together
from bench.measure import Run, run
from bench.report import Tables, machine, text

RUN = Run(cold_s=0.3, rest_s=0.2, exit_s=0.01, early_ms=2.0, late_ms=2.4, sum_s=0.7, peak_mib=60, first_kb=11)
FIGURES = together([RUN], [RUN], help_s=0.1)


def test_the_best_of_several_runs_counts_because_noise_only_adds():
    noisy = replace(RUN, cold_s=2.0, sum_s=9.0, late_ms=50.0)

    assert together([noisy, RUN], [RUN, noisy], help_s=0.1) == FIGURES


def test_a_ratio_that_more_than_doubled_is_named():
    plain = replace(FIGURES, help_s=None)
    before = ratios(FIGURES, plain)
    slower = replace(FIGURES, cold_s=FIGURES.cold_s * 2.1, sum_s=FIGURES.sum_s * 1.9)

    assert doubled(ratios(slower, plain), before) == ("cold_s",)
    assert doubled(before, before) == ()
    assert doubled(before, {}) == ()


def test_both_slower_is_the_machine_and_no_news():
    slow = replace(FIGURES, cold_s=3.0)

    assert doubled(ratios(slow, slow), ratios(FIGURES, FIGURES)) == ()


def test_a_doubled_millisecond_is_no_news():
    tiny, less = replace(FIGURES, exit_s=0.004), replace(FIGURES, exit_s=0.001)

    assert doubled(ratios(tiny, less), ratios(less, less)) == ()


@pytest.mark.parametrize(("name", "over"), [("cold_s", 0.36), ("growth", 1.31), ("peak_mib", 81.0)])
def test_a_target_that_is_missed_is_named(name: str, over: float):
    targets = {"cold_s": 0.35, "growth": 1.3, "peak_mib": 80.0}

    assert missed(FIGURES, targets) == {}
    assert set(missed(replace(FIGURES, **{name: over}), targets)) == {name}


def test_a_slower_machine_gets_more_time_and_a_faster_one_no_less():
    targets = {"cold_s": 0.35, "growth": 1.3}
    slow, fast = replace(FIGURES, cold_s=0.28, sum_s=1.5), replace(FIGURES, cold_s=0.07, sum_s=0.1)

    assert here(targets, slow) == {"cold_s": pytest.approx(0.7), "growth": 1.3}
    assert here(targets, fast) == targets


def test_the_page_shows_every_client_in_both_tables():
    found = {PLAIN.name: replace(FIGURES, help_s=None), "intern-action, OpenAI-shaped": FIGURES}
    page = text(
        found,
        {"intern-action, OpenAI-shaped": ratios(FIGURES, found[PLAIN.name])},
        machine(),
        Tables(
            parts="| part |",
            guard="-",
            sessions="| session |",
            requests="| request |",
            github="| asked |",
            waits="| waited |",
        ),
    )

    assert page.count("| intern-action, OpenAI-shaped |") == 2
    assert page.count("| plain httpx loop |") == 1
    assert "all reached" in page


def test_the_plain_loop_is_measured_over_a_real_server():
    found = run(PLAIN, 12)

    assert (
        0 < found.exit_s < found.rest_s + 0.05
    )  # the server notes its last answer when the client may have said so already
    assert 0 < found.rest_s < 60
    assert 0 < found.sum_s < 60
    assert 10 < found.peak_mib < 500
    assert 0.2 < found.first_kb < 1


def test_a_client_that_fails_fails_the_bench_with_its_words():
    broken = Client(name="broken", argv=(sys.executable, "-c", "raise SystemExit('no such luck')"))

    with pytest.raises(RuntimeError, match=r"broken ended with 1 after 0 requests:\nno such luck"):
        run(broken, 1)


def test_every_figure_has_a_grain_and_a_column():
    from bench.figures import GRAIN
    from bench.report import COLUMNS

    assert set(GRAIN) == set(COLUMNS) == set(asdict(FIGURES)) == set(Figures.__dataclass_fields__)
