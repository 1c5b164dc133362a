"""What Claude is told of its prompt cache, looked at on the wire."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import cast

import pytest

from intern_action.core.types import Turn, Words
from intern_action.llm.litellm import LiteLLM
from intern_action.llm.litellm_library import litellm_environment
from intern_action.llm.resolve import resolve
from intern_action.llm.settings import ModelSettings
from tests.fakes.model_server import Ask, ModelServer, Say, Seen
from tests.fakes.models import HandClock, answers, conversation

CALLS = 30
"""In one reply: more blocks than Anthropic looks back from a mark."""


@pytest.fixture(scope="module", autouse=True)
def _litellm_stays_here() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in litellm_environment().items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def seen() -> Sequence[Seen]:
    """Return the requests of three turns with many calls each."""

    def step(seen: Seen) -> Say:
        return Say(text="t", calls=tuple(Ask(name="read_file", id=f"c{seen.number}-{n}") for n in range(CALLS)))

    with ModelServer(step) as server:
        settings = ModelSettings(variables={"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": server.root})
        model = resolve("anthropic/claude-opus-4.8", settings, clock=HandClock(), built_in={})
        turns: list[Turn] = [Words(by="ada", text="go")]
        for _ in range(3):
            turns += answers(model.answer(conversation(*turns)))
        model.close()
        return tuple(server.seen)


def _blocks(seen: Seen) -> list[dict[str, object]]:
    contents = [cast("list[dict[str, object]]", message["content"]) for message in seen.messages]
    return [
        *cast("list[dict[str, object]]", seen.json["system"]),
        *(block for content in contents for block in content),
    ]


def _marked(seen: Seen) -> list[int]:
    return [place for place, block in enumerate(_blocks(seen)) if "cache_control" in block]


def test_the_instructions_and_the_end_are_marked_in_every_request(seen: Sequence[Seen]):
    for one in seen:
        marked = _marked(one)
        assert marked[0] == 0
        assert marked[-1] == len(_blocks(one)) - 1
        assert len(marked) <= 4, "Anthropic takes no more"


def test_what_was_marked_last_is_marked_again_so_that_it_is_found(seen: Sequence[Seen]):
    for before, later in itertools.pairwise(seen):
        assert _marked(before)[-1] in _marked(later)


def test_an_answer_leaves_room_for_what_was_said(seen: Sequence[Seen]):
    assert seen[0].json["max_tokens"] == 24_000


def test_a_model_of_another_maker_is_asked_without_a_limit():
    settings = ModelSettings(variables={"GEMINI_API_KEY": "k"})
    model = resolve("gemini/gemini-2.5-pro", settings, clock=HandClock(), built_in={})

    inside = vars(model)["_model"]
    assert isinstance(inside, LiteLLM)
    assert vars(inside)["_through"].answer_tokens == 0
