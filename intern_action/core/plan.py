"""What a reviewer approves: one effect, what it would act on, and what it may cost at most (DESIGN section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal

from intern_action.core.effects import Effect, Leases, Spends
from intern_action.core.types import JobSpec, LeaseSpec, Quote

SCHEMA = 2
SINCE_2 = frozenset({"schema", "asks", "parent", "content"})
"""Fields that a plan of schema 1 did not have. It was always of a job, which stood in it as `job`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """These bytes, this effect, at most this much money.

    Its digest is `core.digests.plan_digest`; every field is in it except `made_at`, `expires_at` and `summary`.

    Args:
        asks: what would be done, as the held call asked for it.
        quote: its price; None when it costs nothing, and then `cap_usd` is 0.
        parent: for a write to the Hub, the revision that stands there and would be written over; "" for a new repository.
        content: for a write to the Hub, the digest of the files that would be uploaded.
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

    @property
    def job(self) -> JobSpec | None:
        """The job it asks for, None for every other effect."""
        return self.asks.job if isinstance(self.asks, Spends) else None

    @property
    def lease(self) -> LeaseSpec | None:
        """The lease it asks for, None for every other effect."""
        return self.asks.lease if isinstance(self.asks, Leases) else None

    @property
    def launches(self) -> int:
        """How often something may be started under it: a job as often as it has attempts, a sandbox once."""
        return self.job.attempts if self.job else 1 if self.lease else 0

    @property
    def ceiling_usd(self) -> Decimal:
        """The most it may cost; 0 for what costs nothing."""
        return self.quote.ceiling_usd if self.quote else Decimal(0)


def form(plan: Plan) -> Mapping[str, object]:
    """Return a plan as it is written and hashed: by field, in the form of its own schema."""
    now = {field.name: getattr(plan, field.name) for field in fields(plan)}
    if plan.schema >= SCHEMA:
        return now
    return {"job": plan.job} | {name: value for name, value in now.items() if name not in SINCE_2}
