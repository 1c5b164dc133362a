"""The ways in which a job can be had: what was asked for, and beside it the cheapest and the fastest hardware that fits."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from intern_action.core.errors import NotAllowed
from intern_action.core.estimate import Estimate, device_memory_gb, fits
from intern_action.core.plan import CHEAPEST, FASTEST, RECOMMENDED, Option
from intern_action.core.types import Flavor, JobSpec, Quote
from intern_action.gate.quote import make_quote

Reckoning: TypeAlias = Callable[[Flavor], Estimate]
"""What the job will probably take on some hardware."""

_STEP_MINUTES, _LEAST_MINUTES, _MOST_MINUTES = 5, 10, 24 * 60
_AS_FAST = Decimal("1.25")
"""Of hardware that takes a quarter longer than the fastest at most, the cheapest is offered: nobody pays tenfold for a minute."""

_NAMED = re.compile(
    r"[ \t]*(?:/intern[ \t]+option[ \t:=]+|option[ \t]*[:=][ \t]*)[`*\"']*([\w-]+)[`*\"']*[ \t]*[.!]?[ \t]*"
)


def make_options(
    job: JobSpec,
    flavors: Mapping[str, Flavor],
    reckon: Reckoning,
    *,
    allowed: Iterable[str] = (),
    room_usd: Decimal | None = None,
    now: datetime,
) -> tuple[Option, ...]:
    """Price a job as it was asked for, and the other ways there are to have it, cheapest ceiling first.

    Args:
        job: as it was asked for; it is what is recommended, whatever the others cost.
        flavors: hardware with prices, by name.
        reckon: estimates; hardware of unknown speed is not offered beside what was asked for.
        allowed: hardware the policy names; empty is all.
        room_usd: what the budget still allows; the others stay below it. None is no limit.
        now: when the prices were looked at.

    Raises:
        NotAllowed: hardware that is unknown, not allowed, or has too little memory; the message says what would do.
    """
    named = frozenset(allowed)
    offered = {name: flavor for name, flavor in flavors.items() if not named or name in named}
    if named and job.flavor not in named:
        raise NotAllowed(f"{job.flavor} is not allowed here; the policy allows {', '.join(sorted(named))}")
    asked = make_quote(job, flavors, None, now)
    asked = make_quote(job, flavors, reckon(asked.flavor), now)
    if asked.flavor.accelerator:  # what is written for one is not offered without
        offered = {name: flavor for name, flavor in offered.items() if flavor.accelerator}
    _refuse_small(asked, offered, reckon)
    others = [
        quote
        for quote in _others(job, asked, offered, reckon, now)
        if room_usd is None or quote.ceiling_usd <= room_usd
    ]
    return _named(asked, others)


def options_named(body: str) -> frozenset[str]:
    """Return the options that a review's body names, each on a line of its own: `/intern option fastest`, `option: cheapest`."""
    lines = (_NAMED.fullmatch(line) for line in body.casefold().splitlines())
    return frozenset(found[1] for found in lines if found)


def _others(
    job: JobSpec, asked: Quote, offered: Mapping[str, Flavor], reckon: Reckoning, now: datetime
) -> Iterable[Quote]:
    """Yield the quotes of all other hardware that fits, with the time limit that leaves it as much to spare."""
    if not asked.estimate_minutes:
        return
    for flavor in offered.values():
        likely = reckon(flavor)
        if flavor.name == job.flavor or flavor.usd_per_hour <= 0 or likely.minutes is None or likely.memory_gb is None:
            continue
        limit = _limit(job.timeout_minutes, likely.minutes / asked.estimate_minutes)
        if fits(likely.memory_gb, flavor) and likely.minutes <= limit <= max(job.timeout_minutes, _MOST_MINUTES):
            yield make_quote(replace(job, flavor=flavor.name, timeout_minutes=limit), offered, likely, now)


def _limit(asked_minutes: int, slower: Decimal) -> int:
    steps = math.ceil(asked_minutes * slower / _STEP_MINUTES)
    return max(steps * _STEP_MINUTES, min(asked_minutes, _LEAST_MINUTES))


def _named(asked: Quote, others: list[Quote]) -> tuple[Option, ...]:
    """Give the names away: what was asked for keeps one that another option cannot better."""
    cheapest = min([asked, *others], key=lambda quote: (quote.ceiling_usd, quote is not asked, quote.flavor.name))
    soon = [quote for quote in (asked, *others) if _minutes(quote) <= _AS_FAST * min(map(_minutes, (asked, *others)))]
    fastest = min(soon, key=lambda quote: (quote is not asked, quote.ceiling_usd, _minutes(quote), quote.flavor.name))
    names: list[tuple[str, Quote]] = [(CHEAPEST, cheapest), (RECOMMENDED, asked), (FASTEST, fastest)]
    listed = {id(quote): quote for _, quote in names}.values()
    options = [Option(names=tuple(name for name, one in names if one is quote), quote=quote) for quote in listed]
    return tuple(sorted(options, key=lambda option: (option.quote.ceiling_usd, option.quote.flavor.name)))


def _minutes(quote: Quote) -> Decimal:
    return Decimal("Infinity") if quote.estimate_minutes is None else quote.estimate_minutes


def _refuse_small(asked: Quote, offered: Mapping[str, Flavor], reckon: Reckoning) -> None:
    """Refuse hardware that the job will not fit on, as far as anybody can tell."""
    needed = asked.estimate_memory_gb
    if needed is None or fits(needed, asked.flavor):
        return
    enough = [flavor for flavor in offered.values() if fits(reckon(flavor).memory_gb or needed, flavor)]
    cheapest = sorted(enough, key=lambda flavor: (flavor.usd_per_hour, flavor.name))[:3]
    hint = f"enough have {', '.join(flavor.name for flavor in cheapest)}" if cheapest else "nothing here has enough"
    raise NotAllowed(
        f"the job needs about {needed} GB ({asked.sure}) and {asked.flavor.name} has "
        f"{device_memory_gb(asked.flavor):.0f} for each device; {hint}; or take a smaller batch, LoRA or QLoRA"
    )
