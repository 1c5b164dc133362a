"""How a test, or a person, changes what jobs do on a server in another process: addresses that the real Hub does not have.

What a test in the server's own process does through `world.part(Jobs)` can be done here with a request.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, cast

from .fields import Fields
from .front import Front
from .job_records import JobFolder
from .job_runs import Jobs, LogCut
from .refusals import Refused
from .request import Answer, Request, json_answer
from .routes import Route

if TYPE_CHECKING:
    from .world import World


def _settings(world: World, request: Request) -> Answer:
    """Change any of what is asked for below; `queue_seconds` may be null, and then the hardware never comes."""
    asked, settings = request.json, world.part(Jobs).settings
    if "queue_seconds" in asked.values:
        settings.queue_seconds = _seconds(asked, "queue_seconds") if "queue_seconds" in asked else None
    if "keep_alive_seconds" in asked:
        settings.keep_alive_seconds = _seconds(asked, "keep_alive_seconds")
    if "orphan_seconds" in asked:
        settings.orphan_seconds = _seconds(asked, "orphan_seconds")
    if "python" in asked:
        settings.python = Path(asked.text("python"))
    settings.timeout_seconds = asked.number("timeout_seconds", settings.timeout_seconds)
    settings.page_size = asked.number("page_size", settings.page_size)
    if "without_credit" in asked:
        settings.without_credit = set(asked.texts("without_credit"))
    return json_answer({})


def _seconds(asked: Fields, name: str) -> float:
    return float(cast("float", asked.values[name]))


def _price(world: World, request: Request) -> Answer:
    prices, flavor = world.part(Jobs).prices, request.values["flavor"]
    if prices.find(flavor) is None:
        raise Refused(404, f"no flavor {flavor}")
    prices.set_price(flavor, Decimal(request.json.text("usd_per_hour")))
    return json_answer({})


def _cut(world: World, request: Request) -> Answer:
    asked = request.json
    cut = LogCut(
        after_lines=asked.number("after_lines"),
        times=asked.number("times", 1),
        further=asked.number("further", 0),
        looks_finished=asked.flag("looks_finished"),
    )
    world.part(Jobs).settings.log_cuts.append(cut)
    return json_answer({}, 201)


def _let_go(world: World, request: Request) -> Answer:
    world.part(Jobs).let_go(_job(world, request))
    return json_answer({})


def _preempt(world: World, request: Request) -> Answer:
    world.part(Jobs).preempt(_job(world, request))
    return json_answer({})


def _job(world: World, request: Request) -> JobFolder:
    for folder in world.part(Jobs).folders.everywhere():
        if folder.id == request.values["job"]:
            return folder
    raise Refused(404, "Job not found")


def _front(world: World, request: Request) -> Answer:
    """Tell what a client's process needs in its environment to reach the ports of jobs, sandboxes among them."""
    return json_answer(world.part(Front).environment())


ROUTES = (
    Route("PUT", "/_jobs/settings", _settings),
    Route("PUT", "/_jobs/prices/{flavor}", _price),
    Route("POST", "/_jobs/log-cuts", _cut),
    Route("POST", "/_jobs/{job}/go", _let_go),
    Route("POST", "/_jobs/{job}/preempt", _preempt),
    Route("GET", "/_jobs/front", _front),
)
