"""Where a story can stand before something happens to it, and what is looked at afterwards."""

from __future__ import annotations

from decimal import Decimal

from intern_action.core.states import State
from intern_action.core.types import JsonObject
from intern_action.session.reconcile import news
from tests.fakes.house import StoryHouse, done, proposal
from tests.fakes.thinking import calls

MODEL = "ada/spam"
"""What stands on the played Hub when a story puts it there, and what an endpoint is asked for."""

ENDPOINT: JsonObject = {
    "repository": MODEL,
    "flavor": "intel-spr-x1",
    "lifetime": "10h",
    "purpose": "to show it",
    "smoke_input": "win money",
}
SERVE = calls(("d", "deploy_endpoint", ENDPOINT))
LEND = calls(("l", "sandbox_create", {"flavor": "local-cpu", "timeout": "1h", "purpose": "to try"}))
ASK = calls(("q", "ask_person", {"question": "go on?"}))


def planned(house: StoryHouse) -> StoryHouse:
    """A plan lies before its reviewers."""
    house.script(*proposal(), done()).ask()
    assert house.state is State.AWAITING_REVIEW
    return house


def running(house: StoryHouse) -> StoryHouse:
    """A job runs that was approved."""
    planned(house).approve()
    assert house.state is State.AWAITING_JOB
    return house


def found(house: StoryHouse) -> tuple[str, ...]:
    """The sessions for which a timer finds news."""
    return news(house.office, house.jobs.alive())


def own(house: StoryHouse) -> tuple[str, ...]:
    """The story's own session, as the only one."""
    return (house.present.began.session,)


def money(house: StoryHouse, digest: str = "") -> tuple[Decimal, Decimal]:
    """What a plan holds and what it has spent; the newest one unless said otherwise."""
    name = digest or house.digest
    return house.ledger.held(name), house.ledger.captured(name)
