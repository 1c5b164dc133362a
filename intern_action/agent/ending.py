"""Whether a session's memory is at an end, and at which."""

from __future__ import annotations

from datetime import datetime

from intern_action.agent.memory import Memory
from intern_action.core.endings import Ending, Finished, GaveUp, NeedsCommand, NeedsInput, NeedsJob, NeedsReview
from intern_action.core.types import Answer, Call, FinishReason, JobRef, Reply, ToolResult


def ending_of(memory: Memory) -> Ending | None:
    """Return the ending a memory stands at, None while the model has to be asked."""
    if memory.open:
        return _waiting(memory)
    match memory.turns[-1]:
        case Reply(calls=()) as reply:
            return None if cut_short(reply) else Finished(text=reply.text)
        case Answer(call=Call(name="ask_person"), result=ToolResult(data={"question": str(question)})):
            return NeedsInput(question=question)
        case Answer(call=Call(name="give_up"), result=ToolResult(data={"reason": str(reason), "because": because})):
            return GaveUp(text=reason, because="job" if because == "job" else "task")
        case _:
            return _awaited(memory)


def cut_short(reply: Reply) -> bool:
    """Whether an answer did not come to its own end: half a sentence is no "done"."""
    return reply.finish in {FinishReason.LENGTH, FinishReason.FILTER}


def _awaited(memory: Memory) -> NeedsCommand | None:
    """Return the command that one of the newest answers promised to wait for; whatever was said since ends the wait."""
    for turn in reversed(memory.turns):
        match turn:
            case Answer(call=Call(name="sandbox_logs"), result=ToolResult(data={"awaited": awaited})):
                return _command(awaited)
            case Answer():
                pass
            case _:
                return None
    return None


def _command(awaited: object) -> NeedsCommand | None:
    match awaited:
        case {
            "sandbox": {"backend": str(backend), "id": str(name), "launch_key": str(key)},
            "process": str(process),
            "until": str(until),
        }:
            sandbox = JobRef(backend=backend, id=name, launch_key=key)
            return NeedsCommand(sandbox=sandbox, process=process, until=datetime.fromisoformat(until))
        case _:
            return None


def _waiting(memory: Memory) -> NeedsJob | NeedsReview:
    ids = tuple(memory.open)
    running = tuple(call_id for call_id in ids if call_id in memory.submitted)
    return NeedsJob(call_ids=running) if running else NeedsReview(call_ids=ids)
