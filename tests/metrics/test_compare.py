"""Better, worse, or within the noise of both: said with care."""

from __future__ import annotations

import pytest

from intern_action.metrics.compare import Judgement, compare, higher_is_better
from tests.metrics.numbers import metrics, scored


def judged(new: float, old: float, half: float | None = None, **tolerances: float) -> Judgement:
    comparison = compare(scored(new, half), scored(old, half), tolerances)
    return comparison.numbers[0].judgement


def test_a_gain_beyond_the_noise_is_better() -> None:
    assert judged(0.97, 0.90, half=0.02) is Judgement.BETTER


def test_a_loss_beyond_the_noise_is_worse_and_regressed() -> None:
    comparison = compare(scored(0.90, 0.02), scored(0.97, 0.02))
    assert comparison.numbers[0].judgement is Judgement.WORSE
    assert comparison.regressed == ("accuracy",)


def test_a_change_inside_the_noise_of_both_is_neither() -> None:
    assert judged(0.95, 0.93, half=0.02) is Judgement.WITHIN_NOISE
    assert judged(0.93, 0.95, half=0.02) is Judgement.WITHIN_NOISE


def test_the_noise_of_a_difference_is_added_in_squares() -> None:
    number = compare(scored(0.95, 0.03), scored(0.93, 0.04)).numbers[0]
    assert number.margin == pytest.approx(0.05)


def test_without_intervals_only_the_tolerance_speaks() -> None:
    assert judged(0.949, 0.950) is Judgement.WORSE
    assert judged(0.949, 0.950, accuracy=0.01) is Judgement.WITHIN_NOISE
    assert judged(0.93, 0.95, accuracy=0.01) is Judgement.WORSE


def test_a_tolerance_never_hides_a_gain() -> None:
    assert judged(0.951, 0.950, accuracy=0.01) is Judgement.BETTER


def test_the_same_number_is_within_noise() -> None:
    assert judged(0.95, 0.95) is Judgement.WITHIN_NOISE


def test_less_loss_is_better() -> None:
    new, old = metrics(metrics={"loss": 0.1}, intervals={}), metrics(metrics={"loss": 0.2}, intervals={})
    assert compare(new, old).numbers[0].judgement is Judgement.BETTER
    assert compare(old, new).numbers[0].judgement is Judgement.WORSE


@pytest.mark.parametrize(
    "name", ["loss", "eval_loss", "word-error-rate", "perplexity", "latency_ms", "duration_seconds"]
)
def test_less_is_better_where_the_name_says_so(name: str) -> None:
    assert not higher_is_better(name)


@pytest.mark.parametrize("name", ["accuracy", "macro_f1", "lossless_ratio", "bleu"])
def test_more_is_better_otherwise(name: str) -> None:
    assert higher_is_better(name)


def test_a_number_that_went_missing_is_a_regression_and_a_new_one_is_not() -> None:
    old, new = metrics(metrics={"accuracy": 0.9}, intervals={}), metrics(metrics={"bleu": 30.0}, intervals={})
    comparison = compare(new, old)
    assert {one.name: one.judgement for one in comparison.numbers} == {
        "accuracy": Judgement.MISSING,
        "bleu": Judgement.NEW,
    }
    assert comparison.regressed == ("accuracy",)


def test_the_baseline_that_always_says_the_most_frequent_class_is_not_judged() -> None:
    assert "majority_baseline" not in {one.name for one in compare(metrics(), metrics()).numbers}


def test_other_held_out_rows_a_rehearsal_and_an_early_stop_are_doubts() -> None:
    new = scored(0.95, digest="d2", smoke=True, steps={"done": 1, "stopped": "time limit"})
    assert compare(new, scored(0.95)).doubts == (
        "they were measured on different held-out rows",
        "at least one of them is a rehearsal",
        "at least one of the trainings was stopped early",
    )
    assert compare(scored(0.95), scored(0.95)).doubts == ()


def test_rows_that_nobody_named_are_a_doubt() -> None:
    assert compare(scored(0.95, digest=""), scored(0.95, digest="")).doubts == (
        "neither says which held-out rows it was measured on",
    )
