"""The walk comment → pull request → approval → job → metrics through the action, with runs that are killed at a call.

    python -m tests.fakes.killed_walk FOLDER [PART OF]

kills it at every call, before it is heard and after it was done, and prints what is not as it must be: some hours. `0 2` and
`1 2` are the two halves of it, side by side. The test takes a part of the same points.

A call is a request to GitHub's API, a push, or a start on the Hub. Reads by git are none: nothing is different after them.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from intern_action.git.branch import GitBranch
from intern_action.ledger.ledger import GitLedger
from intern_action.settings.clock import SystemClock
from tests.fakes.github_team import BOT, Ran, Team, team
from tests.fakes.model_server import ModelServer
from tests.fakes.small_trainer import small_trainer

ASK = "/intern train the filter"
When: TypeAlias = Literal["before", "after"]
WHEN: tuple[When, ...] = ("before", "after")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where a run dies: at its n-th call (from 0), before that is heard or after it was done."""

    call: int
    when: When


class Death:
    """Looks on at what one run asks for, remembers it, and kills the run where it is told to."""

    def __init__(self, point: Point | None = None) -> None:
        self.point = point
        self.calls: list[str] = []
        self.killed = False
        self.process = 0
        self._lock = threading.Lock()

    def asked(self, method: str, path: str) -> None:
        """Count a call; kill who sent it before anybody hears it."""
        if not _counts(method, path):
            return
        with self._lock:
            self.calls.append(f"{method} {path.partition('?')[0]}")
            if self.point == Point(call=len(self.calls) - 1, when="before"):
                self._kill()
                raise ConnectionAbortedError  # and it never is

    def done(self, method: str, path: str) -> None:
        """Kill who sent it now that it is done."""
        if not _counts(method, path):
            return
        with self._lock:
            if self.point == Point(call=len(self.calls) - 1, when="after"):
                self._kill()

    def _kill(self) -> None:
        self.killed = True
        os.killpg(self.process, signal.SIGKILL)


def _counts(method: str, path: str) -> bool:
    if ".git/" in path:
        return method == "POST" and path.endswith("/git-receive-pack")
    if path.startswith("/api/"):
        return method == "POST" and path.startswith(("/api/jobs/", "/api/repos/create"))
    return not path.startswith("/datasets/") and not path.startswith("/models/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a story ended: what there is in the world of it."""

    state: str
    metrics: str
    comments: int
    said: int
    pulls: int
    checks: tuple[tuple[str, str], ...]
    draft: bool
    launched: int
    left: Decimal
    paid_jobs: int
    sessions: int


@dataclass(slots=True, kw_only=True)
class Walk:
    """One team, and stories of it, one after the other."""

    ours: Team
    calls: dict[str, list[str]] = field(default_factory=dict[str, "list[str]"])

    def story(self, comment: Point | None = None, review: Point | None = None) -> Told:
        """Tell one from a new issue to its end; the run of the comment and the one of the review may die."""
        ours, launched = self.ours, self.ours.hub.launched()
        issue = ours.issue("eve", "The filter lets spam through", "It got worse lately.")
        asked = ours.comment("ada", issue, ASK)
        first = self._survive("comment", "issue_comment", asked, comment)
        if first.outputs.get("state") != "awaiting-review":
            first = ours.until("awaiting-review")
        pull = int(first.outputs["pull_request"])
        last = self._survive("review", "workflow_run", ours.review("grace", pull), review)
        if last.outputs.get("state") != "done":
            last = ours.until("done")
        ours.tick()  # once more for what is owed
        return self._told(issue, pull, last, launched)

    def _survive(self, name: str, event: str, payload: Mapping[str, Any], point: Point | None) -> Ran:
        """Run the action until it dies, then once more as somebody who clicks "re-run" does."""
        death = Death(point)
        with self._watched(death):
            number, process = self.ours.start(event, payload, {})
            death.process = process.pid
            ran = self.ours.finish(number, process, code=None)
        if point is None:
            self.calls[name] = death.calls
        assert death.killed or not ran.code, ran.log[-3000:]
        return self.ours.run(event, payload) if death.killed else ran

    @contextmanager
    def _watched(self, death: Death) -> Generator[None]:
        ours = self.ours
        ours.github.front.onlooker = ours.hub.hub.world.onlooker = death
        try:
            yield
        finally:
            ours.github.front.onlooker = ours.hub.hub.world.onlooker = None

    def _told(self, issue: int, pull: int, last: Ran, launched: int) -> Told:
        ours, shown = self.ours, self.ours.pull(pull)
        pulls = cast("list[dict[str, Any]]", ours.github.act("ada", "GET", "/pulls?state=all&per_page=100"))
        runs = cast("dict[str, Any]", ours.github.act("ada", "GET", f"/commits/{shown['head']['sha']}/check-runs"))
        branch = GitBranch.at(str(ours.place / "judge"), ours.git.bare.path, "intern/ledger")
        view = GitLedger(branch, clock=SystemClock(), origin=ours.github.name).read()
        session = last.outputs["session"]
        made = view.newest_plan(session)
        assert made is not None
        digest = made.digest
        return Told(
            state=last.outputs["state"],
            metrics=last.outputs["metrics"],
            comments=self._ours(issue),
            said=self._ours(pull),
            pulls=sum(one["head"]["ref"].startswith(f"intern/{issue}-") for one in pulls),
            checks=tuple((one["name"], one["conclusion"]) for one in runs["check_runs"]),
            draft=shown["draft"],
            launched=ours.hub.launched() - launched,
            left=view.held(digest),
            paid_jobs=len(view.jobs(digest)),
            sessions=sum(one.thread == issue for one in view.admissions()),
        )

    def _ours(self, number: int) -> int:
        found = cast(
            "list[dict[str, Any]]", self.ours.github.act("ada", "GET", f"/issues/{number}/comments?per_page=100")
        )
        return sum(one["user"]["login"] == BOT for one in found)


@contextmanager
def walk(place: Path) -> Generator[Walk]:
    """Give a team whose stories can be killed, and tell one of it that is not."""
    with ModelServer(small_trainer) as model, team(place) as ours:
        ours.more = {"INPUT_MODEL": "local/tiny", "LOCAL_LLM_BASE_URL": model.base_url}
        yield Walk(ours=ours)


def every(calls: Sequence[str]) -> Iterator[Point]:
    """Yield every point at which a run with these calls can die."""
    return (Point(call=number, when=when) for number in range(len(calls)) for when in WHEN)


def writing(calls: Sequence[str]) -> list[int]:
    """Return which calls change something."""
    return [number for number, call in enumerate(calls) if not call.startswith("GET ")]


def flaws(walked: Walk, whole: Told, comment: Point | None, review: Point | None) -> list[str]:
    """Tell one story, and return how it did not end as it must."""
    told = walked.story(comment, review)
    return [] if told == whole else [f"comment {comment}, review {review}: {told} instead of {whole}"]


def main(place: str, part: str = "0", of: str = "1") -> int:
    """Kill at every point, or at every `of`-th from the `part`-th on."""
    with walk(Path(place)) as walked:
        whole = walked.story()
        found: list[str] = []
        points = tuple(zip_longest(every(walked.calls["comment"]), every(walked.calls["review"])))
        for comment, review in points[int(part) :: int(of)]:
            new = flaws(walked, whole, comment, review)
            sys.stdout.write(f"{comment} {review}: {new or 'as it must'}\n")
            sys.stdout.flush()
            found += new
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
