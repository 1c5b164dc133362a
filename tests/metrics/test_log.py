"""What a script says in its log is understood; what others print there does no harm."""

from __future__ import annotations

import math

import pytest

from intern_action.metrics.log import Done, Evaluated, Failed, Progress, lines, read


def test_a_training_is_followed_among_the_noise_of_libraries() -> None:
    log = [
        "Some weights were newly initialised",
        '{"step": 1, "of": 68, "loss": 0.69, "learning_rate": 1e-05}',
        "{not json",
        '{"step": 23, "eval_loss": 0.3, "eval_accuracy": 0.91}\n',
        '{"unrelated": 1}',
        '{"done": {"accuracy": 0.945}, "seconds": 61.9}',
    ]
    assert list(lines(log)) == [
        Progress(step=1, of=68, loss=0.69),
        Evaluated(step=23, loss=0.3, accuracy=0.91),
        Done(metrics={"accuracy": 0.945}),
    ]


def test_running_out_of_memory_is_told_with_the_batch_that_was_tried() -> None:
    said = read('{"error": "out_of_memory", "message": "no", "batch_size": 16}')
    assert isinstance(said, Failed)
    assert (said.error, said.message, said.facts["batch_size"]) == ("out_of_memory", "no", 16)


def test_a_loss_that_is_no_number_is_a_step_all_the_same() -> None:
    said = read('{"step": 3, "loss": NaN}')
    assert isinstance(said, Progress)
    assert math.isnan(said.loss)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[1]",
        '{"step": "one", "loss": 1}',
        '{"step": true, "loss": 1}',
        "{" * 50_000,
        '{"a":' * 20_000 + "1",
        '{"step": 1}',
    ],
)
def test_a_line_that_is_none_of_the_scripts_is_nothing(line: str) -> None:
    assert read(line) is None


def test_a_number_too_big_for_a_float_is_no_step() -> None:
    assert read('{"step": 1' + "0" * 400 + ', "loss": 1}') is None
