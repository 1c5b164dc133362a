"""What a session knows: its events, taken in one by one. Nothing else changes it, so replay is taking them in again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from intern_action.agent.shorten import shortened_tail, shortened_turn
from intern_action.core.errors import Bug
from intern_action.core.events import (
    Allowed,
    Answered,
    Began,
    Event,
    Folded,
    Heard,
    Held,
    Moved,
    Noted,
    Planned,
    Published,
    Refused,
    Spent,
    Started,
    Submitted,
    Told,
)
from intern_action.core.states import State, move_session
from intern_action.core.types import Answer, Call, FinishReason, Note, Reply, ToolResult, Turn, Words


class Memory:
    """The fold of a session's events. Read its attributes; change it by `take` alone."""

    def __init__(self) -> None:
        self.began: Began | None = None
        self.state = State.NEW
        self.why = ""
        self.exit_code = 0
        self.turns: list[Turn] = []
        self.epoch = 0
        self.folded_to = 0
        """How many of the turns are older than the newest fold."""
        self.replies = 0
        self.trail: list[tuple[int, Turn | Moved]] = []
        """What was answered and said, and when a session was taken up again, with the number of replies; never folded."""
        self.calls: dict[str, Call] = {}
        self.open: dict[str, Call] = {}
        self.started: set[str] = set()
        self.held: dict[str, str] = {}
        self.planned: dict[str, Planned] = {}
        self.allowed: dict[str, Allowed] = {}
        self.refused: dict[str, Refused] = {}
        self.submitted: dict[str, list[Submitted]] = {}
        self.published: list[Published] = []
        self.snapshot = ""
        self.model_usd = Decimal(0)
        self.jobs_usd = Decimal(0)
        self.unpriced = 0
        self.cut_short = 0
        """How many answers in a row came to no end of their own."""
        self.unbooked: Reply | None = None
        self.paid: set[str] = set()
        self._answers: dict[str, list[Answer]] = {}

    @classmethod
    def of(cls, events: Iterable[Event]) -> Memory:
        """Return the memory of a whole journal."""
        memory = cls()
        for event in events:
            memory.take(event)
        return memory

    @property
    def beginning(self) -> Began:
        """The first event; `Bug` when there is none."""
        if self.began is None:
            raise Bug("a session without its first event")
        return self.began

    def past(self, tool: str) -> Sequence[Answer]:
        """Return earlier answers of one tool, oldest first."""
        return self._answers.get(tool, [])

    def carried_out(self, call_id: str) -> Published | None:
        """Return what control did for a queued call, None while it is still to do."""
        return next((done for done in self.published if done.call_id == call_id), None)

    def take(self, event: Event) -> None:
        """Take one event in."""
        match event:
            case Began() | Told() | Heard() | Answered() | Noted() | Folded():
                self._converse(event)
            case Moved():
                if self.state.over:
                    self.trail.append((self.replies, event))
                self.state = move_session(self.state, event.to)
                self.why, self.exit_code = event.why, event.exit_code
            case Started(call_id=call_id):
                self.started.add(call_id)
            case Spent():
                self._spend(event)
            case Held() | Planned() | Allowed() | Refused() | Submitted() | Published():
                self._follow(event)

    def _converse(self, event: Began | Told | Heard | Answered | Noted | Folded) -> None:
        match event:
            case Began():
                self.began = event
                self._say(Words(by=event.requester, text=event.task))
            case Told(by=by, words=words, verb=verb):
                if not verb:
                    self._say(Words(by=by, text=words))
            case Heard(reply=reply):
                self._hear(reply)
            case Answered():
                self._answer(event)
            case Noted(text=text):
                self._say(Note(text=text))
            case Folded():
                self._fold(event)

    def _say(self, turn: Turn) -> None:
        self.turns.append(turn)
        self.trail.append((self.replies, turn))

    def _hear(self, reply: Reply) -> None:
        self.replies += 1
        self.unbooked = reply
        cut = not reply.calls and reply.finish in {FinishReason.LENGTH, FinishReason.FILTER}
        self.cut_short = self.cut_short + 1 if cut else 0
        self.turns.append(reply)
        self.started = set()
        for call in reply.calls:
            if call.id in self.calls:
                raise Bug(f"the call id {call.id} came twice")
            self.calls[call.id] = call
            self.open[call.id] = call

    def _answer(self, event: Answered) -> None:
        call = self.open.pop(event.call_id, None)
        if call is None:
            raise Bug(f"an answer to {event.call_id}, which is not open")
        answer = Answer(call=call, result=event.result)
        self.turns.append(answer)
        self.trail.append((self.replies, answer))
        self._answers.setdefault(call.name, []).append(answer)
        self.held.pop(event.call_id, None)
        if event.snapshot:
            self.snapshot = event.snapshot

    def _fold(self, event: Folded) -> None:
        """People's words outlive every fold: they are the task, and nobody may say them otherwise."""
        gone, rest = self.turns[: event.turns], self.turns[event.turns :]
        kept: list[Turn] = [turn for turn in gone if isinstance(turn, Words)]
        note: list[Turn] = [Note(text=event.note)] if event.note else []
        if event.most_bytes:
            kept = [shortened_turn(turn, event.most_bytes) for turn in kept]
            rest = shortened_tail(rest, event.most_bytes)
        self.turns = [*kept, *note, *rest]
        self.epoch += 1
        self.folded_to = len(self.turns)

    def _spend(self, event: Spent) -> None:
        if not event.call_id:
            self.unbooked = None
        if event.usd is None:
            self.unpriced += 1
        elif event.call_id:
            self.jobs_usd += event.usd
            self.paid.add(event.call_id)
        else:
            self.model_usd += event.usd

    def _follow(self, event: Held | Planned | Allowed | Refused | Submitted | Published) -> None:
        match event:
            case Held(call_id=call_id, why=why):
                self.held[call_id] = why
            case Planned(call_id=call_id):
                self.planned[call_id] = event
            case Allowed(call_id=call_id):
                self.allowed[call_id] = event
            case Refused(call_id=call_id):
                self.refused[call_id] = event
            case Submitted(call_id=call_id):
                self.submitted.setdefault(call_id, []).append(event)
            case Published():
                self.published.append(event)


def interrupted() -> ToolResult:
    """Return the answer to a call during which the runner died."""
    return ToolResult(
        text="The runner was stopped during this call. Nothing is known of its result; files are as they were before it, "
        "and processes, virtual environments and scratch files are gone. Make the call again if it is still wanted.",
        data={"interrupted": True},
        failed=True,
    )
