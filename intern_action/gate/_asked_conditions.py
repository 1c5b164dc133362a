"""What must be true of what a plan asks for: a job, a lease or an endpoint with its money, a write to the Hub.

A message needs no more. The numbers are those of DESIGN section 5. Each function is one condition; a missing fact is never a yes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from intern_action.core.effects import Leases, Serves, Spends, WritesHub
from intern_action.core.endpoint import EndpointSpec
from intern_action.core.judgement import Condition, Facts
from intern_action.core.types import JobSpec, LeaseSpec, Quote
from intern_action.gate._condition import unless
from intern_action.gate.quote import still_within

JobCheck: TypeAlias = Callable[[Facts, JobSpec], Condition | None]
LeaseCheck: TypeAlias = Callable[[Facts, LeaseSpec | EndpointSpec], Condition | None]
EndpointCheck: TypeAlias = Callable[[Facts, EndpointSpec], Condition | None]
QuoteCheck: TypeAlias = Callable[[Facts, Quote], Condition | None]
HubCheck: TypeAlias = Callable[[Facts, WritesHub], Condition | None]


def asked_conditions(facts: Facts) -> Iterator[Condition | None]:
    """Yield what each condition of this plan's effect and of its price says."""
    match facts.plan.asks:
        case Spends(job=job):
            yield from (check(facts, job) for check in JOB_CONDITIONS)
        case Leases(lease=lease):
            yield from (check(facts, lease) for check in LEASE_CONDITIONS)
        case Serves(endpoint=endpoint):
            yield from (check(facts, endpoint) for check in (*LEASE_CONDITIONS, *ENDPOINT_CONDITIONS))
        case WritesHub() as write:
            yield from (check(facts, write) for check in HUB_CONDITIONS)
        case _:
            pass
    if facts.plan.quote is None:
        yield nothing_costs_nothing(facts)
    else:
        for check in QUOTE_CONDITIONS:
            yield check(facts, facts.plan.quote)


# --- 1: the policy allows it ---------------------------------------------------------------------------------------


def flavor_is_allowed(facts: Facts, asked: JobSpec | LeaseSpec | EndpointSpec) -> Condition | None:
    """The policy's list of hardware, if there is one, names what is asked for."""
    allowed = facts.policy.flavors
    return unless(
        not allowed or asked.flavor in allowed,
        "flavor-allowed",
        f"the policy does not allow {asked.flavor}; it allows {', '.join(allowed)}",
    )


# --- 3: what would be written, and over what -------------------------------------------------------------------------


def content_is_pinned(facts: Facts, write: WritesHub) -> Condition | None:
    """The plan says which files it is about: two empty digests are equal, and mean nothing."""
    return unless(
        bool(facts.plan.content),
        "content-pinned",
        f"the plan does not say which files go to {write.repository}; ask for a new plan",
    )


def content_is_the_planned_one(facts: Facts, write: WritesHub) -> Condition | None:
    """The files that would be uploaded, hashed again, are the planned ones."""
    return unless(
        facts.content == facts.plan.content,
        "content-unchanged",
        f"the files for {write.repository} are not the ones of the plan any more; ask for a new plan",
    )


def parent_is_the_planned_one(facts: Facts, write: WritesHub) -> Condition | None:
    """What stands on the Hub is what people agreed to write over: that revision, or nothing."""
    stands, planned = facts.parent[:12] or "nothing", facts.plan.parent[:12] or "nothing"
    return unless(
        facts.parent == facts.plan.parent,
        "parent-unchanged",
        f"{write.repository} stands at {stands} by now, the plan was made over {planned}; ask for a new plan",
    )


# --- 3: what would be served -----------------------------------------------------------------------------------------


def served_model_is_pinned(facts: Facts, endpoint: EndpointSpec) -> Condition | None:
    """The plan says which revision of the model people agreed to, and it is the one that was asked for if one was."""
    pinned = facts.plan.parent
    return unless(
        bool(pinned) and endpoint.revision in {"", pinned},
        "served-model-pinned",
        f"the plan does not say which revision of {endpoint.repository} would be served; ask for a new plan",
    )


# --- 7: the smoke test ---------------------------------------------------------------------------------------------


