"""A timer's look at everything that waits: what it costs when nothing happened, and that what happened is taken up once."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from intern_action.core.types import JobRef, Verdict
from tests.fakes.hub_jobs import PAYS, STAGES, HubWorkshop
from tests.fakes.hub_story import forge_of, hub_story, ledger, plan_of, play, tick
from tests.fakes.mortal import UNAPPROVED
from tests.fakes.waiting_sessions import add_waiting_sessions
from tests.hub_server.job_runs import Jobs

OTHERS = 99


@pytest.fixture
def at(tmp_path: Path) -> Iterator[HubWorkshop]:
    with hub_story(tmp_path) as made:
        yield made


def asked(at: HubWorkshop, since: int) -> list[str]:
    return [f"{one.method} {one.path.partition('?')[0]}" for one in at.hub.requests[since:]]


def let_run(at: HubWorkshop) -> None:
    """Give the session's newest job its hardware, and wait until it has ended; nobody looks meanwhile."""
    runs = at.hub.world.part(Jobs)
    row = ledger(at).jobs(plan_of(at))[-1]
    assert isinstance(row.job, JobRef)
    folder = runs.folders.find(PAYS, row.job.id)
    assert folder is not None
    runs.let_go(folder)
    at.until(lambda: folder.status().finished_at is not None)


def test_a_look_at_a_hundred_waiting_sessions_is_a_few_requests_and_a_job_that_ended_unseen_is_collected_once(
    at: HubWorkshop,
) -> None:
    at.hub.world.part(Jobs).settings.queue_seconds = None
    assert play(at, INTERN_ACTION_WAITING_JOB="1 second")["state"] == "awaiting-job"
    session = next(iter(ledger(at).sessions()))
    add_waiting_sessions(at, OTHERS)

    before = len(at.hub.requests)
    assert tick(at) == ["nothing has changed\n"]
    assert len(asked(at, before)) < 10, asked(at, before)

    let_run(at)  # it has too little memory
    assert f"{session} is awaiting-job" in tick(at)[0]
    assert at.launched() == 2 + len(range(0, OTHERS, 4))
    let_run(at)
    assert f"{session} is done" in tick(at)[0]
    assert (ledger(at).held(plan_of(at)), ledger(at).captured(plan_of(at))) == (Decimal(0), Decimal("0.02"))

    before = len(at.hub.requests)
    assert tick(at) == ["nothing has changed\n"]
    assert len(asked(at, before)) < 10
    assert at.launched() == 2 + len(range(0, OTHERS, 4))
    assert list(HfApi(endpoint=at.hub.url, token=at.account.token).list_datasets(author=STAGES)) == []


def test_thirty_machines_that_look_at_one_approved_plan_start_one_job(at: HubWorkshop) -> None:
    """Each has a clone, a ledger and a journal of its own; they share what machines share: the remote and the forge."""
    assert play(at, kill_after=UNAPPROVED)["state"] == "awaiting-review"
    forge = forge_of(at)
    plan = ledger(at).plan(plan_of(at))
    assert plan is not None
    forge.review(plan.pull_request, "grace", Verdict.APPROVED)
    at.hub.world.part(Jobs).settings.queue_seconds = None
    machines = [machine(at, number) for number in range(30)]
    said = tick(at, *machines)
    assert at.launched() == 1
    # one starts it; whoever looks between that start and its line in the ledger adopts the very same job
    assert any("is awaiting-job" in words for words in said)
    view, digest = ledger(at), plan_of(at)
    assert (len(view.jobs(digest)), view.held(digest)) == (1, plan.cap_usd)

    before = len(at.hub.requests)
    assert (
        tick(at, *machines[:2]) == ["nothing has changed\n"] * 2
    )  # also whoever lost finds the job by the ledger's name
    assert len(asked(at, before)) < 10


def machine(at: HubWorkshop, number: int) -> Path:
    """Make a world that has seen nothing yet, on the remote and the forge of the story."""
    out = at.place / f"machine-{number}"
    out.mkdir()
    for shared in ("remote.git", "forge"):
        (out / shared).symlink_to(at.place / "out" / shared)
    return out
