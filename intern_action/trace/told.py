"""What people are told of an event that is neither words nor a call: a label, one line, and a tone for the eye."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias

from intern_action.core.digests import plan_code
from intern_action.core.events import (
    Allowed,
    Began,
    Event,
    Folded,
    Held,
    Moved,
    Noted,
    Planned,
    Published,
    Refused,
    Spent,
    Submitted,
)
from intern_action.core.frozen import frozen
from intern_action.core.states import State

Tone: TypeAlias = Literal["plain", "good", "warn", "bad", "money"]

_SMALLEST_USD = Decimal("0.0001")
_STATE_TONES: dict[State, Tone] = {
    State.DONE: "good",
    State.FAILED: "bad",
    State.STOPPED: "bad",
    State.AWAITING_REVIEW: "warn",
    State.AWAITING_INPUT: "warn",
    State.AWAITING_JOB: "warn",
}


@frozen
class Told:
    """One remark for the margin.

    Args:
        label: one or two words.
        line: the rest of the sentence, as it came (not escaped).
        tone: how it looks.
        href: a web address that belongs to it, "" for none.
    """

    label: str
    line: str
    tone: Tone = "plain"
    href: str = ""


def told(event: Event) -> Told | None:
    """Return what to say of an event; None for what speaks for itself (words, replies, calls and their answers)."""
    match event:
        case Held() | Planned() | Allowed() | Refused() | Submitted():
            return _approval(event)
        case Began() | Moved() | Published() | Spent():
            return _course(event)
        case Noted(text=text):
            return Told(label="note", line=text)
        case Folded(turns=turns, note=note):
            return Told(label="folded", line=f"the first {turns} turns were replaced by a summary\n\n{note}")
        case _:
            return None


def _approval(event: Held | Planned | Allowed | Refused | Submitted) -> Told:
    match event:
        case Held(why=why):
            return Told(label="held", line=why, tone="warn")
        case Planned(digest=digest, pull_request=number, ceiling_usd=ceiling):
            price = f"at most {dollars(ceiling)}" if ceiling else "costs nothing"
            line = f"{plan_code(digest)} in pull request #{number}, {price}"
            return Told(label="plan", line=line, tone="money")
        case Allowed(digest=digest, by=by):
            return Told(label="approved", line=f"by {', '.join(by)} ({plan_code(digest)})", tone="good")
        case Refused(by=by, words=words):
            return Told(label="refused", line=f"by {by}: {words}", tone="bad")
        case Submitted(job=job, attempt=attempt):
            line = f"job {job.id} on {job.backend}, attempt {attempt}, key {job.launch_key}"
            return Told(label="launched", line=line, tone="money")


def _course(event: Began | Moved | Published | Spent) -> Told | None:
    match event:
        case Began():
            line = f"from {event.base} at {event.base_sha[:7]}, with {event.model}, at most {event.max_turns} turns"
            limit = f" and {dollars(event.max_cost_usd)} for the model" if event.max_cost_usd is not None else ""
            return Told(label="began", line=line + limit)
        case Moved(to=to, why=why):
            return Told(label=str(to), line=why, tone=_STATE_TONES.get(to, "plain"))
        case Published():
            return _published(event)
        case Spent(usd=usd, why=why, call_id=call_id):
            return Told(label="paid", line=f"{dollars(usd)} for {why}", tone="money") if call_id else None


def _published(event: Published) -> Told:
    href = event.data.get("url", "")
    match event.what:
        case "pull-request":
            line = f"pull request #{event.data.get('number', '?')} at {event.data.get('head', '')[:7]}"
            return Told(label="published", line=line, tone="good", href=href)
        case "line-answered":
            commit = event.data.get("commit", "")
            return Told(label="answered", line=f"a line: settled by {commit[:7]}" if commit else "a line: no change")
        case "not-done":
            return Told(label="not done", line=event.data.get("why", ""), tone="bad")
        case what:
            line = ", ".join(f"{key} {value}" for key, value in event.data.items() if key != "url")
            return Told(label=what.replace("-", " ") or "carried out", line=line, tone="good", href=href)


def dollars(usd: Decimal | None) -> str:
    """Return money as people write it: cents, and up to four places of a small sum; unknown is never free."""
    if usd is None:
        return "an unknown price"
    if usd == 0:
        return "$0.00"
    if abs(usd) >= 1:
        return f"${usd:,.2f}"
    if abs(usd) < _SMALLEST_USD:
        return f"under ${_SMALLEST_USD}"
    cents, fraction = f"{usd:.4f}"[:-2], f"{usd:.4f}"[-2:]
    return f"${cents}{fraction.rstrip('0')}"


def seconds(span: float) -> str:
    """Return a span as people say it: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 4 min`, `3 d 1 h`."""
    if span < 10:  # noqa: PLR2004 - below, tenths are worth a look
        return f"{span:.1f} s"
    units = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    left = round(span)
    for place, (size, unit) in enumerate(units):
        if left >= size:
            rest = (left % size) // units[place + 1][0] if size > 1 else 0
            return f"{left // size} {unit}" + (f" {rest} {units[place + 1][1]}" if rest else "")
    return "0 s"
