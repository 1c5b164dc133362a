"""Events that come again: twice, in another order, and with the payload of then after the world has moved on. Nothing happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from tests.fakes.github_team import Ran, Team, team
from tests.fakes.model_server import ModelServer
from tests.fakes.small_trainer import small_trainer

ASK = "/intern train the filter"


@dataclass(slots=True, kw_only=True)
class Told:
    """A story, and each event of it with its payload, in order."""

    ours: Team
    issue: int
    pull: int = 0
    events: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list[tuple[str, Mapping[str, Any]]])

    def happens(self, event: str, payload: Mapping[str, Any]) -> Ran:
        """Let an event happen for the first time."""
        self.events.append((event, payload))
        return self.ours.run(event, payload)

    def world(self) -> tuple[object, ...]:
        """Everything that people or money could notice."""
        ours = self.ours
        pull = ours.pull(self.pull)
        reviews = cast("list[Any]", ours.github.act("ada", "GET", f"/pulls/{self.pull}/comments"))
        branches = ours.git.git("for-each-ref", "refs/heads", "refs/intern")
        return (
            branches,
            ours.comments(self.issue),
            len(ours.comments(self.pull)),  # a question that is asked again has its answer renewed
            (pull["state"], pull["draft"], pull["title"], pull["body"]),
            len(reviews),
            ours.hub.launched(),
        )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """A story with all that wakes it: a comment, a question, words on the way, a bell, a timer."""
    with ModelServer(small_trainer) as model, team(tmp_path_factory.mktemp("team")) as ours:
        ours.more = {"INPUT_MODEL": "local/tiny", "LOCAL_LLM_BASE_URL": model.base_url}
        told = Told(ours=ours, issue=ours.issue("eve", "The filter lets spam through", "It got worse lately."))
        first = told.happens("issue_comment", ours.comment("ada", told.issue, ASK))
        told.pull = int(first.outputs["pull_request"])
        told.happens("issue_comment", ours.comment("grace", told.pull, "/intern status"))
        told.happens("workflow_run", ours.bell(told.pull))
        last = told.happens("workflow_run", ours.review("grace", told.pull))
        if last.outputs["state"] != "done":
            ours.until("done")
        told.happens("schedule", {"schedule": "*/15 * * * *", **ours.about("ada")})
        ours.tick()
        yield told


@pytest.mark.timeout(600)
def test_every_event_again_and_once_more_changes_nothing(told: Told) -> None:
    before = told.world()
    for event, payload in told.events:
        for _ in range(2):
            told.ours.run(event, payload)
    assert told.world() == before


@pytest.mark.timeout(600)
def test_in_another_order_they_change_nothing_either(told: Told) -> None:
    before = told.world()
    for event, payload in reversed(told.events):
        told.ours.run(event, payload)
    assert told.world() == before


@pytest.mark.timeout(600)
def test_the_payload_of_then_does_nothing_once_the_world_has_moved_on(told: Told) -> None:
    github = told.ours.github
    told.ours.git.push("main", {"README.md": "# other mails\n"}, at=told.ours.git.clock.now())
    comment = told.events[0][1]["comment"]["id"]
    github.act("ada", "PATCH", f"/issues/comments/{comment}", {"body": f"{ASK} on an a100"})
    github.act("eve", "PATCH", f"/issues/{told.issue}", {"body": "/intern spend it all", "state": "closed"})
    github.act("grace", "PATCH", f"/pulls/{told.pull}", {"state": "closed"})
    before = told.world()
    for event, payload in told.events:
        told.ours.run(event, payload)
    assert told.world() == before


@pytest.mark.timeout(600)
def test_before_anybody_approved_a_bell_that_rings_again_and_again_launches_nothing(told: Told) -> None:
    ours, launched = told.ours, told.ours.hub.launched()
    issue = ours.issue("eve", "Once more")
    asked = ours.comment("ada", issue, ASK)
    first = ours.run("issue_comment", asked)
    told.issue, told.pull = issue, int(first.outputs["pull_request"])
    ours.run("workflow_run", ours.bell(told.pull))
    before = told.world()
    for _ in range(2):
        ours.run("issue_comment", asked)
        ours.run("workflow_run", ours.bell(told.pull))
    assert told.world() == before
    assert ours.hub.launched() == launched
