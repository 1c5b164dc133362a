"""How often GitHub's API is asked, counted by a GitHub of the tests that really listens; and how soon it is asked first.

Beside git's own requests, which are none to the API. The counts are the same on every machine, the seconds are this one's.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.fakes.github_team import Team, team
from tests.fakes.model_server import ModelServer
from tests.fakes.small_trainer import small_trainer

WALK, IDLE, WAITING = "comment to draft pull request", "a timer when nothing waits", "a timer when a session waits"
VERBS = ("why", "status", "help")
AIMS: Mapping[str, int] = {WALK: 25, **dict.fromkeys((f"`/intern {verb}`" for verb in VERBS), 6), WAITING: 9, IDLE: 9}
"""The most requests."""
FIRST_AIM_S = 0.5
STARTS = 5


def github_requests() -> tuple[Mapping[str, int], float]:
    """Play comments and timers; return what was counted, and the seconds from the start of a process to its first request."""
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
        return found, min(_first(ours) for _ in range(STARTS))


def _clock(ours: Team) -> Mapping[str, Any]:
    return {"schedule": "*/5 * * * *", **ours.about("ada")}


def _counted(ours: Team, event: str, payload: Mapping[str, Any]) -> int:
    before = len(ours.github.requests)
    ours.run(event, payload)
    return len(ours.asked(before))


def _first(ours: Team) -> float:
    """Return the seconds from the start of a timer's process to its first request to the API."""
    number, before = next(ours.runs), len(ours.github.requests)
    environment = ours.environment(number, "schedule", _clock(ours))
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "intern_action", "action"],
        cwd=ours.place,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while not ours.asked(before) and process.poll() is None:
            time.sleep(0.001)
        return time.monotonic() - began


def too_many(found: Mapping[str, int]) -> Mapping[str, int]:
    """Return what took more requests than its aim."""
    return {name: count for name, count in found.items() if count > AIMS[name]}


def github_table(found: Mapping[str, int], first_s: float) -> str:
    """Return the figures as a table beside their aims."""
    rows = [f"| {name} | {count} | {AIMS[name]} |" for name, count in found.items()]
    rows.append(f"| seconds from the start of a process to its first request | {first_s:.2f} | {FIRST_AIM_S} |")
    return "\n".join(["| | requests | aim |", "| --- | ---: | ---: |", *rows])


if __name__ == "__main__":
    counted, first = github_requests()
    print(github_table(counted, first))
    sys.exit(1 if too_many(counted) else 0)
