"""What the gate looks at, and what it says (DESIGN section 5). Facts are gathered anew right before they are judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from intern_action.core.entries import Limits
from intern_action.core.frozen import frozen
from intern_action.core.plan import Plan
from intern_action.core.types import Permission, PullRequest, Quote, Review


@frozen
class Tier:
    """What a plan above a price needs besides: so many people, and its code in each of their reviews."""

    above_usd: Decimal
    people_needed: int = 1
    code: bool = False


@frozen
class ApprovalPolicy:
    """The part of `.github/intern.yml` (default branch) that says who may ask and when an approval counts.

    Args:
        enabled: the kill switch.
        bots: machines that may ask: accounts (`renovate[bot]`) and Apps, by name; without it none may.
        labels: labels that begin a session, each with the flags it stands for.
        approvers: who may approve; empty is "everybody who may write".
        people_needed: how many distinct people.
        requester_may_approve: off unless a team says so.
        code_above_usd: above this ceiling the review must contain the plan code; None is never.
        tiers: what dearer plans need besides.
        our_name: the account that opens pull requests; never taken from the file.
        flavors: hardware that may be used; empty is all.
        models: models that may be asked (`anthropic/*`); empty is all.
        protected: paths of the repository that nothing of ours may change (`deploy/**`).
        mcp_servers: outside tool servers of the configuration that may be spoken to, by name; empty is none.
        hub_repositories: where on the Hub a write needs nobody's look (`owner/name`, `owner/*`); empty is everywhere.
        limits: budgets.
    """

    enabled: bool = True
    bots: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=lambda: {"intern": ""})
    approvers: tuple[str, ...] = ()
    people_needed: int = 1
    requester_may_approve: bool = False
    code_above_usd: Decimal | None = None
    tiers: tuple[Tier, ...] = ()
    our_name: str = "intern-action[bot]"
    flavors: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    mcp_servers: tuple[str, ...] = ()
    hub_repositories: tuple[str, ...] = ()
    limits: Limits = Limits()


@frozen
class Smoke:
    """The newest smoke test of the session, as the root process recorded it."""

    tree: str
    exit_code: int
    script: str


@frozen
class Facts:
    """The world, right now.

    Args:
        plan, digest: the newest plan of the session in the ledger and the digest it was published under.
        newest_digest: the digest of the newest plan; differs from `digest` when another plan came since.
        consumed, dropped: whether the approval was used, or the plan taken back.
        pull_request: as the forge has it now.
        twins: numbers of other open pull requests with the same head.
        live_head: head of the branch on the remote; None when it is gone.
        live_tree: tree of that head, recomputed.
        merge_base: recomputed against the live base.
        policy_blob: blob id of the policy file on the default branch ("" when there is none).
        reviews: all, oldest first. permissions: of every reviewer, now.
        quote: price and ceiling, re-read. None when the price could not be read, or there is none.
        option_quotes: the same for each option of the plan, by name; one whose price could not be read is not there.
        room_usd: what the budget still allows (None: no limit).
        parent: the revision that stands on the Hub where the plan would write, "" for nothing.
        content: digest of what it would upload, "" when there is nothing to read.
        changed: the paths in which the planned head differs from the merge base; asked for only where the policy protects some.
    """

    plan: Plan
    digest: str
    newest_digest: str
    consumed: bool
    dropped: bool
    pull_request: PullRequest
    twins: tuple[int, ...]
    live_head: str | None
    live_tree: str | None
    merge_base: str
    policy_blob: str
    policy: ApprovalPolicy
    reviews: tuple[Review, ...]
    quote: Quote | None
    room_usd: Decimal | None
    smoke: Smoke | None
    now: datetime
    parent: str = ""
    content: str = ""
    changed: tuple[str, ...] = ()
    permissions: Mapping[str, Permission] = field(default_factory=dict[str, Permission])
    option_quotes: Mapping[str, Quote] = field(default_factory=dict[str, Quote])


@frozen
class Condition:
    """One thing that is not as it must be: a stable name, for whom, and the words."""

    name: str
    words: str
    who: str = ""


@frozen
class Approved:
    """All conditions hold; these people's reviews are the approval. `option` is what they chose, "" the recommended one."""

    by: tuple[str, ...]
    reviews: tuple[str, ...]
    option: str = ""


@frozen
class NotApproved:
    """At least one condition fails. `waiting` is True when the only thing missing is (more) reviews."""

    failing: tuple[Condition, ...]
    waiting: bool


Judgement: TypeAlias = Approved | NotApproved
