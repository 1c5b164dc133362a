"""Patience: what is asked again, how often, and after how long."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from intern_action.core.errors import (
    ContextOverflow,
    ModelAuth,
    ModelCut,
    ModelError,
    ModelGarbled,
    ModelRateLimited,
    ModelRefused,
    ModelUnreachable,
)
from intern_action.core.types import Reply
from intern_action.llm.retry import Retrying, Stamina
from tests.fakes.models import HandClock, ScriptedModel, conversation

DONE = Reply(text="done")


def _retrying(
    script: list[Reply | ModelError],
    clock: HandClock,
    stamina: Stamina | None = None,
    tell: Callable[[str], None] | None = None,
) -> tuple[Retrying, ScriptedModel]:
    model = ScriptedModel(script)
    return Retrying(model, clock=clock, chance=lambda: 0.5, stamina=stamina, tell=tell), model


@pytest.mark.parametrize("error", [ModelRateLimited("x"), ModelUnreachable("x"), ModelCut("x"), ModelGarbled("x")])
def test_what_may_pass_is_asked_again(error: ModelError):
    model, scripted = _retrying([error, error, DONE], HandClock())

    assert model.answer(conversation()) == DONE
    assert scripted.asked == 3


@pytest.mark.parametrize("error", [ModelAuth("x"), ModelRefused("x"), ContextOverflow("x")])
def test_what_would_fail_again_is_asked_once(error: ModelError):
    model, scripted = _retrying([error, DONE], HandClock())

    with pytest.raises(type(error)):
        model.answer(conversation())
    assert scripted.asked == 1


@pytest.mark.parametrize(
    ("error", "tries"),
    [(ModelRateLimited("x"), 12), (ModelUnreachable("x"), 12), (ModelCut("x"), 4), (ModelGarbled("x"), 3)],
)
def test_each_fault_has_its_number_of_tries(error: ModelError, tries: int):
    model, scripted = _retrying([error] * 20, HandClock())

    with pytest.raises(type(error)):
        model.answer(conversation())
    assert scripted.asked == tries


@pytest.mark.parametrize(("retries", "tries"), [(0, 1), (1, 2), (20, 12)])
def test_people_can_set_how_often(retries: int, tries: int):
    model, scripted = _retrying([ModelRateLimited("x")] * 20, HandClock(), stamina=Stamina.of(retries))

    with pytest.raises(ModelRateLimited):
        model.answer(conversation())
    assert scripted.asked == tries


def test_waits_double_and_have_an_upper_limit():
    clock = HandClock()
    model, _ = _retrying([ModelUnreachable("x")] * 20, clock, stamina=Stamina(longest_wait_seconds=6))

    with pytest.raises(ModelUnreachable):
        model.answer(conversation())
    assert clock.waits == [0.5, 1.0, 2.0, *[3.0] * 8]


def test_the_provider_is_not_asked_before_the_time_it_named():
    clock = HandClock()
    model, _ = _retrying([ModelRateLimited("x", retry_after_seconds=30), DONE], clock)

    model.answer(conversation())

    assert clock.waits == [30.5]


def test_a_wait_beyond_the_deadline_is_not_begun():
    clock = HandClock()
    model, scripted = _retrying([ModelRateLimited("x", retry_after_seconds=3600), DONE], clock)

    with pytest.raises(ModelRateLimited):
        model.answer(conversation())
    assert (clock.waits, scripted.asked) == ([], 1)


def test_the_deadline_counts_all_waits_of_one_question():
    clock = HandClock()
    patient = Stamina(deadline_seconds=100)
    model, scripted = _retrying([ModelRateLimited("x", retry_after_seconds=40)] * 9, clock, stamina=patient)

    with pytest.raises(ModelRateLimited):
        model.answer(conversation())
    assert scripted.asked == 3


def test_each_question_has_its_own_tries():
    model, _ = _retrying([ModelGarbled("x"), ModelGarbled("x"), DONE] * 3, HandClock())

    assert [model.answer(conversation()) for _ in range(3)] == [DONE, DONE, DONE]


def test_people_are_told_before_each_wait():
    told: list[str] = []
    model, _ = _retrying([ModelUnreachable("nobody at 127.0.0.1"), DONE], HandClock(), tell=told.append)

    model.answer(conversation())

    assert told == ["nobody at 127.0.0.1. Trying again in 0.5 s (try 2)"]


def test_no_chance_waits_longer_than_it_may():
    clock = HandClock()
    model = Retrying(ScriptedModel([ModelCut("x")] * 20), clock=clock)

    with pytest.raises(ModelCut):
        model.answer(conversation())
    assert all(0 <= wait <= 2**place for place, wait in enumerate(clock.waits))


def test_name_and_close_are_the_models_own():
    model, scripted = _retrying([], HandClock())

    model.close()

    assert (model.name, scripted.closed) == ("scripted", True)
