"""A story that is killed between any two events goes on to the same end, in this process (`test_killed_demo` uses SIGKILL)."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from intern_action.core.events import Event
from intern_action.core.states import State
from intern_action.core.types import JobStage, Verdict
from intern_action.llm.replay import Replay
from tests.fakes.git_world import make_world
from tests.fakes.house import StoryHouse, again, done, proposal
from tests.fakes.thinking import SilentWatcher, calls


class Killed(BaseException):
    """The runner is gone."""


class Executioner:
    """Kills after so many events."""

    def __init__(self, after: int) -> None:
        self.left = after

    def happened(self, event: Event) -> None:
        del event
        self.left -= 1
        if self.left == 0:
            raise Killed

    def streamed(self, text: str) -> None:
        del text


def walk(house: StoryHouse) -> None:
    """The whole story in one go, by a model that always says what it said at this point."""
    upload = calls(("u", "hf_upload_model", {"repository": "ada/model", "source": "job"}))
    smaller = again({"batch-size": "16", "accumulation": "2"})
    house.model = Replay((*proposal(), smaller, upload, done()), name="replay")
    if house.case is None:
        house.ask()
    house.go_on()
    if house.state is State.AWAITING_REVIEW:
        if not house.forge.reviews(house.pull_request):
            house.forge.review(house.pull_request, by="grace", verdict=Verdict.APPROVED)
        house.go_on()
    while house.state is State.AWAITING_JOB:
        running = [status for status in house.jobs.states.values() if not status.stage.final]
        for status in running:
            first = len(house.jobs.orders) == 1
            house.jobs.end(status.ref, JobStage.OUT_OF_MEMORY if first else JobStage.COMPLETED)
        house.go_on()


@pytest.mark.timeout(300)
def test_a_run_that_is_killed_at_any_event_ends_the_same_and_does_nothing_twice(tmp_path: Path) -> None:
    with StoryHouse(make_world(tmp_path / "whole")) as whole:
        walk(whole)
        assert whole.state is State.DONE
        events = whole.kinds()
    for boundary in range(1, len(events) + 1):
        with StoryHouse(make_world(tmp_path / f"killed-{boundary}")) as house:
            house.use(Executioner(boundary))
            with pytest.raises(Killed):
                walk(house)
            house.use(SilentWatcher())
            walk(house.anew())
            assert house.state is State.DONE, boundary
            assert len(house.jobs.orders) == 2, boundary
            assert len(house.forge.pulls) == 1, boundary
            assert len(house.hub.uploads) == 1, boundary
            assert house.ledger.captured(house.digest) == Decimal("0.12"), boundary
            assert house.ledger.held(house.digest) == 0, boundary
            assert plain(house.kinds()) == plain(events), boundary


def plain(kinds: list[str]) -> list[str]:
    """The events that must be there once each; a call that may be repeated is started once too."""
    return [kind for kind in kinds if kind not in {"moved"}]
