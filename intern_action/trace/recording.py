"""The answers of a recorded session, from its trace.jsonl or from its journal."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, Field, ValidationError

from intern_action.core.errors import Misconfigured
from intern_action.core.events import Heard
from intern_action.core.types import Call, FinishReason, Reply, Thought, Usage
from intern_action.trace import codec
from intern_action.trace.jsonl import EMPTY_ANSWER, HIDDEN, STOPS

_FINISHES = {word: finish for finish, word in STOPS.items()}


def replies(path: Path) -> tuple[Reply, ...]:
    """Return every answer of the model, oldest first.

    Args:
        path: a trace.jsonl (rows), or a journal.

    Raises:
        Misconfigured: it cannot be read, or holds neither rows nor a journal.
        BrokenJournal: it is a journal that cannot be trusted.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Misconfigured(
            f"{path} cannot be read: {error.strerror}; name a trace.jsonl that a session left"
        ) from error
    if data.startswith(b'{"seq":'):
        entries, _ = codec.read(path)
        return tuple(entry.event.reply for entry in entries if isinstance(entry.event, Heard))
    return tuple(_recorded(data.splitlines(), path))


def _recorded(lines: list[bytes], path: Path) -> Iterator[Reply]:
    for number, line in enumerate(lines, start=1):
        try:
            row = _Row.model_validate_json(line)
            message = _Message.model_validate(row.message) if row.type == "assistant" else None
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the line"
            raise Misconfigured(f"{path}:{number} is no row of a trace: {where}: {first['msg']}") from error
        if message is not None:
            yield _reply(message, row.costUSD)


def _reply(message: _Message, cost_usd: float | None) -> Reply:
    texts = [block.text for block in message.content if isinstance(block, _Text) and block.text != EMPTY_ANSWER]
    usage = message.usage
    cached = usage.cache_read_input_tokens + usage.cache_creation_input_tokens
    return Reply(
        text="".join(texts),
        calls=tuple(
            Call(id=block.id, name=block.name, arguments=block.input, flaw=block.flaw)
            for block in message.content
            if isinstance(block, _ToolUse)
        ),
        thoughts=tuple(_thought(block) for block in message.content if isinstance(block, _Thinking)),
        finish=_FINISHES.get(message.stop_reason or "", FinishReason.STOP),
        usage=Usage(
            input_tokens=usage.input_tokens + cached,
            output_tokens=usage.output_tokens,
            cache_read_tokens=usage.cache_read_input_tokens,
            cache_write_tokens=usage.cache_creation_input_tokens,
            cost_usd=None if cost_usd is None else Decimal(str(cost_usd)),
        ),
        model=message.model,
    )


def _thought(block: _Thinking) -> Thought:
    text = "" if block.thinking == HIDDEN else block.thinking
    signed = {"signature": block.signature} if block.signature else {}
    return Thought(text=text, block={"type": "thinking", "thinking": text, **signed})


# --- the door --------------------------------------------------------------------------------------------------------


class _Text(BaseModel):
    type: Literal["text"]
    text: str


class _Thinking(BaseModel):
    type: Literal["thinking"]
    thinking: str
    signature: str = ""


class _ToolUse(BaseModel):
    type: Literal["tool_use"]
    id: str
    name: str
    input: dict[str, object]
    flaw: str | None = None


_Block: TypeAlias = Annotated[_Text | _Thinking | _ToolUse, Field(discriminator="type")]


class _Tokens(BaseModel):
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0


class _Message(BaseModel):
    model: str = ""
    content: list[_Block]
    stop_reason: str | None = None
    usage: _Tokens = _Tokens()


class _Row(BaseModel):
    type: str
    message: dict[str, object] | None = None
    costUSD: float | None = None  # noqa: N815 - the row's own word