def smoke_test_is_there(facts: Facts, _job: JobSpec) -> Condition | None:
    """The planned job was tried."""
    return unless(
        facts.smoke is not None,
        "smoke-test-there",
        "the job has not been smoke-tested; the agent must run `smoke_test` first",
    )


def smoke_test_is_green(facts: Facts, _job: JobSpec) -> Condition | None:
    """The newest try ended well."""
    smoke = facts.smoke
    return unless(
        smoke is None or smoke.exit_code == 0,
        "smoke-test-green",
        "the newest smoke test failed; the agent must mend the script and ask again",
    )


def smoke_test_is_of_this_job(facts: Facts, job: JobSpec) -> Condition | None:
    """What was tried is what would run: the same files, the same script."""
    smoke = facts.smoke
    return unless(
        smoke is None or (smoke.tree == facts.plan.tree and smoke.script == job.script),
        "smoke-test-of-this-job",
        "the newest smoke test was of other files or another script than the plan's; run `smoke_test` again",
    )


# --- 8: the money --------------------------------------------------------------------------------------------------


def quote_is_of_this_job(facts: Facts, job: JobSpec) -> Condition | None:
    """The price people saw is for the hardware, time and attempts of the job, and the cap is not above it."""
    plan, quote = facts.plan, facts.plan.quote
    quoted = (quote.flavor.name, quote.timeout_minutes, quote.attempts) if quote else None
    return unless(
        quoted == (job.flavor, job.timeout_minutes, job.attempts) and plan.cap_usd <= plan.ceiling_usd,
        "quote-of-this-job",
        "the quote is for other hardware, time, attempts or a lower cap than the job's; ask for a new plan",
    )


def quote_is_of_this_lease(facts: Facts, lease: LeaseSpec | EndpointSpec) -> Condition | None:
    """The price people saw is for the hardware of the lease, for no more time than it asks for, and its cap is kept."""
    plan, quote = facts.plan, facts.plan.quote
    caps = [plan.ceiling_usd, *([] if lease.cap_usd is None else [lease.cap_usd])]
    return unless(
        quote is not None
        and (quote.flavor.name, quote.attempts) == (lease.flavor, 1)
        and 1 <= quote.timeout_minutes <= lease.minutes
        and plan.cap_usd <= min(caps),
        "quote-of-this-lease",
        "the quote is for other hardware, more time or a higher cap than the lease's; ask for a new plan",
    )


def nothing_costs_nothing(facts: Facts) -> Condition | None:
    """A plan without a price may not set money aside."""
    return unless(
        facts.plan.cap_usd == 0,
        "no-price-no-money",
        f"the plan may cost ${facts.plan.cap_usd} and has no price; ask for a new plan",
    )


def price_is_known(facts: Facts, _quote: Quote) -> Condition | None:
    """The price could be read again; unknown is not free."""
    return unless(facts.quote is not None, "price-known", "the price cannot be read just now; try again later")


def price_is_within_the_quote(facts: Facts, quote: Quote) -> Condition | None:
    """The job costs no more now than when people approved it."""
    live = facts.quote
    return unless(
        live is None or still_within(quote, live),
        "price-within-quote",
        f"the price went up since the plan was made (at most ${quote.ceiling_usd} then); ask for a new plan",
    )


def budget_has_room(facts: Facts, quote: Quote) -> Condition | None:
    """The whole ceiling fits into what is left."""
    room, ceiling = facts.room_usd, quote.ceiling_usd
    return unless(
        room is None or ceiling <= room,
        "budget-room",
        f"the plan may cost ${ceiling} and the budget has ${room} left; raise `budget` on the default branch, or ask for less",
    )


JOB_CONDITIONS: tuple[JobCheck, ...] = (
    flavor_is_allowed,
    smoke_test_is_there,
    smoke_test_is_green,
    smoke_test_is_of_this_job,
    quote_is_of_this_job,
)
LEASE_CONDITIONS: tuple[LeaseCheck, ...] = (flavor_is_allowed, quote_is_of_this_lease)
ENDPOINT_CONDITIONS: tuple[EndpointCheck, ...] = (served_model_is_pinned,)
HUB_CONDITIONS: tuple[HubCheck, ...] = (content_is_pinned, content_is_the_planned_one, parent_is_the_planned_one)
QUOTE_CONDITIONS: tuple[QuoteCheck, ...] = (price_is_known, price_is_within_the_quote, budget_has_room)
