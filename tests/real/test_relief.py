"""A runner's time is over in the middle of the work: the next run goes on, and nobody has to say `/intern retry`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.github_team import Team, team
from tests.fakes.model_server import ModelServer, Say, Seen
from tests.fakes.small_trainer import small_trainer
from tests.fakes.two_halves import alone, thought

ASK = "/intern train the filter"
SOON = {"INTERN_ACTION_WAITING_RELIEF": "1 second"}
LONGER_SECONDS = 1.5


def slow_to_begin(seen: Seen) -> Say:
    """Take longer over the first answer than a runner has, on however quick a machine."""
    said = small_trainer(seen)
    if not any(one["role"] == "assistant" for one in seen.messages):
        time.sleep(LONGER_SECONDS)
    return said


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Team]:
    with ModelServer(slow_to_begin) as model, team(tmp_path) as made:
        made.more = {"INPUT_MODEL": "local/tiny", "LOCAL_LLM_BASE_URL": model.base_url, **SOON}
        yield made


def test_the_timer_goes_on_with_what_a_runner_had_no_time_for(ours: Team):
    issue = ours.issue("eve", "The filter lets spam through")
    first = ours.run("issue_comment", ours.comment("ada", issue, ASK))
    assert (first.code, first.outputs["state"]) == (0, "running"), first.log
    assert "another one goes on" in first.log
    second = ours.until("awaiting-review")
    assert second.code == 0
    told = "\n".join(ours.comments(issue))
    assert "retry" not in told.partition("Waits for a review")[0]
    assert ours.hub.launched() == 0


def test_control_wakes_the_agent_half_anew_when_its_runner_had_no_time(ours: Team):
    alone(ours)
    issue = ours.issue("eve", "The filter lets spam through")
    begun = ours.run("issue_comment", ours.comment("ada", issue, ASK), INPUT_ROLE="control")
    assert begun.outputs["state"] == "running", begun.log
    states = [thought(ours).outputs["state"]]
    while states[-1] == "running":
        states.append(thought(ours).outputs["state"])
    assert states[-1] == "awaiting-review"
    assert len(states) > 1, "the first runner did it all"
