"""Steps of a session as the loop guard sees them: what was called, and what class of outcome it had."""

from __future__ import annotations

from functools import cached_property

from intern_action.agent.outcome import failure, key_of, same_but_clocks, shape_of
from intern_action.core.types import Answer

POLLS = frozenset({"hf_job_status", "hf_job_logs", "sandbox_logs"})
"""Tools that look how far something is that goes on by itself."""
PLANS = frozenset({"create_plan", "update_plan"})
_SHELLS = frozenset({"bash", "sandbox_exec", "smoke_test", "hf_create_job"})
"""Tools whose failure is a program's: the reason stands somewhere in its output."""
_WAITING_WORDS = ("sleep ", "squeue", "tail -", "watch ", "nvidia-smi")
_QUEUED = frozenset({"scheduling", "queued", "pending", "waiting"})
_QUEUED_WORDS = ("scheduling", "queued", "pending", "in the queue", "waiting for hardware", "waiting for a machine")
_MOST_QUEUE_CHARS = 2_000


class Step:
    """One call with its answer. What takes time to find out is found out when somebody asks.

    Args:
        answer: the call and its answer.
        reply: the number of the reply that made the call; calls of one reply were made at once.
    """

    def __init__(self, answer: Answer, reply: int) -> None:
        self.answer = answer
        self.reply = reply
        self.tool = answer.call.name
        self.failed = answer.result.failed

    @cached_property
    def key(self) -> str:
        """The arguments, all of them."""
        return key_of(self.answer.call.arguments)

    @cached_property
    def shape(self) -> str:
        """The arguments without their figures."""
        return shape_of(self.key)

    @cached_property
    def trouble(self) -> str:
        """The class of the failure, "" for none that says anything of itself."""
        return failure(self.answer.result, asked=self.answer.call.arguments, spoken=self.tool not in _SHELLS)

    @cached_property
    def lines(self) -> list[str]:
        """What the answer says."""
        return self.answer.result.text.splitlines()

    @cached_property
    def polls(self) -> bool:
        """Whether this looks how far something is, or passes time."""
        if self.tool in POLLS:
            return True
        command = self.answer.call.arguments.get("command")
        return isinstance(command, str) and any(words in command for words in _WAITING_WORDS)

    @cached_property
    def waits(self) -> bool:
        """Whether it found something that stands in a queue: that takes its time, and no other call would change it."""
        result = self.answer.result
        if result.data.get("awaited"):
            return True
        if result.failed or not self.polls:
            return False
        stage = result.data.get("stage") or result.data.get("state") or result.data.get("status")
        if isinstance(stage, str):
            return stage.lower() in _QUEUED
        return any(words in result.text[:_MOST_QUEUE_CHARS].lower() for words in _QUEUED_WORDS)

    @property
    def counts(self) -> bool:
        """Whether it says anything about going in circles: a runner that died does not, nor does a queue."""
        return not self.answer.result.data.get("interrupted") and not self.waits

    def same_call(self, other: Step) -> bool:
        """Whether the same was asked for."""
        return self.tool == other.tool and self.key == other.key

    def same_answer(self, other: Step) -> bool:
        """Whether the answers say the same, clocks and ids aside."""
        mine, theirs = self.answer.result, other.answer.result
        if self.failed != other.failed:
            return False
        if self.failed and mine.text != theirs.text and self.trouble:
            return self.trouble == other.trouble
        return mine.text == theirs.text or same_but_clocks(self.lines, other.lines)

    def same_again(self, other: Step) -> bool:
        """Whether it is the same once more: the same call and answer, or the same failure with a knob turned."""
        if self.tool != other.tool or self.failed != other.failed:
            return False
        if self.key == other.key:
            return self.same_answer(other)
        return bool(self.trouble) and self.trouble == other.trouble and self.shape == other.shape
