"""A provider's refusal, as one of the house's model faults.

Sources: https://platform.openai.com/docs/guides/error-codes, https://docs.anthropic.com/en/api/errors,
https://huggingface.co/docs/inference-providers, RFC 9110 section 10.2.3 (Retry-After).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from intern_action.core.errors import (
    ContextOverflow,
    ModelAuth,
    ModelError,
    ModelFiltered,
    ModelRateLimited,
    ModelRefused,
    ModelUnreachable,
)
from intern_action.core.frozen import frozen
from intern_action.llm.narrow import as_object, as_text

_SHOWN_CHARS = 500

_OVERFLOW = re.compile(
    r"context[_ ]length|context[_ ]window|context size|maximum context"
    r"|max(?:imum)?[_ ](?:model|input|prompt)[_ ](?:len|length|tokens)"
    r"|prompt is too long|input is too long|too many (?:input )?tokens|input token count .{0,40}exceeds"
    r"|exceeds? the (?:available|maximum|model).{0,40}(?:context|tokens|length)|inputs`? tokens \+|reduce the length"
    r"|request_too_large|exceed_context_size",
    re.IGNORECASE | re.DOTALL,
)
"""How OpenAI, Anthropic, Gemini, Bedrock, vLLM, TGI, llama.cpp, Ollama, Mistral and others say that there are too many tokens."""

_WINDOWS = (
    re.compile(r"(?:>|<=)\s*(\d{4,9})\b"),
    re.compile(r"\b(\d{4,9})\s+maximum"),
    re.compile(r"tokens allowed\D{0,10}(\d{4,9})\b"),
    re.compile(r"(?:context[_ ](?:length|window|size|limit)|max_model_len)\D{0,60}?(\d{4,9})\b"),
)
"""Where the number stands of how many tokens would have done, the surest first."""

_FILTERED = re.compile(
    r"content[_ ]filter|content management policy|content[_ ]policy|ResponsibleAI|safety (?:system|filter|policy|settings)"
    r"|blocked by .{0,40}(?:safety|guardrail|policy)|guardrail_intervened|prompt_blocked",
    re.IGNORECASE,
)
"""How Azure, OpenAI, Gemini, Bedrock and others say that they will not answer this."""

_NO_CREDIT = re.compile(r"insufficient_quota|credit balance is too low", re.IGNORECASE)
_RATE = HTTPStatus.TOO_MANY_REQUESTS
_NO_ENTRY = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_FILTERING = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY})
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY})
_TOO_BIG_AT_ANY_RATE = re.compile(r"request too large", re.IGNORECASE)


@frozen
class Asked:
    """Whom we asked, for the words of a fault.

    Args:
        model: the name the user gave.
        where: the base URL, or the provider's name.
        key_variable: the setting that holds the key, "" when none is used.
        secret: never shown, even when the provider repeats it.
    """

    model: str
    where: str
    key_variable: str
    secret: str = field(default="", repr=False)

    def shown(self, words: str) -> str:
        """Return a provider's words, without the key and not endless."""
        clean = words.replace(self.secret, "***") if self.secret else words
        return " ".join(clean.split())[:_SHOWN_CHARS]


def fault(status: int, words: str, asked: Asked, *, retry_after_seconds: float | None = None) -> ModelError:
    """Return the fault for an HTTP status and the provider's words."""
    said = f"{asked.model} at {asked.where} answered {status}: {asked.shown(words)}"
    too_long = _too_long(status, words, said)
    if too_long is not None:
        return too_long
    if status in _FILTERING and _FILTERED.search(words) is not None:
        return ModelFiltered(f"{said}. The provider's filter stopped it")
    if status in _NO_ENTRY:
        return ModelAuth(f"{said}. {_key_advice(asked)}")
    if status == HTTPStatus.PAYMENT_REQUIRED or (status == _RATE and _NO_CREDIT.search(words) is not None):
        return ModelRefused(f"{said}. The account behind {asked.key_variable or 'the key'} has no credit left")
    if status == _RATE or (status == HTTPStatus.SERVICE_UNAVAILABLE and retry_after_seconds is not None):
        return ModelRateLimited(said, retry_after_seconds=retry_after_seconds)
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ModelUnreachable(said)
    if status == HTTPStatus.NOT_FOUND:
        return ModelRefused(f"{said}. Check the model's name and the base URL")
    return ModelRefused(said)


def _too_long(status: int, words: str, said: str) -> ContextOverflow | None:
    if status not in {*_NO_ENTRY, _RATE} and _OVERFLOW.search(words) is not None:
        told = window_told(words)
        return ContextOverflow(f"{said}. The conversation is longer than the model reads", window_tokens=told)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or (
        status == _RATE and _TOO_BIG_AT_ANY_RATE.search(words) is not None
    ):
        return ContextOverflow(f"{said}. The conversation is bigger than the provider takes")
    return None


def window_told(words: str) -> int:
    """Return how many tokens the model reads, by a provider's words about too many of them; 0 when they do not say."""
    for window in _WINDOWS:
        if found := window.search(words.replace(",", "")):
            return int(found[1])
    return 0


def _key_advice(asked: Asked) -> str:
    if not asked.key_variable:
        return "This server wants a key; local ones take it from LOCAL_LLM_API_KEY"
    if not asked.secret:
        return f"Set {asked.key_variable}"
    return f"Check {asked.key_variable}: it is wrong, expired, or may not use this model"


def error_words(body: bytes) -> str:
    """Return what an error body says: `error.message` with type and code, `message`, `detail`, or its text."""
    text = body.decode("utf-8", "replace")
    try:
        decoded = as_object(json.loads(text))
    except (ValueError, RecursionError):
        return text
    return told(decoded) or text


def told(decoded: Mapping[str, object]) -> str:
    """Return the words of a decoded error body, "" when it holds none."""
    error = decoded.get("error")
    if isinstance(error, str) and error:
        return error
    inner = as_object(error) or decoded
    words = as_text(inner.get("message")) or as_text(inner.get("detail"))
    marks = [str(inner[name]) for name in ("type", "code") if words and inner.get(name) not in (None, "", "error")]
    return f"{words} ({', '.join(marks)})" if marks else words


def error_status(decoded: Mapping[str, object]) -> int:
    """Return the status that an error inside a stream means: its own code when that is one, else by its type, else 502."""
    error = as_object(decoded.get("error"))
    for name in ("code", "status", "status_code"):
        value = error.get(name)
        digits = str(value) if isinstance(value, int | str) else ""
        if re.fullmatch(r"[45]\d\d", digits):
            return int(digits)
    return _STATUS_BY_TYPE.get(as_text(error.get("type")), 502)


_STATUS_BY_TYPE: Mapping[str, int] = {
    "authentication_error": 401,
    "permission_error": 403,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "invalid_request_error": 400,
    "BadRequestError": 400,
    "not_found_error": 404,
    "request_too_large": 413,
    "overloaded_error": 529,
}


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return how long the provider asks to wait: seconds, or a date (RFC 9110), or `retry-after-ms`; None if it does not say.

    Args:
        headers: with lower-case names.
        now: aware.
    """
    milliseconds = headers.get("retry-after-ms", "")
    if _NUMBER.fullmatch(milliseconds):
        return float(milliseconds) / 1000
    value = headers.get("retry-after", "").strip()
    if _NUMBER.fullmatch(value):
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, ((when if when.tzinfo else when.replace(tzinfo=UTC)) - now).total_seconds())


_NUMBER = re.compile(r"\d+(?:\.\d+)?")
