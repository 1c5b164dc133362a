"""One of many processes that want money from the same ledger at once: `python -m tests.fakes.ledger_hand ...`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import cast

from intern_action.core.digests import launch_key, plan_digest
from intern_action.core.entries import LedgerEvent, LedgerView, Limits, MoneyCaptured, MoneyReleased
from intern_action.core.plan import Plan
from intern_action.core.states import JobState
from intern_action.git.branch import GitBranch
from intern_action.ledger.ledger import GitLedger
from tests.fakes.memory_branch import admitted, consumed, held, made, make_plan, moved, running


class WallClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


class Hand:
    """Claims the event that everybody claims, then asks for 7 dollars again and again."""

    def __init__(self, git_dir: str, url: str, name: str, limit: Decimal, config: Mapping[str, str]) -> None:
        self.clock = WallClock()
        branch = GitBranch.at(git_dir, url, "intern/ledger", config=config)
        self.ledger = GitLedger(branch, clock=self.clock, tries=400)
        self.name = name
        self.limits = Limits(month_usd=limit)

    def claim(self) -> None:
        self.ledger.decide(lambda view: () if view.admitted("shared") else (admitted(self.name, key="shared"),))
        self.ledger.decide(lambda view: () if view.admitted(f"key-{self.name}") else (admitted(self.name),))

    def ask(self, number: int) -> Plan:
        later = self.clock.now() + timedelta(days=7)
        plan = make_plan(self.name, usd="7", call=f"{self.name}-{number}", expires_at=later)
        self.ledger.decide(lambda view: self.approve(view, plan))
        return plan

    def pay(self, plan: Plan, usd: Decimal) -> None:
        digest = plan_digest(plan)
        paid = MoneyCaptured(digest=digest, launch_key=launch_key(digest, 1), usd=usd)
        freed = MoneyReleased(digest=digest)
        job = (*running(plan), moved(plan, JobState.COLLECTING), paid, moved(plan, JobState.ENDED), freed)
        self.ledger.decide(lambda view: job if view.held(digest) else ())

    def approve(self, view: LedgerView, plan: Plan) -> tuple[LedgerEvent, ...]:
        month = f"{self.clock.now():%Y-%m}"
        space = view.room(
            session=plan.session, requester=plan.requester, month=month, limits=self.limits, expense=plan.expense
        )
        if space is None or space < plan.cap_usd:
            return ()
        return (made(plan), consumed(plan), held(plan, month=month))


def main(git_dir: str, url: str, name: str, tries: str, *money: str) -> None:
    """Run one hand to its end. One that is to pay says on standard output that it is there, and waits for a line to begin.

    Args:
        git_dir: its mirror.
        url: the remote; for one on another machine git's settings come on standard input: they hold a token.
        name: of its session.
        tries: how often it asks for money.
        money: what there is for all, and, if its jobs are to run and to be paid, what one costs.
    """
    limit, costs = (*money, "")[:2]
    config = cast("dict[str, str]", json.load(sys.stdin)) if url.startswith("http") else {}
    hand = Hand(git_dir, url, name, Decimal(limit), config)
    if costs:
        sys.stdout.write("here\n")
        sys.stdout.flush()
        sys.stdin.readline()
    hand.claim()
    for number in range(int(tries)):
        plan = hand.ask(number)
        if costs:
            hand.pay(plan, Decimal(costs))


if __name__ == "__main__":
    main(*sys.argv[1:])
