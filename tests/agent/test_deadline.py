"""A run that has to be over by a time is over by then: no tool and no model is waited for any longer."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from intern_action.agent.budget import Allowance
from intern_action.agent.context import Room
from intern_action.agent.loop import Loop
from intern_action.agent.memory import Memory
from intern_action.agent.toolbox import Toolbox
from intern_action.agent.voice import Voice
from intern_action.core.endings import Ending, Exhausted
from intern_action.core.errors import ModelRateLimited
from intern_action.core.events import Answered
from intern_action.core.ports import Desk, Model
from intern_action.llm.fallback import Falling
from intern_action.llm.line import Patience
from intern_action.llm.litellm import LiteLLM, Through
from intern_action.llm.litellm_library import litellm_environment, load
from intern_action.llm.openai_shaped import Endpoint, OpenAIShaped
from intern_action.llm.retry import Retrying
from intern_action.settings.clock import SystemClock
from intern_action.settings.words import prompt, text
from intern_action.shell.tool_shell import ToolShell
from intern_action.tools import all_tools
from tests.fakes.desk import make_desk
from tests.fakes.histories import BEGAN
from tests.fakes.model_server import Ask, Fail, Hang, ModelServer, Say, Step
from tests.fakes.models import unpriced
from tests.fakes.thinking import ListJournal, SilentWatcher

LEFT_SECONDS = 2.0
GRACE_SECONDS = 6.0
"""What ending takes on a busy machine; what would be waited for otherwise takes ten times as long."""
CLOCK = SystemClock()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with ToolShell(uid=None, home=str(tmp_path / "home"), python=sys.executable) as shell:
        yield replace(make_desk(tmp_path, shell, python=sys.executable), clock=CLOCK)


Making = Callable[[str, Callable[[], float]], Model]


def direct(root: str, left: Callable[[], float]) -> Model:
    endpoint = Endpoint(name="local/m", model="m", base_url=f"{root}/v1")
    model = OpenAIShaped(endpoint, clock=CLOCK, price=unpriced, patience=Patience(left=left))
    return Retrying(model, clock=CLOCK, left=left)


def translated(root: str, left: Callable[[], float]) -> Model:
    name = "anthropic/claude-opus-4-8"
    through = Through(name=name, model=name, provider="anthropic", arguments={"api_key": "k", "api_base": root})
    return Retrying(LiteLLM(through, clock=CLOCK, price=unpriced, patience=Patience(left=left)), clock=CLOCK, left=left)


def run(desk: Desk, steps: list[Step], making: Making = direct) -> tuple[Ending, ListJournal, float]:
    """Run a session that has two seconds; return how it ended, and how long that took."""
    with ModelServer(steps, loop=True) as server:
        until = CLOCK.now() + timedelta(seconds=LEFT_SECONDS)

        def left() -> float:
            return (until - CLOCK.now()).total_seconds()

        model, journal = making(server.root, left), ListJournal()
        loop = Loop(
            memory=Memory.of((BEGAN,)),
            model=model,
            toolbox=Toolbox(all_tools(), lambda _effects: None),
            desk=desk,
            journal=journal,
            allowance=Allowance(until=until),
            watcher=SilentWatcher(),
            system="be good",
            room=Room,
            voice=Voice(prompt=prompt, text=text),
        )
        began = time.monotonic()
        try:
            return loop.run(), journal, time.monotonic() - began
        finally:
            model.close()


def ran_out(ending: Ending, seconds: float) -> bool:
    return isinstance(ending, Exhausted) and ending.what == "time" and seconds < LEFT_SECONDS + GRACE_SECONDS


@pytest.mark.parametrize("asked", [{}, {"timeout": "50m"}])
def test_a_command_ends_with_the_run_and_so_does_what_it_has_started(desk: Desk, asked: dict[str, str]):
    mark = f"6{time.time_ns() % 100_000}.25"
    command = {"command": f"setsid sleep {mark} & sleep {mark}", **asked}
    ending, journal, seconds = run(desk, [Say(calls=(Ask(name="bash", arguments=command),))])

    assert ran_out(ending, seconds), (ending, seconds)
    (answered,) = (event for event in journal.events if isinstance(event, Answered))
    assert "the time limit" in answered.result.text
    assert [line for line in Path("/proc").glob("[0-9]*/cmdline") if mark.encode() in _bytes(line)] == []


HANGS: dict[str, Step] = {
    "says nothing": Hang(seconds=60),
    "stops in the middle": Hang(seconds=60, after=Say(text="I am about to")),
}


@pytest.mark.parametrize("making", [direct, translated])
@pytest.mark.parametrize("name", HANGS)
def test_a_model_that_hangs_is_waited_for_no_longer_than_the_run_lasts(
    desk: Desk, name: str, making: Making, monkeypatch: pytest.MonkeyPatch
):
    for variable, value in litellm_environment().items():
        monkeypatch.setenv(variable, value)
    if making is translated:
        load()  # takes more seconds than this run has
    ending, _, seconds = run(desk, [HANGS[name]], making)

    assert ran_out(ending, seconds), (ending, seconds)


def test_the_next_model_on_the_list_gets_no_more_time(desk: Desk):
    def falling(root: str, left: Callable[[], float]) -> Model:
        return Falling(direct(root, left), [lambda: direct(root, left)], tell=lambda _line: None)

    ending, _, seconds = run(desk, [Hang(seconds=60)], falling)

    assert ran_out(ending, seconds), (ending, seconds)


def test_a_wait_that_would_outlast_the_run_is_not_begun(desk: Desk):
    with pytest.raises(ModelRateLimited):
        run(desk, [Fail(status=503, headers={"Retry-After": "3600"})])


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # it has ended meanwhile
        return b""
