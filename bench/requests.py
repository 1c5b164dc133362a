"""How often the Hub is asked: counted by a Hub of the tests that really listens, so the figures are the same on every machine."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.fakes.hub_jobs import PAYS, HubWorkshop
from tests.fakes.hub_story import hub_story, play, tick
from tests.fakes.waiting_sessions import add_waiting_sessions
from tests.hub_server.job_runs import Jobs

WAITING = 100
LAUNCH = "between the last price and `run_job`"
LOOK = f"a look at {WAITING} waiting sessions when nothing has changed"

AIMS: Mapping[str, int] = {LAUNCH: 4, LOOK: 9}
"""The most requests."""


def requests() -> Mapping[str, int]:
    """Play a story up to its job, add the others that wait, look once, and return what was counted."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, hub_story(Path(folder)) as at:
        at.hub.world.part(Jobs).settings.queue_seconds = None
        play(at, INTERN_ACTION_WAITING_JOB="1 second")
        launch = up_to_the_job(asked(at, 0))
        add_waiting_sessions(at, WAITING - 1)
        before = len(at.hub.requests)
        tick(at)
        return {LAUNCH: launch, LOOK: len(asked(at, before))}


def up_to_the_job(asked: Sequence[str]) -> int:
    """Return how many requests lie between the price that the approval was judged with and the start of the job."""
    started = asked.index(f"POST /api/jobs/{PAYS}")
    judged = max(place for place, one in enumerate(asked[:started]) if one == "GET /api/jobs/hardware")
    return started - judged - 1


def above(found: Mapping[str, int]) -> Mapping[str, int]:
    """Return what took more requests than its aim."""
    return {name: count for name, count in found.items() if count > AIMS[name]}


def asked(at: HubWorkshop, since: int) -> list[str]:
    """Return what the Hub was asked since some number of requests."""
    return [f"{one.method} {one.path.partition('?')[0]}" for one in at.hub.requests[since:]]


def request_table(found: Mapping[str, int]) -> str:
    """Return the figures as a table beside their aims."""
    rows = [f"| {name} | {count} | {AIMS[name]} |" for name, count in found.items()]
    return "\n".join(["| | requests | aim |", "| --- | ---: | ---: |", *rows])
