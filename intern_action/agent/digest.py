"""What happened, told without a model: one line for each call, the newest first to stay. For when no summary can be had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from intern_action.agent.memory import Memory
from intern_action.agent.shorten import bytes_of, shortened
from intern_action.core.types import Answer, Call, Note, Reply, ToolResult, Turn

_MARKS = {"todo": "[ ]", "doing": "[>]", "done": "[x]", "dropped": "[-]"}
_ABOUT = ("path", "command", "script", "query", "model", "dataset", "repo", "id", "job", "question", "title")
"""Arguments that say what a call was about, the most telling first."""
_LONGEST = 160


def digest(turns: Sequence[Turn], most_bytes: int) -> str:
    """Return the calls of these turns with the first line of each answer, and what the model said, in at most so many bytes.

    Where there is no room for all, the oldest go: what an earlier summary said of them stays at the top.
    """
    lines = [line for turn in turns if (line := _line(turn))]
    earlier = next((turn.text for turn in turns if isinstance(turn, Note)), "")
    head = shortened(earlier, most_bytes // 3) + "\n" if earlier else ""
    room = most_bytes - bytes_of(head)
    kept: list[str] = []
    for line in reversed(lines):
        room -= bytes_of(line) + 1
        if room < 0:
            break
        kept.append(line)
    return head + "\n".join(reversed(kept))


def plan_lines(memory: Memory) -> str:
    """Return the checklist as it stands, "" when there is none."""
    made = [one for one in memory.past("create_plan") if not one.result.failed]
    told = [one for one in (*made, *memory.past("update_plan")) if not one.result.failed]
    mine = [one.result.data for one in told if one.result.data.get("plan") == len(made)]
    steps = mine[-1].get("steps") if mine else None
    if not isinstance(steps, list | tuple):
        return ""
    shown = (
        cast("Mapping[str, object]", step) for step in cast("Sequence[object]", steps) if isinstance(step, Mapping)
    )
    return "\n".join(f"{_MARKS.get(str(step.get('state')), '[ ]')} {step.get('text')}" for step in shown)


def about(call: Call) -> str:
    """Return a call in a few words: its name and its most telling argument."""
    telling = next((str(call.arguments[name]) for name in _ABOUT if call.arguments.get(name)), "")
    return f"{call.name} {_flat(telling)}".strip()


def first_line(result: ToolResult) -> str:
    """Return the first line of an answer that says something; of a failure the last one, where the reason stands."""
    lines = [line.strip() for line in result.text.splitlines() if line.strip()]
    return _flat(lines[-1 if result.failed else 0]) if lines else ""


def _line(turn: Turn) -> str:
    match turn:
        case Answer(call=call, result=result):
            return f"- {about(call)}: {'failed: ' if result.failed else ''}{first_line(result)}"
        case Reply(text=text) if text.strip():
            return f"- you said: {_flat(text)}"
        case _:
            return ""


def _flat(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[:_LONGEST]}…"
