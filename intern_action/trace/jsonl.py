"""trace.jsonl: the journal as Claude-Code rows, which many readers know.

One row for each thing that happened: what people and the house said, each answer of the model with its thinking blocks and
usage, each tool's answer, and control's remarks (held, plan, approved, launched, state …) as `system` rows. They carry the
subtype `away_summary`, because readers hide other system rows unless asked, and an approval must be seen.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from intern_action.core.events import Answered, Began, Entry, Event, Heard, Noted, Told
from intern_action.core.types import Call, FinishReason, Reply, Thought
from intern_action.trace.told import told

Row: TypeAlias = Mapping[str, object]

STOPS = {
    FinishReason.STOP: "end_turn",
    FinishReason.CALLS: "tool_use",
    FinishReason.LENGTH: "max_tokens",
    FinishReason.FILTER: "refusal",
}
EMPTY_ANSWER = "(an empty answer)"
NO_OUTPUT = "(no output)"
HIDDEN = "(hidden by the provider)"
_SPACE = uuid.UUID("9d3c3d5e-5f0e-4c57-9a3e-2f1f0c7b6a11")
_HIDING = (
    "<command-",
    "<local-command-",
    "<bash-",
    "<user-memory",
    "<teammate-",
    "<task-notification",
    "Caveat: The messages below",
)
"""Beginnings with which a text would make a reader show it as something else, or not at all."""


def rows(entries: Iterable[Entry], *, cwd: str = ".", version: str = "1") -> Iterator[Row]:
    """Return the rows of a journal, oldest first, each one the child of the one before.

    Args:
        entries: from `Began` on.
        cwd: the folder to show, for readers that group by it; name no folder of a private machine.
        version: of this program.
    """
    parent: str | None = None
    session, branch = "", ""
    for entry in entries:
        if isinstance(entry.event, Began):
            session, branch = entry.event.session, entry.event.branch
        for place, part in enumerate(_parts(entry.event, entry.hash)):
            own = str(uuid.uuid5(_SPACE, f"{entry.hash}/{place}"))
            yield {
                "type": part["type"],
                "uuid": own,
                "parentUuid": parent,
                "timestamp": entry.at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{entry.at.microsecond // 1000:03d}Z",
                "sessionId": str(uuid.uuid5(_SPACE, session)),
                "isSidechain": False,
                "userType": "external",
                "cwd": cwd,
                "version": version,
                "gitBranch": branch,
                **part,
            }
            parent = own


def lines(entries: Iterable[Entry], *, cwd: str = ".", version: str = "1") -> Iterator[str]:
    """Return the rows as lines of a JSONL file."""
    for row in rows(entries, cwd=cwd, version=version):
        yield json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n"


def _parts(event: Event, mark: str) -> Iterator[Row]:
    match event:
        case Began(task=task, requester=by):
            yield _said(by, task)
        case Told(by=by, words=words):
            yield _said(by, words)
        case Noted(text=text):
            yield _user([{"type": "text", "text": f"<system-reminder>{_plain(text)}</system-reminder>"}])
            return
        case Heard(reply=reply):
            yield _assistant(reply, mark)
        case Answered():
            yield _result(event)
        case _:
            pass
    remark = told(event)
    if remark is not None:
        level = "error" if remark.tone == "bad" else "warning" if remark.tone == "warn" else "info"
        content = f"**{remark.label}** {_plain(remark.line)}".strip()
        yield {"type": "system", "subtype": "away_summary", "level": level, "content": content, "isMeta": False}


def _said(by: str, text: str) -> Row:
    return _user([{"type": "text", "text": _plain(f"{by}: {text}")}])


def _user(content: Sequence[Row]) -> Row:
    return {"type": "user", "message": {"role": "user", "content": content}}


def _result(event: Answered) -> Row:
    block = {
        "type": "tool_result",
        "tool_use_id": event.call_id,
        "content": event.result.text or NO_OUTPUT,
        "is_error": event.result.failed,
    }
    facts = {"data": event.result.data, "snapshot": event.snapshot, "seconds": event.seconds}
    return {**_user([block]), "toolUseResult": facts}


def _assistant(reply: Reply, mark: str) -> Row:
    usage = reply.usage
    message = {
        "id": f"msg_{mark[:24]}",
        "type": "message",
        "role": "assistant",
        "model": reply.model or "unknown",
        "content": [
            *(_thinking(thought) for thought in reply.thoughts),
            *([{"type": "text", "text": reply.text}] if reply.text.strip() else []),
            *(_call(call) for call in reply.calls),
        ]
        or [{"type": "text", "text": EMPTY_ANSWER}],
        "stop_reason": STOPS[reply.finish],
        "stop_sequence": None,
        "usage": {
            "input_tokens": max(0, usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens),
            "output_tokens": usage.output_tokens,
            "cache_read_input_tokens": usage.cache_read_tokens,
            "cache_creation_input_tokens": usage.cache_write_tokens,
        },
    }
    cost = {} if usage.cost_usd is None else {"costUSD": float(usage.cost_usd)}
    return {"type": "assistant", "message": message, **cost}


def _call(call: Call) -> Row:
    flaw = {"flaw": call.flaw} if call.flaw else {}
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": dict(call.arguments), **flaw}


def _thinking(thought: Thought) -> Row:
    signature = thought.block.get("signature") or thought.block.get("data")
    signed = {"signature": signature} if isinstance(signature, str) else {}
    return {"type": "thinking", "thinking": thought.text or HIDDEN, **signed}


def _plain(text: str) -> str:
    """Return a text in which no reader finds a tag of its own: a stranger's words are shown as words."""
    for hiding in _HIDING:
        text = text.replace(hiding, f"{hiding[0]}\u200b{hiding[1:]}")
    return text.replace("</system-reminder", "<\u200b/system-reminder").replace(
        "<system-reminder", "<\u200bsystem-reminder"
    )
