"""What providers say when they refuse, and what the house takes it for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from intern_action.core.errors import (
    ContextOverflow,
    ModelAuth,
    ModelError,
    ModelFiltered,
    ModelRateLimited,
    ModelRefused,
    ModelUnreachable,
)
from intern_action.llm.faults import Asked, error_status, error_words, fault, retry_after_seconds, window_told

ASKED = Asked(model="openai/m", where="http://127.0.0.1/v1", key_variable="OPENAI_API_KEY", secret="sk-1")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

OVERFLOWS = [
    "This model's maximum context length is 128000 tokens. However, your messages resulted in 140000 tokens.",
    "Too long (invalid_request_error, context_length_exceeded)",
    "Your input exceeds the context window of this model. Please adjust your input and try again.",
    "prompt is too long: 210000 tokens > 200000 maximum",
    "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or context window",
    "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    "Input is too long for requested model.",
    "the request exceeds the available context size (8192 tokens), try increasing it (exceed_context_size_error)",
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens",
    "The prompt (total length 9000) is too long to fit into the model (context length 8192)",
    "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
    "max_model_len is 4096 and the request has 5000",
    "Please reduce the length of the messages or completion.",
]


@pytest.mark.parametrize("words", OVERFLOWS)
@pytest.mark.parametrize("status", [400, 422, 500])
def test_too_many_tokens_is_an_overflow_in_every_providers_words(words: str, status: int):
    assert type(fault(status, words, ASKED)) is ContextOverflow


def test_what_a_provider_says_of_its_window_is_heard():
    told = [window_told(words) for words in OVERFLOWS]

    assert told == [128000, 0, 0, 200000, 200000, 1048576, 0, 8192, 4096, 8192, 32768, 4096, 0]


def test_a_number_of_tokens_asked_for_is_not_taken_for_a_window():
    asked = "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (7500 in the messages, 1500)"

    assert window_told(asked) == 8192


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (400, "Unknown parameter: tools[0].strict", ModelRefused),
        (400, "max_tokens must be at least 1", ModelRefused),
        (400, "max_tokens: 1500 is not supported here", ModelRefused),
        (400, "Invalid value for max_tokens: 1500", ModelRefused),
        (
            400,
            "The response was filtered due to the prompt triggering content management policy (content_filter)",
            ModelFiltered,
        ),
        (400, "Your request was rejected as a result of our safety system", ModelFiltered),
        (422, "prompt_blocked", ModelFiltered),
        (401, "no", ModelAuth),
        (402, "You have exceeded your monthly included credits", ModelRefused),
        (403, "the model is gated; maximum context for you is nothing", ModelAuth),
        (404, "The model `m` does not exist", ModelRefused),
        (307, "", ModelRefused),
        (408, "", ModelUnreachable),
        (413, "", ContextOverflow),
        (429, "Rate limit reached, maximum context length is not the point", ModelRateLimited),
        (429, "You exceeded your current quota (insufficient_quota)", ModelRefused),
        (429, "Request too large for model `m` on tokens per minute", ContextOverflow),
        (500, "boom", ModelUnreachable),
        (503, "", ModelUnreachable),
        (529, "overloaded", ModelUnreachable),
    ],
)
def test_each_status_has_its_fault(status: int, words: str, kind: type[ModelError]):
    assert type(fault(status, words, ASKED)) is kind


def test_a_server_that_is_busy_and_says_for_how_long_is_waited_for():
    error = fault(503, "loading", ASKED, retry_after_seconds=20)

    assert isinstance(error, ModelRateLimited)
    assert error.retry_after_seconds == 20


def test_a_missing_key_and_a_wrong_one_are_told_apart():
    missing = Asked(model="m", where="x", key_variable="OPENAI_API_KEY")
    none = Asked(model="m", where="x", key_variable="")

    assert str(fault(401, "no", missing)).endswith("Set OPENAI_API_KEY")
    assert "Check OPENAI_API_KEY" in str(fault(401, "no", ASKED))
    assert "LOCAL_LLM_API_KEY" in str(fault(401, "no", none))


def test_a_long_page_of_html_is_shown_in_part_and_in_one_line():
    message = str(fault(502, "<html>\n" + "x" * 10_000, ASKED))

    assert len(message) < 700
    assert "\n" not in message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "bad", "type": "t", "code": "c"}}', "bad (t, c)"),
        (b'{"error": {"message": "bad", "code": null}}', "bad"),
        (b'{"error": "bad"}', "bad"),
        (b'{"message": "bad"}', "bad"),
        (b'{"detail": "bad"}', "bad"),
        (b'{"object": "error", "message": "bad", "code": 40303}', "bad (40303)"),
        (b"upstream gone", "upstream gone"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"[1]", "[1]"),
        (b"", ""),
    ],
)
def test_the_words_are_found_wherever_they_stand(body: bytes, words: str):
    assert error_words(body) == words


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"code": 429}, 429),
        ({"code": "503"}, 503),
        ({"code": "context_length_exceeded", "type": "invalid_request_error"}, 400),
        ({"type": "overloaded_error"}, 529),
        ({"code": 12}, 502),
        ({}, 502),
    ],
)
def test_an_error_inside_of_a_stream_has_a_status_too(error: dict[str, object], status: int):
    assert error_status({"error": error}) == status


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Mon, 23 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None):
    assert retry_after_seconds(headers, NOON) == seconds
