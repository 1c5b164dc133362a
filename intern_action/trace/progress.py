"""What people see while a session runs: one calm line for each call; on a terminal also the model's words and a running clock."""

from __future__ import annotations

import re
import threading
from typing import TextIO

from intern_action.core.events import Answered, Event, Heard, Moved, Noted, Started
from intern_action.core.events import Told as Words
from intern_action.core.ports import Clock
from intern_action.core.states import State
from intern_action.core.types import Call
from intern_action.trace._screen import Screen, columns, harmless
from intern_action.trace.gist import first_line, gist
from intern_action.trace.told import seconds, told

QUIET_SECONDS = 30.0
"""A log that nobody watches gets a line about a long call this often."""
TICK_SECONDS = 0.25
_SOON_SECONDS = 1.0
_MINUTE = 60
_BAR_COLUMNS = 20
_OF = re.compile(r"(\d+)\s*(?:/|of)\s*(\d+)")
_NAME_COLUMNS = 16


class QuietWatcher:
    """Lines for a log: no colours, no escapes, no streaming, no bar.

    Args:
        out: where to write.
        clock: for how long a call runs.
        width: columns of a line.
    """

    def __init__(self, out: TextIO, *, clock: Clock, width: int = 120) -> None:
        self._teller = Teller(Screen(out, width=width, colour=False))
        self._clock = clock
        self._said_at = clock.monotonic()
        self._said: str = ""

    def happened(self, event: Event) -> None:
        """Tell one event."""
        self._said_at = self._clock.monotonic()
        if isinstance(event, Heard) and event.reply.text.strip():
            self._teller.words(event.reply.text)
        self._teller.happened(event)

    def streamed(self, text: str) -> None:
        """Keep silent: the whole text comes with its event."""

    def progress(self, line: str) -> None:
        """Tell how far a long call or a job is: what is new, now and then."""
        now = self._clock.monotonic()
        if now - self._said_at >= QUIET_SECONDS and line != self._said:
            self._said_at, self._said = now, line
            self._teller.screen.line(("plain", f"   {self._teller.screen.marks['open']} "), ("plain", line))

    def close(self) -> None:
        """Nothing is held."""


class TerminalWatcher:
    """Lines for somebody who looks on.

    Args:
        out: a terminal.
        clock: for how long a call runs.
        width: its columns.
        colour: False where the person said NO_COLOR.
        stream: whether the model's words are shown as they come, or whole.
    """

    def __init__(self, out: TextIO, *, clock: Clock, width: int = 80, colour: bool = True, stream: bool = True) -> None:
        self._screen = Screen(out, width=width, colour=colour)
        self._teller = Teller(self._screen)
        self._ticker = Ticker(self._screen, clock)
        self._stream = stream
        self._streamed = False
        self._open_line = False

    def happened(self, event: Event) -> None:
        """Tell one event."""
        self._ticker.stop()
        self._end_line()
        if isinstance(event, Heard):
            if not self._streamed and event.reply.text.strip():
                self._teller.words(event.reply.text)
            self._streamed = False
        self._teller.happened(event)
        self._wait_for_what_comes(event)

    def streamed(self, text: str) -> None:
        """Show a piece of the model's words as it comes."""
        if not self._stream or not text:
            return
        self._ticker.stop()
        self._streamed = True
        self._screen.say(text)
        self._open_line = not text.endswith("\n")

    def progress(self, line: str) -> None:
        """Show how far a long call is: `12/60` in it makes a bar."""
        self._ticker.says = harmless(line)

    def close(self) -> None:
        """End the running clock."""
        self._ticker.stop()
        self._end_line()

    def _end_line(self) -> None:
        if self._open_line:
            self._screen.write("\n")
            self._open_line = False

    def _wait_for_what_comes(self, event: Event) -> None:
        match event:
            case Started(call_id=call_id):
                call = self._teller.calls.get(call_id)
                self._ticker.start(f"{call.name} {gist(call)}" if call else "working")
            case Moved(to=State.AWAITING_JOB, why=why):
                self._ticker.start(why or "the job runs")
            case Moved(to=State.RUNNING) | Answered():
                self._ticker.start("thinking")
            case _:
                pass


class Teller:
    """Turns events into lines."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.calls: dict[str, Call] = {}

    def happened(self, event: Event) -> None:
        """Write the line of one event, if it has one."""
        match event:
            case Heard(reply=reply):
                self.calls.update((call.id, call) for call in reply.calls)
            case Answered():
                self._answered(event)
            case Words(by=by, words=words):
                self.screen.line(("bold", f"{by}: "), ("plain", words))
            case Noted(text=text):
                self.screen.line(("dim", f"   note: {text}"))
            case _:
                self._remark(event)

    def words(self, text: str) -> None:
        """Write what the model said."""
        self.screen.say(text.strip("\n") + "\n")

    def _answered(self, event: Answered) -> None:
        call, result = self.calls.get(event.call_id), event.result
        name, what = (call.name, gist(call)) if call else (event.call_id, "")
        mark, tone = (self.screen.marks["failed"], "bad") if result.failed else (self.screen.marks["done"], "good")
        took = f" {seconds(event.seconds)}" if event.seconds else ""
        room = self.screen.width - len(mark) - _NAME_COLUMNS - len(took) - 8
        shown = self.screen.cut_path(harmless(what), room // 2)
        self.screen.line(
            (tone, f" {mark} "),
            ("bold", f"{name:<{_NAME_COLUMNS}} "),
            ("plain", shown),
            ("dim", took),
            ("plain", "  "),
            ("bad" if result.failed else "dim", first_line(result)),
        )

    def _remark(self, event: Event) -> None:
        said = told(event)
        if said is not None:
            self.screen.line(
                (said.tone, f" {self.screen.marks['open']} {said.label:<{_NAME_COLUMNS}} "), ("plain", said.line)
            )


class Ticker:
    """One line at the bottom of a terminal that shows that something goes on, and for how long. Its own thread draws it."""

    def __init__(self, screen: Screen, clock: Clock) -> None:
        self._screen = screen
        self._clock = clock
        self._thread: threading.Thread | None = None
        self._end = threading.Event()
        self.says = ""

    def start(self, what: str) -> None:
        """Show `what` with a running clock until `stop`, unless that comes within a second."""
        self.stop()
        self.says = ""
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(harmless(what), self._end), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take the line away."""
        if self._thread is not None:
            self._end.set()
            self._thread.join()
            self._thread = None

    def _run(self, what: str, end: threading.Event) -> None:
        began = self._clock.monotonic()
        if end.wait(_SOON_SECONDS):
            return
        while not end.is_set():
            self._screen.write(f"\r{self._drawn(what, self._clock.monotonic() - began)}")
            end.wait(TICK_SECONDS)
        self._screen.write("\r" + " " * (self._screen.width - 1) + "\r")

    def _drawn(self, what: str, passed: float) -> str:
        room = self._screen.width - 1
        span = f"{int(passed)} s" if passed < _MINUTE else seconds(passed)
        text = self._screen.cut(f" {self._screen.marks['open']} {span}  {self._bar()}{what}  {self.says}", room)
        return text + " " * (room - columns(text))

    def _bar(self) -> str:
        """Return a bar, where the last word on progress had two numbers."""
        found = _OF.search(self.says)
        if found is None or not 0 < int(found[2]) >= int(found[1]):
            return ""
        full = _BAR_COLUMNS * int(found[1]) // int(found[2])
        return self._screen.marks["bar"] * full + self._screen.marks["rest"] * (_BAR_COLUMNS - full) + " "
