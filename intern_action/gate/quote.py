"""What a plan may cost at most: price x time limit x attempts, rounded up to the cent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction

from intern_action.core.endpoint import EndpointSpec
from intern_action.core.errors import NotAllowed
from intern_action.core.estimate import Estimate
from intern_action.core.types import Flavor, JobSpec, LeaseSpec, Quote

_MINUTES_PER_HOUR = 60
_CENTS_PER_DOLLAR = 100


def ceiling_usd(flavor: Flavor, *, timeout_minutes: int, attempts: int) -> Decimal:
    """Return the most that many attempts of that many minutes can cost.

    Each attempt is rounded up to the cent by itself, as it is when it is paid: so the last one is covered too.
    """
    return cost_usd(flavor, timeout_minutes) * attempts


def cost_usd(flavor: Flavor, minutes: int | Decimal | Fraction) -> Decimal:
    """Return what some minutes cost, in exact arithmetic and then rounded up to the cent."""
    cents = Fraction(flavor.usd_per_hour) * Fraction(minutes) * _CENTS_PER_DOLLAR / _MINUTES_PER_HOUR
    return Decimal(math.ceil(cents)).scaleb(-2)


def make_quote(spec: JobSpec, flavors: Mapping[str, Flavor], estimate: Estimate | None, now: datetime) -> Quote:
    """Price a job.

    Args:
        spec: the job; its flavor, time limit and attempts make the ceiling.
        flavors: hardware with prices, by name.
        estimate: what it will probably take, None when nobody knows.
        now: when the prices were looked at.

    Raises:
        NotAllowed: unknown hardware (unknown is not free), a price below zero, no time or no attempts.
    """
    flavor = _priced(spec.flavor, flavors)
    if spec.timeout_minutes < 1 or spec.attempts < 1:
        raise NotAllowed(
            f"a job of {spec.timeout_minutes} minutes and {spec.attempts} attempts cannot be priced; ask for at least 1 of each"
        )
    likely = estimate or Estimate()
    return Quote(
        flavor=flavor,
        timeout_minutes=spec.timeout_minutes,
        attempts=spec.attempts,
        ceiling_usd=ceiling_usd(flavor, timeout_minutes=spec.timeout_minutes, attempts=spec.attempts),
        estimate_usd=None if likely.minutes is None else cost_usd(flavor, likely.minutes),
        estimate_minutes=likely.minutes,
        estimate_memory_gb=likely.memory_gb,
        sure=likely.sure,
        quoted_at=now,
    )


def lease_quote(lease: LeaseSpec | EndpointSpec, flavors: Mapping[str, Flavor], now: datetime) -> Quote:
    """Price a machine that is had by the hour for as long as it is wanted, or as long as its cap pays for.

    Raises:
        NotAllowed: unknown hardware, a price below zero, or not a minute of time for the money.
    """
    flavor = _priced(lease.flavor, flavors)
    minutes = _paid_minutes(lease, flavor)
    if minutes < 1:
        raise NotAllowed(
            f"{lease.minutes} minutes of {lease.flavor} for at most ${lease.cap_usd} are not a minute; "
            f"an hour costs ${flavor.usd_per_hour}"
        )
    ceiling = ceiling_usd(flavor, timeout_minutes=minutes, attempts=1)
    return Quote(flavor=flavor, timeout_minutes=minutes, attempts=1, ceiling_usd=ceiling, quoted_at=now)


def _paid_minutes(lease: LeaseSpec | EndpointSpec, flavor: Flavor) -> int:
    """Return the whole minutes that the lease's cap pays for, at most those it asks for."""
    if lease.cap_usd is None or cost_usd(flavor, lease.minutes) <= lease.cap_usd:
        return lease.minutes
    cents = math.floor(lease.cap_usd * _CENTS_PER_DOLLAR)
    return math.floor(Fraction(cents) * _MINUTES_PER_HOUR / (Fraction(flavor.usd_per_hour) * _CENTS_PER_DOLLAR))


def still_within(quote: Quote, live: Quote) -> bool:
    """Whether a price read again is of the same hardware and of no more money, by the hour and in all."""
    return (
        live.flavor.name == quote.flavor.name
        and live.flavor.usd_per_hour <= quote.flavor.usd_per_hour
        and live.ceiling_usd <= quote.ceiling_usd
    )


def _priced(name: str, flavors: Mapping[str, Flavor]) -> Flavor:
    """Return the hardware; refuse what has no price."""
    flavor = flavors.get(name)
    if flavor is None:
        near = _near(name, flavors)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(sorted(flavors)) or 'none'}"
        raise NotAllowed(f"{name} is not in the price table, and hardware without a price is never started; {hint}")
    if flavor.usd_per_hour < 0:
        raise NotAllowed(f"{name} has a price below zero (${flavor.usd_per_hour} an hour); correct the price table")
    return flavor


def _near(name: str, flavors: Mapping[str, Flavor]) -> list[str]:
    """Return up to three names that are spelled alike or begin alike: `a100` is near `a100-large`."""
    asked = name.lower().replace("_", "-")
    family = asked.partition("-")[0]
    alike = get_close_matches(asked, flavors)
    return list(dict.fromkeys([*alike, *(one for one in sorted(flavors) if one.partition("-")[0] == family)]))[:3]
