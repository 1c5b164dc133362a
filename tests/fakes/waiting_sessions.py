"""Many sessions that wait, as a world has them after months: one in four for a job on the Hub, the others for a review."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx

from intern_action.core.digests import launch_key, plan_digest
from intern_action.core.entries import LedgerEvent, SessionMoved
from intern_action.core.plan import Plan
from intern_action.core.states import State
from intern_action.forge.local import LocalForge
from intern_action.git.repository import BareRepository
from intern_action.git.run import Git
from intern_action.launches.body import HOME, KEY
from intern_action.settings.clock import SystemClock
from tests.fakes.hub_jobs import PAYS, HubWorkshop
from tests.fakes.hub_story import ledger_of
from tests.fakes.memory_branch import admitted, approved, held, made, make_plan, running


def add_waiting_sessions(at: HubWorkshop, count: int) -> None:
    """Add them to the story's world: in the ledger, with a pull request each, and with jobs at the Hub that wait in its queue."""
    plans = [_plan(number, pull) for number, pull in enumerate(_pull_requests(at, count))]
    waiting_for_jobs = plans[::4]
    _start_jobs(at, [launch_key(plan_digest(plan), 1) for plan in waiting_for_jobs])
    events = [event for plan in plans for event in _told(plan, for_job=plan in waiting_for_jobs)]
    ledger_of(at).decide(lambda _view: events)


def _plan(number: int, pull_request: int) -> Plan:
    now = datetime.now(UTC)
    plan = make_plan(f"waits-{number:03d}", usd="0.10", made_at=now, expires_at=now + timedelta(days=3))
    return replace(plan, pull_request=pull_request)


def _pull_requests(at: HubWorkshop, count: int) -> Iterator[int]:
    """Open one, and copy its page for the others: the forge looks through all that are open before it opens one."""
    bare = BareRepository.open(str(at.place / "out" / "remote.git"))
    base = bare.default_branch()
    branches = [f"intern/waits-{number}-" for number in range(count)]
    lines = "".join(f"create refs/heads/{branch} {bare.head(base)}\n" for branch in branches)
    Git(git_dir=bare.path).run("update-ref", "--stdin", stdin=lines.encode())
    forge = LocalForge(at.place / "out" / "forge", bare, clock=SystemClock())
    first = forge.open_pull_request(title="waits", body="", head=branches[0], base=base).number
    pages = at.place / "out" / "forge" / "pulls"
    page = (pages / f"{first}.md").read_text()
    for number, branch in enumerate(branches, start=first):
        (pages / f"{number}.md").write_text(page.replace(branches[0], branch))
        yield number


def _start_jobs(at: HubWorkshop, keys: list[str]) -> None:
    home = (at.place / "out" / "control" / "home").read_text().strip()
    for key in keys:
        spec = {
            "command": ["true"],
            "flavor": "cpu-basic",
            "dockerImage": "python:3.12",
            "labels": {KEY: key, HOME: home},
        }
        httpx.post(f"{at.hub.url}/api/jobs/{PAYS}", json=spec, headers=at.account.headers).raise_for_status()


def _told(plan: Plan, *, for_job: bool) -> Iterator[LedgerEvent]:
    state = State.AWAITING_JOB if for_job else State.AWAITING_REVIEW
    if for_job:
        admission, planned, used, _ = approved(plan)
        yield from (admission, planned, used, held(plan, month=f"{plan.made_at:%Y-%m}"), *running(plan))
    else:
        yield from (admitted(plan.session), made(plan))
    yield SessionMoved(session=plan.session, state=state, journal_head="")
