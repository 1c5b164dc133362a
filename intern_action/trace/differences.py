"""Two recordings side by side, a line for each thing that was said or done; and what is wrong with one."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from intern_action.core.events import Answered, Began, Event, Folded, Heard, Moved, Noted, Spent, Told
from intern_action.core.ports import Redactor
from intern_action.trace.told import dollars

_LONGEST = 160
_AROUND = 2


def differences(one: Sequence[Event], other: Sequence[Event], names: tuple[str, str]) -> list[str]:
    """Return how two recordings differ, as a unified diff of their lines; nothing when they do not."""
    return list(difflib.unified_diff(list(_lines(one)), list(_lines(other)), *names, n=_AROUND, lineterm=""))


def summary(events: Sequence[Event]) -> str:
    """Return a recording in one line."""
    replies = [event.reply for event in events if isinstance(event, Heard)]
    calls = sum(len(reply.calls) for reply in replies)
    failed = sum(isinstance(event, Answered) and event.result.failed for event in events)
    tokens = sum(reply.usage.input_tokens + reply.usage.output_tokens for reply in replies)
    usd = sum((event.usd or Decimal(0) for event in events if isinstance(event, Spent)), start=Decimal(0))
    paid = f", {dollars(usd)}" if usd else ""
    folds = sum(isinstance(event, Folded) for event in events)
    folded = f", folded {folds} times" if folds else ""
    return f"{len(replies)} answers, {calls} calls ({failed} failed), {tokens} tokens{paid}{folded}"


def flaws(events: Sequence[Event], redactor: Redactor) -> Iterator[str]:
    """Yield what is wrong with a recording: calls and answers that do not belong together, and secrets."""
    open_calls: set[str] = set()
    seen: set[str] = set()
    for place, event in enumerate(events, start=1):
        match event:
            case Heard(reply=reply):
                if open_calls:
                    yield f"event {place}: the model is heard while {', '.join(sorted(open_calls))} has no answer"
                open_calls = {call.id for call in reply.calls}
                if again := open_calls & seen:
                    yield f"event {place}: the call id {', '.join(sorted(again))} came before"
                seen |= open_calls
            case Answered(call_id=call_id):
                if call_id not in open_calls:
                    yield f"event {place}: an answer to {call_id}, which is not open"
                open_calls.discard(call_id)
            case _:
                pass
        if redactor.finds(" ".join(_texts(event))):
            yield f"event {place}: it holds what looks like a secret"


def _lines(events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        match event:
            case Began(task=task):
                yield f"task: {_flat(task)}"
            case Told(by=by, words=words):
                yield f"{by}: {_flat(words)}"
            case Noted(text=text):
                yield f"note: {_flat(text)}"
            case Heard(reply=reply):
                if reply.text.strip():
                    yield f"model: {_flat(reply.text)}"
                for call in reply.calls:
                    yield f"call: {call.name} {_flat(json.dumps(call.arguments, ensure_ascii=False, default=str))}"
            case Answered(result=result):
                yield f"{'failed' if result.failed else 'answer'}: {_flat(result.text)}"
            case Folded(turns=turns):
                yield f"folded: {turns} turns"
            case Moved(to=to, why=why):
                yield f"state: {to} {_flat(why)}".rstrip()
            case _:
                pass


def _texts(event: Event) -> Iterator[str]:
    match event:
        case Heard(reply=reply):
            yield reply.text
            for call in reply.calls:
                yield json.dumps(call.arguments, ensure_ascii=False, default=str)
        case Answered(result=result):
            yield result.text
        case Noted(text=text) | Told(words=text):
            yield text
        case _:
            pass


def _flat(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[:_LONGEST]}…"
