"""Long sessions against a provider that really listens, and really refuses what is too long for its model."""

from __future__ import annotations

import pytest

from intern_action.agent.context import Room
from intern_action.agent.memory import Memory
from intern_action.core.endings import Finished
from tests.fakes.narrow import Narrow, begun, output, play


def test_an_8k_model_comes_to_the_end_of_300_turns():
    session = play(Narrow(window_tokens=8_192, turns=300), Room(window_tokens=8_192), output(3_000), begun())

    assert session.ending == Finished(text="Done.")
    assert session.provider.refused == 0
    assert session.folds > 10
    assert session.breaks() == session.folds, "one break of the cached prefix for each fold"
    last = session.provider.asked[-1]
    assert "a long task" in str(last[1]["content"])
    assert "Summary" in str(last[1]["content"])


def test_60_answers_of_20_kb_break_the_prefix_once_for_each_fold():
    session = play(Narrow(window_tokens=200_000, turns=60), Room(window_tokens=200_000), output(20_000), begun())

    assert session.ending == Finished(text="Done.")
    assert 1 <= session.folds <= 5
    assert session.breaks() == session.folds
    for summary in session.provider.summaries:
        assert any(summary[:-1] == asked[: len(summary) - 1] for asked in session.provider.asked), (
            "what a summary is asked over is what was sent before"
        )


@pytest.mark.parametrize("says_window", [True, False])
def test_a_window_nobody_knew_is_learned_from_the_refusal(says_window: bool):
    provider = Narrow(window_tokens=8_192, turns=40, says_window=says_window)
    session = play(provider, Room(), output(3_000), begun())

    assert session.ending == Finished(text="Done.")
    assert 1 <= provider.refused <= 8


def test_a_task_that_is_longer_than_the_window_is_cut():
    session = play(Narrow(window_tokens=8_192, turns=2), Room(window_tokens=8_192), output(10), begun("y" * 100_000))

    assert session.ending == Finished(text="Done.")
    assert session.provider.refused == 0


def test_an_answer_that_is_longer_than_the_window_is_cut():
    session = play(Narrow(window_tokens=8_192, turns=3), Room(window_tokens=8_192), output(500_000), begun())

    assert session.ending == Finished(text="Done.")
    assert session.provider.refused == 0


def test_3000_turns_come_to_their_end_and_replay_to_the_same_conversation():
    session = play(Narrow(window_tokens=8_192, turns=3_000), Room(window_tokens=8_192), output(200), begun())

    assert session.ending == Finished(text="Done.")
    assert session.breaks() == session.folds
    again = Memory.of((*begun(), *session.journal.events))
    assert again.turns == session.memory.turns
