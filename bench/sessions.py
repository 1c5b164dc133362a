"""Long sessions: how soon one that was left goes on, and how often a folded one breaks the prefix that a provider has cached.

python -m bench.sessions
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

from intern_action.agent.context import Room
from intern_action.core.events import Answered, Event, Heard, Spent, Started
from intern_action.core.types import Call, Reply, ToolResult, Usage
from intern_action.trace.store import FileJournal
from tests.fakes.model_server import Seen, Step
from tests.fakes.narrow import Narrow, begun, output, play
from tests.fakes.thinking import StillClock

TURNS = 300
TRIES = 5
ANSWER = "a line of output, as tools give them\n" * 55
"""Two kilobytes, as in the measured sessions."""
LONG_ANSWER, LONG_EVERY = ANSWER * 10, 10

WINDOW_TOKENS = 200_000
ANSWERS, ANSWER_CHARS = 60, 20_000

RESUMED = f"a journal of {TURNS} turns, from the file to the next question, s"
BREAKS = f"breaks of the prefix for each fold, {ANSWERS} answers of 20 kB at {WINDOW_TOKENS:,} tokens"
AIMS: Mapping[str, float] = {RESUMED: 0.3, BREAKS: 1.0}


def main() -> int:
    """Print the figures; 1 when one of them misses its aim."""
    found = session_figures()
    print(session_table(found))
    return int(any(value > AIMS[name] for name, value in found.items()))


def session_figures() -> Mapping[str, float]:
    """Return what was measured, and what was counted."""
    return {RESUMED: resumed_seconds(), BREAKS: breaks_per_fold()}


def resumed_seconds(turns: int = TURNS) -> float:
    """Return what it takes to go on: read and check the journal, take it in, ask the model with all of it; the best of some."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        file = Path(folder) / "journal.jsonl"
        with FileJournal(file, clock=StillClock()) as journal:
            for event in chain(begun(), *map(_turn, range(turns))):
                journal.append(event)
        return min(_resumed(file) for _ in range(TRIES))


def _resumed(file: Path) -> float:
    asked_at: list[float] = []

    class Last(Narrow):
        def __call__(self, seen: Seen) -> Step:
            """Note when the question has arrived; answer it as the provider would."""
            asked_at.append(time.perf_counter())
            return super().__call__(seen)

    began_at = time.perf_counter()
    with FileJournal(file, clock=StillClock()) as journal:
        play(
            Last(window_tokens=WINDOW_TOKENS * 10, turns=0),
            Room(fold_at_tokens=0),
            output(10),
            (entry.event for entry in journal.entries()),
        )
    return asked_at[0] - began_at


def _turn(number: int) -> Iterator[Event]:
    call = Call(id=f"0-{number}-0-c", name="bash", arguments={"command": f"step {number}"})
    yield Heard(
        reply=Reply(text="Next.", calls=(call,), usage=Usage(input_tokens=1_000 + 600 * number, output_tokens=40))
    )
    yield Spent(usd=None, why="local/m")
    yield Started(call_id=call.id)
    text = f"{number}: {ANSWER if number % LONG_EVERY else LONG_ANSWER}"
    yield Answered(call_id=call.id, result=ToolResult(text=text, data={"exit_code": 0}), seconds=0.01)


def breaks_per_fold() -> float:
    """Return how many requests did not begin with all of the one before, for each fold."""
    provider = Narrow(window_tokens=WINDOW_TOKENS, turns=ANSWERS)
    session = play(provider, Room(window_tokens=WINDOW_TOKENS), output(ANSWER_CHARS), begun())
    if len(provider.asked) != ANSWERS + 1 or not session.folds:
        raise RuntimeError(f"{len(provider.asked)} questions and {session.folds} folds: this measures nothing")
    return session.breaks() / session.folds


def session_table(found: Mapping[str, float]) -> str:
    """Return the figures as a table beside their aims."""
    rows = [f"| {name} | {value:.3f} | {AIMS[name]:g} |" for name, value in found.items()]
    return "\n".join(["| | | aim |", "| --- | ---: | ---: |", *rows])


if __name__ == "__main__":
    sys.exit(main())
