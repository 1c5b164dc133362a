"""What a reviewer approves: one effect, what it would act on, and what it may cost at most (DESIGN section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from decimal import Decimal

from intern_action.core.effects import Effect, Leases, Serves, Spends
from intern_action.core.endpoint import EndpointSpec
from intern_action.core.errors import Bug
from intern_action.core.frozen import frozen
from intern_action.core.later import LATER, written
from intern_action.core.types import Expense, JobSpec, LeaseSpec, Quote

SCHEMA = 2
SINCE_2 = frozenset({"schema", "asks", "parent", "content"})
"""Fields that a plan of schema 1 did not have. It was always of a job, which stood in it as `job`."""


CHEAPEST, RECOMMENDED, FASTEST = "cheapest", "recommended", "fastest"
LIMIT_FLAG = "time-limit-minutes"
"""The flag by which a script is told its time limit; where it has one, it follows the option's."""


@frozen
class Option:
    """One way to have a plan's job: its hardware, time limit, ceiling and estimate. `names` are what a review may call it."""

    names: tuple[str, ...]
    quote: Quote


@frozen
class Plan:
    """These bytes, this effect, at most this much money.

    Its digest is `core.digests.plan_digest`; every field is in it except `made_at`, `expires_at` and `summary`.

    Args:
        asks: what would be done, as the held call asked for it.
        quote: its price; None when it costs nothing, and then `cap_usd` is 0.
        parent: for a write to the Hub, the revision that stands there and would be written over; "" for a new repository. For an
            endpoint, the revision of the model that it would serve.
        content: for a write to the Hub, the digest of the files that would be uploaded.
        options: the ways in which the job can be had, the one of `quote` among them; empty when there is no other.
        schema: the form its digest was made of. A plan of schema 1 stays one: people approved those bytes.
    """

    session: str
    pull_request: int
    base: str
    merge_base: str
    head_sha: str
    tree: str
    asks: Effect
    quote: Quote | None = None
    cap_usd: Decimal = Decimal(0)
    parent: str = ""
    content: str = ""
    policy_blob: str
    requester: str
    call_id: str
    made_at: datetime
    expires_at: datetime
    summary: str = ""
    schema: int = SCHEMA
    options: tuple[Option, ...] = field(default=(), metadata=LATER)

    @property
    def job(self) -> JobSpec | None:
        """The job it asks for, None for every other effect."""
        return self.asks.job if isinstance(self.asks, Spends) else None

    @property
    def lease(self) -> LeaseSpec | None:
        """The lease it asks for, None for every other effect."""
        return self.asks.lease if isinstance(self.asks, Leases) else None

    @property
    def endpoint(self) -> EndpointSpec | None:
        """The inference endpoint it asks for, None for every other effect."""
        return self.asks.endpoint if isinstance(self.asks, Serves) else None

    @property
    def expense(self) -> Expense:
        """What its money would be spent on; of a plan that costs nothing it does not matter."""
        return Expense.SANDBOXES if self.lease else Expense.ENDPOINTS if self.endpoint else Expense.JOBS

    @property
    def launches(self) -> int:
        """How often something may be started under it: a job as often as it has attempts, a machine once."""
        return self.job.attempts if self.job else 1 if self.lease or self.endpoint else 0

    @property
    def ceiling_usd(self) -> Decimal:
        """The most it may cost; 0 for what costs nothing."""
        return self.quote.ceiling_usd if self.quote else Decimal(0)


def form(plan: Plan) -> Mapping[str, object]:
    """Return a plan as it is written and hashed: by field, in the form of its own schema."""
    now = written(plan)
    if plan.schema >= SCHEMA:
        return now
    return {"job": plan.job} | {name: value for name, value in now.items() if name not in SINCE_2}


def offered(plan: Plan) -> frozenset[str]:
    """Return what a review may choose."""
    return frozenset(name for option in plan.options for name in option.names) | {RECOMMENDED}


def chosen(plan: Plan, option: str = "") -> Plan:
    """Return the plan with one of its options as its job, price and cap; "" is the recommended one.

    Raises:
        Bug: the plan has no such option.
    """
    if option in {"", RECOMMENDED}:
        return replace(plan, options=())
    found = next((one for one in plan.options if option in one.names), None)
    if found is None or not isinstance(plan.asks, Spends):
        raise Bug(f"the plan has no option {option!r}")
    asks = replace(plan.asks, job=as_quoted(plan.asks.job, found.quote))
    return replace(plan, asks=asks, quote=found.quote, cap_usd=found.quote.ceiling_usd, options=())


def as_quoted(job: JobSpec, quote: Quote) -> JobSpec:
    """Return a job on the hardware and with the time limit of a quote."""
    limit = {LIMIT_FLAG: str(quote.timeout_minutes)} if LIMIT_FLAG in job.parameters else {}
    return replace(
        job,
        flavor=quote.flavor.name,
        timeout_minutes=quote.timeout_minutes,
        parameters={**job.parameters, **limit},
    )
