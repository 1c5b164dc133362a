"""A model's origin: whole, and with each link altered alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from intern_action.core.digests import launch_key, plan_digest
from intern_action.core.entries import JobRow, PlanConsumed
from intern_action.core.provenance import Provenance
from intern_action.core.states import JobState
from intern_action.core.types import JobRef
from intern_action.session.verify import Evidence, first_broken, links
from tests.fakes.approvals import JOB, a_plan

PLAN = a_plan()
DIGEST = plan_digest(PLAN)
KEY = launch_key(DIGEST, 1)
FILES = "9" * 40
TOLD = Provenance(
    session=PLAN.session,
    requester=PLAN.requester,
    commit=PLAN.head_sha,
    tree=PLAN.tree,
    plan=DIGEST,
    approved_by=("grace",),
    backend="local",
    job=KEY,
    launch_key=KEY,
    model=JOB.model,
    model_revision=JOB.model_revision,
    dataset=JOB.dataset,
    dataset_revision=JOB.dataset_revision,
    files=FILES,
)
ROW = JobRow(
    launch_key=KEY,
    digest=DIGEST,
    session=PLAN.session,
    state=JobState.ENDED,
    fence=1,
    lease_until=None,
    job=JobRef(backend="local", id=KEY, launch_key=KEY),
)
CONSUMED = PlanConsumed(digest=DIGEST, session=PLAN.session, by=("grace",), reviews=("r1",))
TRUE = Evidence(told=TOLD, files=FILES, row=ROW, plan=PLAN, consumed=CONSUMED, tree=PLAN.tree)


def broken(evidence: Evidence) -> str:
    """The name of the first link that does not hold, "" for a whole chain."""
    link = first_broken(links(evidence))
    return link.name if link else ""


def test_a_true_origin_holds_from_the_model_to_the_data():
    chain = links(TRUE)
    assert [link.name for link in chain] == ["model", "job", "plan", "approval", "commit", "base model", "data"]
    assert first_broken(chain) is None


@pytest.mark.parametrize(
    ("altered", "name"),
    [
        (replace(TRUE, files="8" * 40), "model"),
        (replace(TRUE, row=None), "job"),
        (replace(TRUE, row=replace(ROW, state=JobState.RUNNING)), "job"),
        (replace(TRUE, row=replace(ROW, session="another")), "job"),
        (replace(TRUE, row=replace(ROW, job=None)), "job"),
        (replace(TRUE, row=replace(ROW, job=JobRef(backend="local", id="other", launch_key=KEY))), "job"),
        (replace(TRUE, row=replace(ROW, job=JobRef(backend="hf", id=KEY, launch_key=KEY))), "job"),
        (replace(TRUE, plan=None), "plan"),
        (replace(TRUE, plan=replace(PLAN, tree="0" * 40)), "plan"),
        (replace(TRUE, told=replace(TOLD, requester="mallory")), "plan"),
        (replace(TRUE, told=replace(TOLD, launch_key=launch_key(DIGEST, 9))), "plan"),
        (replace(TRUE, consumed=None), "approval"),
        (replace(TRUE, consumed=replace(CONSUMED, by=("mallory",))), "approval"),
        (replace(TRUE, told=replace(TOLD, approved_by=("grace", "joan"))), "approval"),
        (replace(TRUE, told=replace(TOLD, commit="0" * 40)), "commit"),
        (replace(TRUE, told=replace(TOLD, tree="0" * 40)), "commit"),
        (replace(TRUE, tree=""), "commit"),
        (replace(TRUE, tree="0" * 40), "commit"),
        (replace(TRUE, told=replace(TOLD, model="other/encoder")), "base model"),
        (replace(TRUE, told=replace(TOLD, model_revision="3" * 40)), "base model"),
        (replace(TRUE, lost=frozenset({JOB.model})), "base model"),
        (replace(TRUE, told=replace(TOLD, dataset="other/mails")), "data"),
        (replace(TRUE, told=replace(TOLD, dataset_revision="")), "data"),
        (replace(TRUE, lost=frozenset({JOB.dataset})), "data"),
    ],
)
def test_the_link_that_was_altered_is_named(altered: Evidence, name: str):
    assert broken(altered) == name


def test_a_flaw_says_what_does_not_fit():
    link = first_broken(links(replace(TRUE, consumed=replace(CONSUMED, by=("mallory",)))))
    assert link is not None
    assert (link.words, link.flaw) == ("grace", "the ledger has it approved by mallory")
