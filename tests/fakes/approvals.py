"""A world in which a plan may start, and small changes of it: ada asked, grace approved, nothing else happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypedDict, Unpack

from intern_action.core.digests import plan_digest
from intern_action.core.effects import Leases, Serves, Spends, WritesHub
from intern_action.core.endpoint import EndpointSpec
from intern_action.core.judgement import ApprovalPolicy, Approved, Facts, Judgement, NotApproved, Smoke
from intern_action.core.plan import Plan
from intern_action.core.types import Flavor, JobSpec, LeaseSpec, Permission, PullRequest, Quote, Review, Verdict
from intern_action.gate.quote import lease_quote, make_quote

MADE_AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HEAD = "a" * 40
OLDER_HEAD = "b" * 40
TREE = "c" * 40
MERGE_BASE = "d" * 40
POLICY_BLOB = "e" * 40
US = "intern-action[bot]"

CPU = Flavor(name="local-cpu", title="This machine", usd_per_hour=Decimal("0.60"), memory_gb=Decimal(16))
GPU = Flavor(name="a100-large", title="Nvidia A100", usd_per_hour=Decimal("2.50"), memory_gb=Decimal(142))
FLAVORS = {flavor.name: flavor for flavor in (CPU, GPU)}

JOB = JobSpec(
    script="train.py",
    parameters={"batch": "16", "accumulation": "1"},
    variations=({"batch": "8", "accumulation": "2"}, {"batch": "4", "accumulation": "4"}),
    model="some/encoder",
    model_revision="1" * 40,
    dataset="some/mails",
    dataset_revision="2" * 40,
)


LEASE = LeaseSpec(flavor="local-cpu", minutes=60, cap_usd=Decimal("0.60"), purpose="to try the script")


SERVED = "5e" * 20
ENDPOINT = EndpointSpec(
    repository="ada/spam", flavor="local-cpu", minutes=60, cap_usd=Decimal("0.60"), purpose="to show it to the team"
)


def minutes(count: float) -> timedelta:
    """Return some minutes."""
    return timedelta(minutes=count)


def a_quote(job: JobSpec = JOB) -> Quote:
    """Price a job by the small table above."""
    return make_quote(job, FLAVORS, None, MADE_AT)


def a_plan() -> Plan:
    """Return the plan that grace approves: thirty minutes on this machine, three times, at most $0.90."""
    quote = a_quote()
    return Plan(
        session="s1",
        pull_request=7,
        base="main",
        merge_base=MERGE_BASE,
        head_sha=HEAD,
        tree=TREE,
        asks=Spends(job=JOB),
        quote=quote,
        cap_usd=quote.ceiling_usd,
        policy_blob=POLICY_BLOB,
        requester="ada",
        call_id="call-1",
        made_at=MADE_AT,
        expires_at=MADE_AT + timedelta(days=3),
    )


def a_lease_plan(lease: LeaseSpec = LEASE) -> Plan:
    """Return a plan of an hour of this machine, at most $0.60."""
    quote = lease_quote(LEASE, FLAVORS, MADE_AT)
    return replace(a_plan(), asks=Leases(lease=lease), quote=quote, cap_usd=quote.ceiling_usd)


def an_endpoint_plan(endpoint: EndpointSpec = ENDPOINT) -> Plan:
    """Return a plan of an hour of an endpoint, at most $0.60."""
    quote = lease_quote(ENDPOINT, FLAVORS, MADE_AT)
    return replace(a_plan(), asks=Serves(endpoint=endpoint), quote=quote, cap_usd=quote.ceiling_usd, parent=SERVED)


class ReviewChanges(TypedDict, total=False):
    """What a review may have instead of the usual."""

    id: str
    verdict: Verdict
    body: str
    commit_sha: str
    submitted_at: datetime
    by_a_person: bool


def a_review(by: str = "grace", **changes: Unpack[ReviewChanges]) -> Review:
    """Return an approval of the planned head, ten minutes after the plan."""
    usual = Review(
        id=f"review-of-{by}",
        by=by,
        verdict=Verdict.APPROVED,
        body="",
        commit_sha=HEAD,
        submitted_at=MADE_AT + minutes(10),
    )
    return replace(usual, **changes)


def facts() -> Facts:
    """Return a world in which grace's approval counts."""
    plan = a_plan()
    return Facts(
        plan=plan,
        digest=plan_digest(plan),
        newest_digest=plan_digest(plan),
        consumed=False,
        dropped=False,
        pull_request=PullRequest(
            number=7,
            title="Train",
            body="",
            by=US,
            open=True,
            draft=True,
            base="main",
            base_sha=MERGE_BASE,
            head="intern/1-train",
            head_sha=HEAD,
            pushed_at=MADE_AT - minutes(1),
            commit_authors=(US,),
        ),
        twins=(),
        live_head=HEAD,
        live_tree=TREE,
        merge_base=MERGE_BASE,
        policy_blob=POLICY_BLOB,
        policy=ApprovalPolicy(our_name=US),
        reviews=(a_review(),),
        quote=plan.quote,
        room_usd=Decimal(100),
        smoke=Smoke(tree=TREE, exit_code=0, script="train.py"),
        now=MADE_AT + minutes(20),
        permissions={
            "grace": Permission.WRITE,
            "hedy": Permission.ADMIN,
            "ada": Permission.WRITE,
            "eve": Permission.READ,
            US: Permission.WRITE,
        },
    )


def with_plan(world: Facts, plan: Plan) -> Facts:
    """Return the world with another plan, published under its own digest."""
    return replace(world, plan=plan, digest=plan_digest(plan), newest_digest=plan_digest(plan))


def reviewed(*reviews: Review) -> Facts:
    """Return the world with these reviews and no others."""
    return replace(facts(), reviews=reviews)


def failing(judgement: Judgement) -> set[str]:
    """Return the names of the conditions that fail, none when it is approved."""
    match judgement:
        case Approved():
            return set()
        case NotApproved(failing=conditions):
            return {condition.name for condition in conditions}


def waits(judgement: Judgement) -> bool:
    """Whether the judgement is a no that people's approvals would turn."""
    return isinstance(judgement, NotApproved) and judgement.waiting


STANDS = "1a2b3c4d" * 5
CONTENT = "f" * 40
OVERWRITE = WritesHub(
    repository="grace/spam-filter",
    repository_type="model",
    folder="job",
    message="Better at German",
    overwrites=True,
)


def overwriting() -> Facts:
    """Return the same world with a plan that overwrites a model, without a job, a smoke test or a price."""
    plan = replace(
        a_plan(), asks=OVERWRITE, quote=None, cap_usd=Decimal(0), parent=STANDS, content=CONTENT, summary="again"
    )
    return replace(
        with_plan(facts(), plan), quote=None, room_usd=Decimal(0), smoke=None, parent=STANDS, content=CONTENT
    )
