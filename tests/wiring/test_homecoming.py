"""Traces on their way to a Hub that listens: sent when a session waits or is over, owed when they could not be."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from intern_action.core.states import State
from intern_action.settings.load import load
from intern_action.settings.world import make, world_at
from intern_action.trace.report import ReportData
from intern_action.wiring.homecoming import bring_traces_home
from intern_action.wiring.premises import Premises
from tests.fakes.git_world import StillClock
from tests.hub_server import HubServer, Refuse

COMMITS = "/api/datasets/ada/ml-intern-sessions/commit/"
AT = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
TOLD = ReportData(
    session="5e55",
    task="fine-tune | <b>",
    requester="ada",
    thread=1,
    model="recipes",
    branch="intern/1-x",
    base="main",
    state=State.AWAITING_REVIEW,
    started_at=AT,
    updated_at=AT,
)


@pytest.fixture
def hub(tmp_path: Path) -> Generator[HubServer]:
    with HubServer(tmp_path / "hub") as hub:
        hub.accounts.add_user("ada")
        yield hub


def premises_of(hub: HubServer, folder: Path, more: Mapping[str, str] | None = None) -> Premises:
    environment = {
        "HF_WRITE_TOKEN": hub.accounts.add_token("ada", "write"),
        "INTERN_ACTION_HUB_ENDPOINT": hub.url,
        "INTERN_ACTION_WORK": str(folder / "work"),
        **(more or {}),
    }
    settings = load({"out": str(folder / "out")}, environment, folder, folder).settings
    world = world_at(settings.out, environment)
    make(world)
    return Premises(settings, world, environment, StillClock())


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    file = tmp_path / "trace.jsonl"
    file.write_text('{"type": "user"}\n')
    return file


def test_a_session_that_waits_has_its_trace_on_the_hub(hub: HubServer, tmp_path: Path, trace: Path):
    words = bring_traces_home(premises_of(hub, tmp_path), TOLD, trace)
    assert words == f"trace kept at {hub.url}/datasets/ada/ml-intern-sessions/blob/main/sessions/session_5e55.jsonl"
    page = hub.read("dataset", "ada/ml-intern-sessions", "README.md").decode()
    assert "| [5e55](sessions/session_5e55.jsonl) | fine-tune \\| \\<b\\> | ada |" in page


def test_nothing_is_sent_while_it_works_and_the_same_trace_is_sent_once(hub: HubServer, tmp_path: Path, trace: Path):
    premises = premises_of(hub, tmp_path)
    assert bring_traces_home(premises, replace(TOLD, state=State.RUNNING), trace) == ""
    bring_traces_home(premises, TOLD, trace)
    assert bring_traces_home(premises, TOLD, trace) == ""
    assert hub.count("POST", COMMITS) == 1


def test_a_failure_is_told_and_paid_by_a_later_run(hub: HubServer, tmp_path: Path, trace: Path):
    premises = premises_of(hub, tmp_path)
    fault = hub.fault("POST", f"{COMMITS}*", Refuse(status=403), times=None)
    assert "a later run tries again" in bring_traces_home(premises, TOLD, trace)
    fault.times = 0
    other = tmp_path / "other.jsonl"
    other.write_text('{"type": "assistant"}\n')
    bring_traces_home(premises, replace(TOLD, session="7777"), other)
    page = hub.read("dataset", "ada/ml-intern-sessions", "README.md").decode()
    assert "session_5e55.jsonl" in page
    assert "session_7777.jsonl" in page


@pytest.mark.parametrize(
    "setting",
    [
        {"INTERN_ACTION_TRACES_UPLOAD": "false"},
        {"HF_WRITE_TOKEN": ""},
        {"INTERN_ACTION_HUB_FOLDER": "/somewhere"},
    ],
)
def test_whoever_does_not_want_it_sends_nothing(
    hub: HubServer, tmp_path: Path, trace: Path, setting: Mapping[str, str]
):
    assert bring_traces_home(premises_of(hub, tmp_path, setting), TOLD, trace) == ""
    assert not hub.requests
