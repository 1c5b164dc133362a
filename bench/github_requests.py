"""How often GitHub's API is asked, counted by a GitHub of the tests that really listens; and how soon it is asked first.

Beside git's own requests, which are none to the API. The counts are the same on every machine, the seconds are this one's.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.first_request import First, first_requests, first_table
from tests.fakes.github_team import Team, team
from tests.fakes.model_server import ModelServer
from tests.fakes.small_trainer import small_trainer

WALK, IDLE, WAITING = "comment to draft pull request", "a timer when nothing waits", "a timer when a session waits"
VERBS = ("why", "status", "help")
AIMS: Mapping[str, int] = {WALK: 25, **dict.fromkeys((f"`/intern {verb}`" for verb in VERBS), 6), WAITING: 9, IDLE: 9}
"""The most requests."""


def github_requests() -> tuple[Mapping[str, int], Mapping[str, First]]:
    """Play comments and timers; return what was counted, and how soon each kind of start asks first."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        ModelServer(small_trainer) as model,
        team(Path(folder)) as ours,
    ):
        ours.more = {"INPUT_MODEL": "local/tiny", "LOCAL_LLM_BASE_URL": model.base_url}
        issue = ours.issue("eve", "The filter lets spam through", "It got worse lately.")
        found = {WALK: _counted(ours, "issue_comment", ours.comment("ada", issue, "/intern train the filter"))}
        for verb in VERBS:
            found[f"`/intern {verb}`"] = _counted(ours, "issue_comment", ours.comment("ada", issue, f"/intern {verb}"))
        found[WAITING] = _counted(ours, "schedule", _clock(ours))
        ours.run("issue_comment", ours.comment("ada", issue, "/intern stop"))
        found[IDLE] = _counted(ours, "schedule", _clock(ours))
        return found, first_requests(ours)


def _clock(ours: Team) -> Mapping[str, Any]:
    return {"schedule": "*/5 * * * *", **ours.about("ada")}


def _counted(ours: Team, event: str, payload: Mapping[str, Any]) -> int:
    before = len(ours.github.requests)
    ours.run(event, payload)
    return len(ours.asked(before))


def too_many(found: Mapping[str, int]) -> Mapping[str, int]:
    """Return what took more requests than its aim."""
    return {name: count for name, count in found.items() if count > AIMS[name]}


def github_table(found: Mapping[str, int], first: Mapping[str, First]) -> str:
    """Return the figures as tables beside their aims."""
    rows = [f"| {name} | {count} | {AIMS[name]} |" for name, count in found.items()]
    counted = "\n".join(["| | requests | aim |", "| --- | ---: | ---: |", *rows])
    return (
        f"{counted}\n\nAt a load of {os.getloadavg()[0]:.0f}, the quickest of several starts:\n\n{first_table(first)}"
    )


if __name__ == "__main__":
    counted, first = github_requests()
    print(github_table(counted, first))
    sys.exit(1 if too_many(counted) else 0)
