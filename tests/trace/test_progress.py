"""What people see while a session runs."""

import contextlib
import io
import os
import re
import time

import pytest

from intern_action.core.events import Answered, Heard, Held, Moved, Started
from intern_action.core.states import State
from intern_action.core.types import Call, Reply, ToolResult
from intern_action.trace._screen import columns, harmless
from intern_action.trace.progress import QUIET_SECONDS, QuietWatcher, TerminalWatcher
from tests.trace import stories
from tests.trace.kinds import HandClock


class RunningClock(HandClock):
    def monotonic(self) -> float:
        return time.monotonic()


def quiet_told() -> str:
    out = io.StringIO()
    watcher = QuietWatcher(out, clock=HandClock(), width=100)
    for entry in stories.told_to_its_end():
        watcher.streamed("piece")
        watcher.happened(entry.event)
    watcher.close()
    return out.getvalue()


def terminal_told(*, colour: bool, width: int = 80) -> str:
    out = io.StringIO()
    watcher = TerminalWatcher(out, clock=HandClock(), width=width, colour=colour)
    for entry in stories.told_to_its_end():
        watcher.happened(entry.event)
    watcher.close()
    return out.getvalue()


def test_a_call_is_one_line_with_name_gist_time_and_first_line():
    said = quiet_told()
    (line,) = [line for line in said.splitlines() if "hf_model_load" in line]
    assert re.fullmatch(r" ✓ hf_model_load +models/minilm 0\.2 s  models/minilm: BertModel.*", line)
    (failed,) = [line for line in said.splitlines() if "✗ smoke_test" in line]
    assert "Traceback" in failed


def test_approvals_and_states_are_told():
    said = quiet_told()
    for words in (
        "plan intern:3f2a9c7e in pull request #13, at most $0.12",
        "approved by grace",
        "awaiting-review",
        "paid $0.01",
        "grace: Nice.",
    ):
        assert words in " ".join(said.split()), words


def test_of_a_long_path_the_name_of_the_file_is_shown():
    out = io.StringIO()
    watcher = QuietWatcher(out, clock=HandClock(), width=80)
    path = "training/text/classification/with/a/long/path/train_the_filter.py"
    watcher.happened(Heard(reply=Reply(calls=(Call(id="1", name="read_file", arguments={"path": path}),))))
    watcher.happened(Answered(call_id="1", result=ToolResult(text="63 lines")))
    assert "…g/path/train_the_filter.py  63 lines" in out.getvalue()


def test_a_log_has_no_escapes_and_no_streaming():
    said = quiet_told()
    assert "\x1b" not in said
    assert "\r" not in said
    assert "piece" not in said
    assert "The model finds 96.4 %" in said


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int):
    words = [entry.event.reply.text for entry in stories.told_to_its_end() if isinstance(entry.event, Heard)]
    for line in terminal_told(colour=False, width=width).splitlines():
        assert columns(line) <= width or any(line in said for said in words)


def test_colours_only_where_they_are_wanted():
    assert "\x1b[32m" in terminal_told(colour=True)
    assert "\x1b" not in terminal_told(colour=False)
    assert re.sub(r"\x1b\[\d+m", "", terminal_told(colour=True)) == terminal_told(colour=False)


def test_words_that_were_streamed_are_not_said_twice():
    out = io.StringIO()
    watcher = TerminalWatcher(out, clock=HandClock(), colour=False)
    for piece in ("The ", "model ", "speaks"):
        watcher.streamed(piece)
    watcher.happened(Heard(reply=Reply(text="The model speaks")))
    watcher.happened(Heard(reply=Reply(text="Again")))
    watcher.close()
    assert out.getvalue() == "The model speaks\nAgain\n"


def test_who_wants_no_stream_gets_the_words_whole():
    out = io.StringIO()
    watcher = TerminalWatcher(out, clock=HandClock(), colour=False, stream=False)
    watcher.streamed("The ")
    watcher.happened(Heard(reply=Reply(text="The model speaks")))
    watcher.close()
    assert out.getvalue() == "The model speaks\n"


