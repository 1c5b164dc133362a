"""What was recorded of a session, from its trace.jsonl or from its journal: its answers, or all that was said and done."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, cast

from pydantic import BaseModel, Field, ValidationError

from intern_action.core.errors import Misconfigured
from intern_action.core.events import Answered, Began, Event, Heard, Noted, Told
from intern_action.core.types import Call, FinishReason, Reply, Thought, ToolResult, Usage
from intern_action.trace import codec
from intern_action.trace.jsonl import EMPTY_ANSWER, HIDDEN, NO_OUTPUT, STOPS

_JOURNAL = b'{"seq":'
_REMINDER = "<system-reminder>"
_FINISHES = {word: finish for finish, word in STOPS.items()}


def replies(path: Path) -> tuple[Reply, ...]:
    """Return every answer of the model, oldest first.

    Args:
        path: a trace.jsonl (rows), or a journal.

    Raises:
        Misconfigured: it cannot be read, or holds neither rows nor a journal.
        BrokenJournal: it is a journal that cannot be trusted.
    """
    data = _read(path)
    if data.startswith(_JOURNAL):
        entries, _ = codec.read(path)
        return tuple(entry.event.reply for entry in entries if isinstance(entry.event, Heard))
    return tuple(_recorded(data.splitlines(), path))


def events(path: Path) -> tuple[Event, ...]:
    """Return what was recorded, oldest first, from `Began` on.

    Of a journal that is every event. Rows of a trace have what was said and answered; of the beginning they have the task alone.

    Raises:
        Misconfigured, BrokenJournal: as `replies`; or nobody says anything in it.
    """
    data = _read(path)
    if data.startswith(_JOURNAL):
        entries, _ = codec.read(path)
        found = tuple(entry.event for entry in entries)
    else:
        found = tuple(_told(data.splitlines(), path))
    if not found or not isinstance(found[0], Began):
        raise Misconfigured(f"{path} does not begin with the beginning of a session")
    return found


def _told(lines: list[bytes], path: Path) -> Iterator[Event]:
    began = False
    for row, message in _rows(lines, path):
        if row.type == "assistant" and message is not None:
            yield Heard(reply=_reply(_Message.model_validate(message), row.costUSD))
        for block in _blocks(row, message):
            match block:
                case {"type": "tool_result", "tool_use_id": str(call_id), "content": str(text)}:
                    said = "" if text == NO_OUTPUT else text
                    result = ToolResult(text=said, data=_data(row), failed=bool(block.get("is_error")))
                    yield Answered(call_id=call_id, result=result)
                case {"type": "text", "text": str(text)} if text.startswith(_REMINDER):
                    yield Noted(text=text.removeprefix(_REMINDER).removesuffix("</system-reminder>"))
                case {"type": "text", "text": str(text)}:
                    by, _, words = text.partition(": ")
                    yield Told(by=by, words=words) if began else _beginning(by, words)
                    began = True
                case _:
                    pass


def _blocks(row: _Row, message: dict[str, object] | None) -> list[dict[str, object]]:
    content = message.get("content") if message is not None and row.type == "user" else None
    return cast("list[dict[str, object]]", content) if isinstance(content, list) else []


def _data(row: _Row) -> dict[str, object]:
    data = (row.toolUseResult or {}).get("data")
    return cast("dict[str, object]", data) if isinstance(data, dict) else {}


def _beginning(by: str, task: str) -> Began:
    """Return a beginning that says what a trace says: who asked for what."""
    return Began(
        session="recorded",
        task=task,
        requester=by,
        thread=0,
        base="",
        base_sha="",
        branch="",
        model="",
        event_key="recorded",
    )


def _recorded(lines: list[bytes], path: Path) -> Iterator[Reply]:
    for row, message in _rows(lines, path):
        if row.type == "assistant" and message is not None:
            yield _reply(_Message.model_validate(message), row.costUSD)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Misconfigured(
            f"{path} cannot be read: {error.strerror}; name a trace.jsonl or a journal that a session left"
        ) from error


def _rows(lines: list[bytes], path: Path) -> Iterator[tuple[_Row, dict[str, object] | None]]:
    """Return each row with its message, which is known to be one where a model said it."""
    for number, line in enumerate(lines, start=1):
        try:
            row = _Row.model_validate_json(line)
            if row.type == "assistant":
                _Message.model_validate(row.message)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the line"
            raise Misconfigured(f"{path}:{number} is no row of a trace: {where}: {first['msg']}") from error
        yield row, row.message


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
    toolUseResult: dict[str, object] | None = None  # noqa: N815 - the row's own word
    costUSD: float | None = None  # noqa: N815 - the row's own word
