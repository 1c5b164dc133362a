"""What litellm's adapters yield is read without its wrapper where it can be, and says the same."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from datetime import UTC, datetime
from typing import TypeAlias

import pytest

from intern_action.llm._litellm_stream import Stream
from intern_action.llm.hearing import Hearing
from intern_action.llm.litellm_library import litellm_environment, load
from tests.llm.litellm_probe import TO_SIGN_WITH

FEWEST_ANSWERED = 150
"""Streams that were understood: about sixty adapters speak OpenAI's shape, and some each of the others."""
Answer: TypeAlias = Callable[[Iterable[object] | None], object]


@pytest.fixture(scope="module", autouse=True)
def _litellm_stays_here() -> Generator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in litellm_environment().items():
            patch.setenv(name, value)
        load()
        yield


@pytest.fixture
def answer() -> Answer:
    """Make an answer of litellm's own kind around what an adapter yields; with nothing, it is got when it is asked for."""
    module = importlib.import_module("litellm.litellm_core_utils.streaming_handler")
    logging = importlib.import_module("litellm.litellm_core_utils.litellm_logging")
    now = datetime.now(UTC)

    def made(yields: Iterable[object] | None) -> object:
        log = logging.Logging(
            model="m",
            messages=[],
            stream=True,
            call_type="completion",
            start_time=now,
            litellm_call_id="1",
            function_id="1",
        )
        late = None if yields is not None else lambda **_: iter([generic("Late"), generic("", finish="stop")])
        return module.CustomStreamWrapper(
            completion_stream=iter(yields) if yields is not None else None,
            make_call=late,
            model="m",
            custom_llm_provider="anthropic",
            logging_obj=log,
            stream_options={"include_usage": True},
        )

    return made


def generic(text: str, *, finish: str = "", usage: object = None) -> dict[str, object]:
    """A chunk of the older kind, which some adapters yield."""
    return {
        "text": text,
        "is_finished": bool(finish),
        "finish_reason": finish,
        "usage": usage,
        "index": 0,
        "tool_use": None,
    }


def chunk(text: str | None, *, finish: str | None = None, usage: dict[str, object] | None = None) -> object:
    types = importlib.import_module("litellm.types.utils")
    choice = types.StreamingChoices(delta=types.Delta(content=text), finish_reason=finish)
    return types.ModelResponseStream(choices=[choice], **({"usage": types.Usage(**usage)} if usage else {}))


def heard(answer: object) -> tuple[str, str, tuple[int, int, int, int]]:
    stream, hearing, said = Stream(answer, load().chunk), Hearing(model="m"), []
    hearing.hear = said.append
    for piece in stream:
        hearing.piece(piece)
    usage = hearing.usage
    counts = (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.cache_write_tokens)
    return "".join(said), stream.finish, counts


USAGE: dict[str, object] = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}


def test_chunks_of_its_own_type_are_read_as_they_are(answer: Answer):
    made = answer([generic(""), chunk("Good "), None, chunk("morning."), chunk(None, finish="stop", usage=USAGE)])
    assert heard(made) == ("Good morning.", "stop", (9, 4, 0, 0))
    assert vars(made)["chunks"] == []  # the wrapper saw none of them


def test_totals_so_far_are_counted_once(answer: Answer):
    """Anthropic tells what was read at the beginning and what was written at the end."""
    first: dict[str, object] = {
        **USAGE,
        "completion_tokens": 1,
        "prompt_tokens_details": {"cached_tokens": 5},
        "cache_creation_input_tokens": 2,
    }
    last: dict[str, object] = {"prompt_tokens": 0, "completion_tokens": 7, "total_tokens": 7}
    made = answer([chunk("a", usage=first), chunk("b", finish="stop", usage=last)])
    assert heard(made) == ("ab", "stop", (9, 7, 5, 2))


def test_chunks_of_another_kind_come_through_the_wrapper(answer: Answer):
    made = answer([generic("Good "), generic("morning.", finish="stop", usage=USAGE)])
    assert heard(made) == ("Good morning.", "stop", (9, 4, 0, 0))


def test_both_kinds_in_one_stream_are_heard_in_order(answer: Answer):
    made = answer([chunk("Good "), generic("morning"), generic(".", finish="stop", usage=USAGE)])
    assert heard(made)[:2] == ("Good morning.", "stop")


def test_what_is_got_when_it_is_asked_for_is_the_wrapper_s(answer: Answer):
    assert heard(answer(None))[:2] == ("Late", "stop")


@pytest.mark.parametrize("kind", [chunk, generic])
def test_a_stream_that_was_cut_has_no_finish_reason(answer: Answer, kind: Callable[[str], object]):
    """Litellm itself ends it with `stop`."""
    assert heard(answer([kind("Good ")]))[:2] == ("Good ", "")


@pytest.mark.parametrize("kind", [chunk, generic])
def test_an_error_on_the_way_is_what_litellm_calls_it(answer: Answer, kind: Callable[[str], object]):
    fault = importlib.import_module("litellm.llms.anthropic.common_utils").AnthropicError

    def yields() -> Iterator[object]:
        yield kind("Good ")
        raise fault(status_code=529, message="overloaded")

    made = answer(yields())
    with pytest.raises(load().faults) as raised:
        heard(made)
    origin = getattr(raised.value, "original_exception", raised.value)
    assert getattr(origin, "status_code", 0) in {529, 503, 500}
    assert "overloaded" in str(raised.value)


def test_whichever_adapter_it_is_the_same_is_heard_as_through_the_wrapper():
    ran = subprocess.run(
        [sys.executable, "-m", "tests.llm.litellm_streams_probe"],
        env={**litellm_environment(), **TO_SIGN_WITH},
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    told = json.loads(ran.stdout)
    answered = [name for name, (ours, _) in told.items() if ours[0] and ours[1]]
    assert len(answered) > FEWEST_ANSWERED
    assert {name.partition(" ")[0] for name in answered} >= {"OpenAI", "reasoning", "Anthropic", "Gemini", "no"}
    heard = {
        name: both for name, both in told.items() if any(words or calls for words, _, calls, *_ in filter(None, both))
    }
    differ = {name: both for name, both in heard.items() if both[0] != both[1]}
    assert differ == {}
