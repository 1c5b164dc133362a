"""Whether a session's memory is at an end, and at which."""

from __future__ import annotations

from intern_action.agent.memory import Memory
from intern_action.core.endings import Ending, Finished, GaveUp, NeedsInput, NeedsJob, NeedsReview
from intern_action.core.types import Answer, Call, Reply, ToolResult


def ending_of(memory: Memory) -> Ending | None:
    """Return the ending a memory stands at, None while the model has to be asked."""
    if memory.open:
        return _waiting(memory)
    match memory.turns[-1]:
        case Reply(calls=(), text=text):
            return Finished(text=text)
        case Answer(call=Call(name="ask_person"), result=ToolResult(data={"question": str(question)})):
            return NeedsInput(question=question)
        case Answer(call=Call(name="give_up"), result=ToolResult(data={"reason": str(reason), "because": because})):
            return GaveUp(text=reason, because="job" if because == "job" else "task")
        case _:
            return None


def _waiting(memory: Memory) -> NeedsJob | NeedsReview:
    ids = tuple(memory.open)
    running = tuple(call_id for call_id in ids if call_id in memory.submitted)
    return NeedsJob(call_ids=running) if running else NeedsReview(call_ids=ids)
