"""The gate over what GitHub tells: an approval counts there as it is meant, and what people do afterwards is seen."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from intern_action.core.digests import plan_digest
from intern_action.core.judgement import Approved, Facts, Judgement
from intern_action.core.types import PullRequest
from intern_action.forge.github import OUR_NAME, GitHubForge
from intern_action.gate.approval import judge
from tests.fakes.approvals import facts, failing
from tests.fakes.git_world import ADA, GitWorld, make_world
from tests.fakes.hasty_clock import HastyClock
from tests.github_server import GitHubServer

ROLES = {"ada": "write", "grace": "maintain", "eve": "read", "tom": "triage", "ci[bot]": "write"}
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan of ada's on a pull request of ours, made a few seconds ago; its branch was pushed a minute before."""

    server: GitHubServer
    forge: GitHubForge
    git: GitWorld
    pull: PullRequest
    made_at: datetime

    def review(self, by: str, event: str = "APPROVE") -> int:
        path = f"/pulls/{self.pull.number}/reviews"
        told = self.server.act(by, "POST", path, {"event": event, "body": "words"})
        assert isinstance(told, dict)
        return int(told["id"])

    def judged(self) -> Judgement:
        return judge(self.facts())

    def facts(self) -> Facts:
        """Gather what control gathers: all that GitHub tells from GitHub, the rest as in a world where nothing is wrong."""
        usual, now, number = facts(), HastyClock().now(), self.pull.number
        head = self.pull.head_sha
        plan = replace(
            usual.plan, pull_request=number, head_sha=head, made_at=self.made_at, expires_at=now + timedelta(days=1)
        )
        reviews, (pull, twins) = self.forge.reviews(number), self.forge.with_twins(number)
        return replace(
            usual,
            plan=plan,
            digest=plan_digest(plan),
            newest_digest=plan_digest(plan),
            pull_request=replace(pull, commit_authors=self.forge.authors(pull)),
            twins=twins,
            live_head=self.git.bare.head(self.pull.head),
            policy=replace(usual.policy, our_name=OUR_NAME),
            reviews=reviews,
            permissions={review.by: self.forge.permission(review.by) for review in reviews},
            now=now + MINUTE,
        )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[GitHubServer, GitWorld]]:
    git = make_world(tmp_path_factory.mktemp("world"))
    with GitHubServer(tmp_path_factory.mktemp("github"), Path(git.bare.path), roles=ROLES) as started:
        yield started, git


@pytest.fixture
def planned(server: tuple[GitHubServer, GitWorld], request: pytest.FixtureRequest) -> Planned:
    github, git = server
    now, branch = HastyClock().now(), f"intern/{request.node.name[:40].strip('[]-_')}"
    git.push(branch, {"train.py": branch}, by=ADA, at=now - MINUTE)
    forge = GitHubForge(github.name, github.token(), clock=HastyClock(), api_url=github.api_url)
    pull = forge.open_pull_request(title="Train", body="why", head=branch, base="main")
    return Planned(server=github, forge=forge, git=git, pull=pull, made_at=now - timedelta(seconds=5))


def test_an_approval_of_somebody_who_may_write_counts(planned: Planned) -> None:
    assert not isinstance(planned.judged(), Approved)
    planned.review("grace")
    assert isinstance(planned.judged(), Approved)


@pytest.mark.parametrize(
    ("who", "condition"),
    [
        ("eve", "reviewer-may-write"),
        ("tom", "reviewer-may-write"),
        ("ada", "reviewer-not-requester"),
        ("ci[bot]", "reviewer-a-person"),
    ],
)
def test_an_approval_of_somebody_else_does_not(planned: Planned, who: str, condition: str) -> None:
    planned.review(who)
    assert condition in failing(planned.judged())


def test_a_right_that_was_taken_away_takes_the_approval_with_it(planned: Planned) -> None:
    planned.review("grace")
    planned.server.accounts.roles["grace"] = "read"
    try:
        assert "reviewer-may-write" in failing(planned.judged())
    finally:
        planned.server.accounts.roles["grace"] = "maintain"


def test_a_review_that_was_dismissed_or_turned_round_does_not_count(planned: Planned) -> None:
    given = planned.review("grace")
    path = f"/pulls/{planned.pull.number}/reviews/{given}/dismissals"
    planned.server.act("ada", "PUT", path, {"message": "no"})
    assert not isinstance(planned.judged(), Approved)
    planned.review("grace")
    assert isinstance(planned.judged(), Approved)
    planned.review("grace", "REQUEST_CHANGES")
    assert "no-objection" in failing(planned.judged())


def test_a_push_after_the_plan_ends_it(planned: Planned) -> None:
    planned.review("grace")
    planned.git.push(planned.pull.head, {"late": "1"}, by=ADA, at=HastyClock().now())
    assert {"head-unchanged", "no-push-since"} <= failing(planned.judged())


def test_so_does_a_push_there_and_back_again(planned: Planned) -> None:
    planned.review("grace")
    ref, now = f"refs/heads/{planned.pull.head}", HastyClock().now()
    moved = planned.git.push(planned.pull.head, {"late": "1"}, by=ADA, at=now)
    planned.git.ask("update-ref", ref, planned.pull.head_sha, moved, env=ADA.stamp(now))
    assert failing(planned.judged()) == {"no-push-since"}


def test_a_twin_of_the_pull_request_stands_in_the_way(planned: Planned) -> None:
    planned.review("grace")
    twin = f"{planned.pull.head}-twin"
    planned.git.git("update-ref", f"refs/heads/{twin}", planned.pull.head_sha)
    planned.server.act("ada", "POST", "/pulls", {"title": "t", "head": twin, "base": "main"})
    assert failing(planned.judged()) == {"no-twins"}


def test_a_pull_request_that_was_closed_takes_its_approval_with_it(planned: Planned) -> None:
    planned.review("grace")
    planned.forge.close_pull_request(planned.pull.number)
    assert "pull-request-open" in failing(planned.judged())


def test_whoever_wrote_a_commit_does_not_approve_it(planned: Planned) -> None:
    who = replace(ADA, name="someone", email="1234+grace@users.noreply.github.com")
    branch = f"{planned.pull.head}-hers"
    planned.git.push(branch, {"hers": "1"}, by=who, at=HastyClock().now() - MINUTE)
    pull = planned.forge.open_pull_request(title="t", body="b", head=branch, base="main")
    hers = replace(planned, pull=pull)
    hers.review("grace")
    assert "reviewer-no-author" in failing(hers.judged())
