"""Control's door: what others say to it is masked before it is written down, and nothing else changes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from intern_action.core.events import Answered, Event, Moved, Noted, Published, Refused, Spent, Started, Told
from intern_action.core.states import State
from intern_action.core.types import ToolResult
from intern_action.session.door import masked
from intern_action.trace.redact import SecretRedactor
from tests.fakes.histories import BEGAN

SECRET = "s3rvice/t0ken+that=is"
REDACTOR = SecretRedactor({"SERVICE_TOKEN": SECRET})
SAID = f"it said {SECRET} twice: {SECRET[::-1]}"
MASKED = "it said [redacted] twice: [redacted]"
DATA = {
    "log_tail": SAID,
    "metrics": {SAID: 0.93},
    "launch_key": "intern-0123456789abcdef01234567-1",
    "cost_usd": "0.01",
}

WRITTEN: tuple[Event, ...] = (
    Told(by="ada", words=SAID),
    Moved(to=State.FAILED, why=SAID, exit_code=6),
    Noted(text=SAID),
    Refused(call_id="0-1-1", digest="d" * 64, by="grace", words=SAID),
    Published(what="not-done", data={"why": SAID}),
    Answered(call_id="0-1-1", result=ToolResult(text=SAID, data=DATA, failed=True)),
)


@pytest.mark.parametrize("event", WRITTEN, ids=lambda event: event.kind)
def test_what_others_said_is_masked(event: Event):
    said = repr(masked(event, REDACTOR))
    assert SECRET not in said
    assert SECRET[::-1] not in said
    assert MASKED in said


def test_what_is_ours_stays():
    answered = masked(WRITTEN[-1], REDACTOR)
    assert isinstance(answered, Answered)
    assert answered.result.data == {**DATA, "log_tail": MASKED, "metrics": {MASKED: 0.93}}
    assert answered.result.failed


@pytest.mark.parametrize("event", [BEGAN, Started(call_id="c"), Spent(usd=Decimal("0.1"), why="a/model")])
def test_an_event_without_a_secret_is_as_it_was(event: Event):
    assert masked(event, REDACTOR) == event
