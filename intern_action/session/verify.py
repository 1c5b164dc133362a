"""Whether what a model's card tells of its origin is true: link by link, from the model back to the data."""

from __future__ import annotations

from collections.abc import Iterator

from intern_action.core.digests import launch_key, plan_digest
from intern_action.core.entries import JobRow, LedgerView, PlanConsumed
from intern_action.core.frozen import frozen
from intern_action.core.plan import Plan
from intern_action.core.provenance import Provenance
from intern_action.core.states import JobState


@frozen
class Link:
    """One step on the way back. `flaw` says what does not fit, "" when it holds."""

    name: str
    words: str
    flaw: str = ""


@frozen
class Evidence:
    """What ledger, repository and Hub say, against what the card tells.

    Args:
        told: what the card tells.
        files: digest of the repository's files, counted now.
        row, plan, consumed: the ledger's words on the launch, on the plan and on its approval; None for none.
        tree: tree of the told commit in the repository, "" when there is no such commit.
        lost: of what went in, the names that are not where the plan has them any more.
    """

    told: Provenance
    files: str
    row: JobRow | None
    plan: Plan | None
    consumed: PlanConsumed | None
    tree: str
    lost: frozenset[str] = frozenset()


def from_ledger(
    view: LedgerView, told: Provenance, *, files: str, tree: str, lost: frozenset[str] = frozenset()
) -> Evidence:
    """Return the evidence, with the ledger's part of it looked up."""
    rows = (row for row in view.jobs(told.plan) if row.launch_key == told.launch_key)
    return Evidence(
        told=told,
        files=files,
        row=next(rows, None),
        plan=view.plan(told.plan),
        consumed=view.consumed(told.plan),
        tree=tree,
        lost=lost,
    )


def links(evidence: Evidence) -> tuple[Link, ...]:
    """Return every link in order: model, job, plan, approval, commit, base model, data."""
    return tuple(_links(evidence))


def first_broken(chain: tuple[Link, ...]) -> Link | None:
    """Return the first link that does not hold, None for a whole chain."""
    return next((link for link in chain if link.flaw), None)


def _links(evidence: Evidence) -> Iterator[Link]:
    told, plan = evidence.told, evidence.plan
    job = plan.job if plan else None
    yield Link(
        name="model",
        words=f"files {told.files[:12]}",
        flaw="" if told.files == evidence.files else f"the files here are {evidence.files[:12]}: they were changed",
    )
    yield Link(name="job", words=f"{told.backend} {told.job}", flaw=_job_flaw(evidence))
    yield Link(name="plan", words=told.plan[:12], flaw=_plan_flaw(evidence))
    yield Link(name="approval", words=", ".join(told.approved_by), flaw=_approval_flaw(evidence))
    yield Link(name="commit", words=told.commit[:12], flaw=_commit_flaw(evidence))
    base = (job.model, job.model_revision) if job else ("", "")
    yield _input("base model", (told.model, told.model_revision), base, evidence.lost)
    data = (job.dataset, job.dataset_revision) if job else ("", "")
    yield _input("data", (told.dataset, told.dataset_revision), data, evidence.lost)


def _job_flaw(evidence: Evidence) -> str:
    told, row = evidence.told, evidence.row
    if row is None:
        return f"the ledger knows no launch {told.launch_key} of this plan"
    if row.job is None or (row.job.backend, row.job.id) != (told.backend, told.job):
        return f"the ledger has another job for {told.launch_key}: {row.job.id if row.job else 'none'}"
    if row.session != told.session:
        return f"the ledger has it in session {row.session}, not in {told.session}"
    return "" if row.state is JobState.ENDED else f"the ledger has it as {row.state}, not as ended"


def _plan_flaw(evidence: Evidence) -> str:
    told, plan = evidence.told, evidence.plan
    if plan is None or plan.job is None:
        return "the ledger knows no such plan of a job"
    if plan_digest(plan) != told.plan:
        return "the ledger's plan has another digest: the ledger was changed"
    if (plan.session, plan.requester) != (told.session, told.requester):
        return f"the ledger has it in session {plan.session}, asked for by {plan.requester}"
    keys = {launch_key(told.plan, number) for number in range(1, plan.job.attempts + 1)}
    return "" if told.launch_key in keys else f"{told.launch_key} is none of its launches"


def _approval_flaw(evidence: Evidence) -> str:
    consumed = evidence.consumed
    if consumed is None:
        return "the ledger knows no approval of this plan"
    same = set(consumed.by) == set(evidence.told.approved_by)
    return "" if same else f"the ledger has it approved by {', '.join(consumed.by)}"


def _commit_flaw(evidence: Evidence) -> str:
    told, plan = evidence.told, evidence.plan
    if plan is not None and (plan.head_sha, plan.tree) != (told.commit, told.tree):
        return f"the plan was of commit {plan.head_sha[:12]} with tree {plan.tree[:12]}"
    if not evidence.tree:
        return "the repository has no such commit"
    return "" if evidence.tree == told.tree else f"its tree is {evidence.tree[:12]}, not {told.tree[:12]}"


def _input(name: str, told: tuple[str, str], planned: tuple[str, str], lost: frozenset[str]) -> Link:
    what, revision = told
    flaw = ""
    if told != planned:
        flaw = f"the plan was for {planned[0] or 'nothing'} at {planned[1][:12] or 'the tree of the commit'}"
    elif what in lost:
        flaw = f"{what} is not there any more in this revision"
    return Link(name=name, words=f"{what} at {revision[:12] or 'the tree of the commit'}", flaw=flaw)
