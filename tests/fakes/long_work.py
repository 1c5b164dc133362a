"""A model that works for many turns before it asks for a job, and a provider that refuses what is too long for its window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.fakes.model_server import Ask, Fail, Say, Seen, Step
from tests.fakes.small_trainer import JOB, TRAINS

FOLDS = "about to be folded"
"""Stands in the question for a summary, and in no other."""
BYTES_A_TOKEN = 3.5

ENDING: tuple[tuple[Ask, ...], ...] = (
    (Ask(name="write_file", arguments={"path": "train.py", "content": TRAINS}),),
    (Ask(name="smoke_test", arguments={"script": "train.py", "parameters": {"batch-size": "2"}}),),
    (
        Ask(name="open_pull_request", arguments={"title": "Train the filter", "body": "Why and how."}),
        Ask(name="hf_create_job", arguments=JOB),
    ),
)
"""The last three answers: write the training, test it, ask for it."""


@dataclass
class LongWork:
    """Makes one call a turn, the last three of which end in a plan.

    Args:
        turns: all of them.
        call: what is called in a turn that is not one of the last three, by its number from 0.
        window_tokens: what the provider refuses beyond; 0 refuses nothing.
    """

    turns: int
    call: Callable[[int], Ask]
    window_tokens: int = 0
    asked: int = 0
    refused: int = 0
    summaries: int = 0
    longest_bytes: int = 0
    last: Sequence[Mapping[str, object]] = field(default_factory=list[Mapping[str, object]])

    def __call__(self, seen: Seen) -> Step:
        """Answer one request."""
        tokens = int(len(seen.body) / BYTES_A_TOKEN)
        if self.window_tokens and tokens > self.window_tokens:
            self.refused += 1
            return Fail(status=400, words=f"This model's maximum context length is {self.window_tokens} tokens")
        self.longest_bytes = max(self.longest_bytes, len(seen.body))
        if FOLDS in str(seen.messages[-1]["content"]):
            self.summaries += 1
            return Say(text=f"{self.asked} parts were read, nothing was odd.", input_tokens=tokens)
        turn, self.last = self.asked, seen.messages
        self.asked += 1
        left = self.turns - turn
        calls = (self.call(turn),) if left > len(ENDING) else ENDING[len(ENDING) - left] if left > 0 else ()
        return Say(text=f"Turn {turn + 1}.", calls=calls, input_tokens=tokens)
