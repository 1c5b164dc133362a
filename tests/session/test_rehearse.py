"""A recorded session once more: what control did is taken over, what the loop does otherwise today is said."""

from __future__ import annotations

from collections.abc import Sequence

from intern_action.agent.voice import Voice
from intern_action.core.effects import Spends
from intern_action.core.events import Answered, Event, Folded, Heard, Noted, Told
from intern_action.core.types import JobSpec, ToolResult
from intern_action.session.rehearse import Rehearsed, rehearse
from intern_action.settings.words import prompt, text
from intern_action.trace.redact import SecretRedactor
from tests.fakes.histories import BEGAN
from tests.fakes.thinking import NamedTool, calls, says

TOOLS = (
    NamedTool("look", lambda _arguments: "never run"),
    NamedTool("read", lambda _arguments: "never run", parallel=True),
    NamedTool("hf_create_job", lambda _arguments: "never run", has=(Spends(job=JobSpec(script="t.py")),)),
)


def played(events: Sequence[Event]) -> Rehearsed:
    return rehearse((BEGAN, *events), TOOLS, redactor=SecretRedactor({}), voice=Voice(prompt=prompt, text=text))


def answered(call_id: str, said: str = "seen", *, failed: bool = False) -> Answered:
    return Answered(call_id=call_id, result=ToolResult(text=said, failed=failed))


def test_a_session_with_a_held_call_a_fold_words_and_notes_goes_through():
    events = (
        Noted(text="This is a new run"),
        Heard(reply=calls(("1", "look", {"at": "a"}), ("2", "read", {"at": "b"}))),
        answered("1"),
        answered("2", "no such file", failed=True),
        Folded(turns=1, note="folded"),
        Heard(reply=calls(("3", "hf_create_job", {"script": "t.py"}))),
        answered("3", "completed"),
        Told(by="grace", words="and once more"),
        Heard(reply=says("done")),
        Told(by="grace", words="thanks"),
        Heard(reply=says("you are welcome")),
    )

    assert played(events) == Rehearsed(turns=4, taken_over=1)
    assert all(tool.ran == [] for tool in TOOLS)


def test_calls_that_ran_side_by_side_may_have_been_answered_in_their_order():
    events = (
        Heard(reply=calls(("1", "read", {"at": "a"}), ("2", "read", {"at": "b"}))),
        answered("1"),
        answered("2"),
        Heard(reply=says("done")),
    )

    assert played(events).difference == ""


def test_a_recording_that_breaks_off_within_a_call_is_gone_through_up_to_there():
    assert played((Heard(reply=calls(("1", "look", {"at": "a"}))),)) == Rehearsed(turns=1, taken_over=0)


def test_a_loop_that_was_let_pass_then_is_noticed_now():
    events: list[Event] = []
    for number in range(6):
        events += [Heard(reply=calls((str(number), "look", {"at": "a"}))), answered(str(number))]

    assert (
        "after 3 answers: recorded an answer of the model (look), now a note (The same call"
        in played(events).difference
    )


def test_an_unknown_tool_is_refused_in_today_s_words():
    events = (Heard(reply=calls(("1", "lok", {}))), answered("1", "no", failed=True), Heard(reply=says("done")))

    assert "did you mean look" in played(events).difference


def test_tools_of_servers_are_not_there_and_answer_what_they_answered():
    events = (
        Heard(reply=calls(("1", "docs__search", {"query": "a"}), ("2", "read", {"at": "b"}))),
        answered("1", "3 pages"),
        answered("2"),
        Heard(reply=calls(("3", "docs__publish", {}))),
        answered("3", "publish of the MCP server docs is held", failed=True),
        Heard(reply=says("done")),
    )

    assert played(events) == Rehearsed(turns=3, taken_over=0)