def test_nothing_that_is_shown_commands_the_terminal():
    out = io.StringIO()
    watcher = TerminalWatcher(out, clock=HandClock(), colour=False)
    for trick in stories.TRICKS:
        watcher.streamed(trick)
        watcher.happened(
            Heard(reply=Reply(text=trick, calls=(Call(id=trick, name=trick, arguments={"command": trick}),)))
        )
        watcher.happened(Answered(call_id=trick, result=ToolResult(text=trick, failed=True)))
        watcher.happened(Held(call_id=trick, why=trick))
        watcher.progress(trick)
    watcher.close()
    shown = out.getvalue()
    for letter in "\x1b\x07\x9b\x00\x08\r\u202e\u2066\u200b\ufeff\u2028":
        assert letter not in shown, repr(letter)
    assert "\\x1b[31m" in shown
    assert harmless("a\tb\nc") == "a\tb\nc"


def test_a_stream_that_knows_few_letters_gets_few():
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    watcher = TerminalWatcher(out, clock=HandClock(), colour=False)
    watcher.happened(Heard(reply=Reply(text="größer", calls=(Call(id="1", name="bash", arguments={"command": "ls"}),))))
    watcher.happened(Answered(call_id="1", result=ToolResult(text="ü")))
    watcher.close()
    out.flush()
    assert raw.getvalue().decode("ascii").splitlines()[1].startswith(" ok bash ")


def test_a_long_call_shows_a_running_clock_and_a_bar_and_takes_them_away():
    out = io.StringIO()
    watcher = TerminalWatcher(out, clock=RunningClock(), colour=False)
    call = Call(id="1", name="smoke_test", arguments={"script": "train.py"})
    watcher.happened(Heard(reply=Reply(calls=(call,))))
    watcher.happened(Started(call_id="1"))
    watcher.progress("step 30/60, loss 0.41")
    time.sleep(1.4)
    watcher.happened(Answered(call_id="1", result=ToolResult(text="exit code 0")))
    watcher.close()
    drawn, *_, last = out.getvalue().split("\r")[1:]
    assert re.match(r" · 1 s  █{10}░{10} smoke_test train\.py  step 30/60, loss 0\.41 +$", drawn)
    assert last.startswith(" ✓ smoke_test")
    assert out.getvalue().count("\n") == 1


def test_a_short_call_draws_nothing_but_its_line():
    out = io.StringIO()
    watcher = TerminalWatcher(out, clock=RunningClock(), colour=False)
    watcher.happened(Started(call_id="1"))
    watcher.happened(Moved(to=State.AWAITING_JOB, why="train.py runs"))
    watcher.close()
    assert "\r" not in out.getvalue()


def test_a_log_hears_of_a_long_call_now_and_then():
    out = io.StringIO()
    clock = HandClock()
    watcher = QuietWatcher(out, clock=clock)
    for step in range(100):
        clock.wait(1.0)
        watcher.progress(f"step {step}/100")
    assert out.getvalue().count("\n") == 100 // int(QUIET_SECONDS)


def test_a_log_is_told_nothing_twice_and_what_changed_while_it_was_quiet_is_not_lost():
    out = io.StringIO()
    clock = HandClock()
    watcher = QuietWatcher(out, clock=clock)
    for minute, line in enumerate(["queued", "queued", "running", "running: step 1", "running: step 1"]):
        for _ in range(60):
            clock.wait(1.0)
            watcher.progress(line if minute else "queued")
    assert [line.strip(" ·") for line in out.getvalue().splitlines()] == ["queued", "running", "running: step 1"]


def test_a_session_goes_on_when_nobody_reads_any_more():
    reading, writing = os.pipe()
    os.close(reading)
    out = os.fdopen(writing, "w", buffering=1)
    watcher = TerminalWatcher(out, clock=HandClock(), colour=False)
    for entry in stories.told_to_its_end():
        watcher.happened(entry.event)
    watcher.close()
    with contextlib.suppress(BrokenPipeError):
        out.close()


def test_letters_of_east_asia_take_two_columns():
    assert columns("日本") == 4
    assert columns("e\u0301") == 1
    assert columns("plain") == 5
