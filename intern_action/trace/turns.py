"""A session as people read it: what was said, turn after turn, each call with its answer and what control did about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias, cast

from intern_action.core.errors import Bug
from intern_action.core.events import (
    Allowed,
    Answered,
    Began,
    Entry,
    Heard,
    Held,
    Moved,
    Noted,
    Planned,
    Refused,
    Spent,
    Started,
    Submitted,
)
from intern_action.core.events import Told as Words
from intern_action.core.frozen import frozen
from intern_action.core.states import State
from intern_action.core.types import Call, Reply, ToolResult
from intern_action.trace.told import Told, told


@frozen
class Remark:
    """Something that control or the house did, with its time."""

    at: datetime
    told: Told


@dataclass(slots=True, kw_only=True)
class CallView:
    """One call: what was asked, what happened about it, what came back. `result` is None while it is open."""

    call: Call
    result: ToolResult | None = None
    seconds: float = 0.0
    answered_at: datetime | None = None
    remarks: list[Remark] = field(default_factory=list[Remark])
    waited_seconds: float = 0.0

    @property
    def outcome(self) -> Literal["open", "failed", "done"]:
        """How it stands."""
        if self.result is None:
            return "open"
        return "failed" if self.result.failed else "done"


@dataclass(slots=True, kw_only=True)
class TurnView:
    """One answer of the model. `usd` is None when no price is known; `total_usd` is the model's bill up to here."""

    number: int
    at: datetime
    took_seconds: float
    reply: Reply
    calls: list[CallView]
    usd: Decimal | None = None
    total_usd: Decimal = Decimal(0)
    kind: Literal["turn"] = "turn"


@frozen
class SaidView:
    """Words of a person (`by`), or of the house (`by` is "")."""

    at: datetime
    by: str
    text: str
    kind: Literal["said"] = "said"


@frozen
class RemarkView:
    """A remark that belongs to no call."""

    at: datetime
    told: Told
    kind: Literal["remark"] = "remark"


Item: TypeAlias = TurnView | SaidView | RemarkView


@dataclass(slots=True, kw_only=True)
class Story:
    """A whole session."""

    began: Began
    started_at: datetime
    ended_at: datetime
    items: list[Item] = field(default_factory=list[Item])
    state: State = State.NEW
    why: str = ""
    turns: list[TurnView] = field(default_factory=list[TurnView])
    model_usd: Decimal = Decimal(0)
    jobs_usd: Decimal = Decimal(0)
    unpriced: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    calls: dict[str, CallView] = field(default_factory=dict[str, CallView])

    @property
    def metrics(self) -> tuple[tuple[str, str], ...]:
        """Name and value of every number that the newest job with numbers brought home."""
        for view in reversed(self.calls.values()):
            found = _numbers(view.result)
            if found:
                return found
        return ()

    @property
    def approvals(self) -> tuple[Remark, ...]:
        """Plans, refusals, approvals, launches and bills, oldest first."""
        remarks = (remark for view in self.calls.values() for remark in view.remarks)
        return tuple(
            sorted((remark for remark in remarks if remark.told.label != "held"), key=lambda remark: remark.at)
        )


def story(entries: Iterable[Entry]) -> Story:
    """Return the story of a journal.

    Raises:
        Bug: it does not begin with `Began`.
    """
    first, *rest = entries
    if not isinstance(first.event, Began):
        raise Bug("a trace begins with the beginning of its session")
    view = Story(began=first.event, started_at=first.at, ended_at=first.at)
    view.items.append(SaidView(at=first.at, by=first.event.requester, text=first.event.task))
    _remark(view, first)
    for entry in rest:
        _take(view, entry)
        view.ended_at = entry.at
    return view


def _take(view: Story, entry: Entry) -> None:
    match entry.event:
        case Words(by=by, words=words):
            view.items.append(SaidView(at=entry.at, by=by, text=words))
        case Noted(text=text):
            view.items.append(SaidView(at=entry.at, by="", text=text))
        case Heard(reply=reply):
            _hear(view, entry, reply)
        case Spent() as spent if not spent.call_id:
            _pay(view, spent)
        case Answered() as answered:
            _answer(view, entry, answered)
        case Started():
            pass
        case _:
            _remark(view, entry)


def _hear(view: Story, entry: Entry, reply: Reply) -> None:
    calls = [CallView(call=call) for call in reply.calls]
    view.calls.update((one.call.id, one) for one in calls)
    turn = TurnView(
        number=len(view.turns) + 1,
        at=entry.at,
        took_seconds=(entry.at - view.ended_at).total_seconds(),
        reply=reply,
        calls=calls,
        total_usd=view.model_usd,
    )
    view.turns.append(turn)
    view.items.append(turn)
    view.input_tokens += reply.usage.input_tokens
    view.output_tokens += reply.usage.output_tokens


def _pay(view: Story, spent: Spent) -> None:
    view.model_usd += spent.usd or Decimal(0)
    view.unpriced += spent.usd is None
    if view.turns:  # a summary that was asked for after a turn belongs to it
        turn = view.turns[-1]
        turn.usd = spent.usd if turn.usd is None or spent.usd is None else turn.usd + spent.usd
        turn.total_usd = view.model_usd


def _answer(view: Story, entry: Entry, answered: Answered) -> None:
    call = view.calls.get(answered.call_id)
    if call is None:
        return
    call.result, call.seconds, call.answered_at = answered.result, answered.seconds, entry.at
    if call.remarks:
        call.waited_seconds = (entry.at - call.remarks[0].at).total_seconds()


def _remark(view: Story, entry: Entry) -> None:
    event = entry.event
    if isinstance(event, Moved):
        view.state, view.why = event.to, event.why
    if isinstance(event, Spent) and event.usd is not None:
        view.jobs_usd += event.usd
    said = told(event)
    if said is None:
        return
    call = (
        view.calls.get(event.call_id)
        if isinstance(event, (Held, Planned, Allowed, Refused, Submitted, Spent))
        else None
    )
    if call is None:
        view.items.append(RemarkView(at=entry.at, told=said))
    else:
        call.remarks.append(Remark(at=entry.at, told=said))


def _numbers(result: ToolResult | None) -> tuple[tuple[str, str], ...]:
    inside: object = result.data if result else {}
    for name in (
        "metrics",
        "metrics",
    ):  # metrics.json stands under this name, and its numbers under the same name in it
        inside = cast("Mapping[str, object]", inside).get(name) if isinstance(inside, Mapping) else None
    if not isinstance(inside, Mapping):
        return ()
    numbers = cast("Mapping[str, object]", inside).items()
    return tuple((name, f"{value:.4g}") for name, value in numbers if isinstance(value, (int, float)))
