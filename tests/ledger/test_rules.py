"""What may be written into the ledger, and what no decision can talk its way into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from intern_action.core.digests import launch_key, plan_digest
from intern_action.core.effects import WritesHub
from intern_action.core.entries import (
    JobMoved,
    LedgerEvent,
    Looked,
    MoneyCaptured,
    MoneyReleased,
    PlanDropped,
    SessionMoved,
    Terms,
    agreed,
)
from intern_action.core.errors import LedgerError
from intern_action.core.plan import Option, Plan
from intern_action.core.states import JobState, State
from intern_action.core.types import Flavor, Quote
from intern_action.ledger.ledger import GitLedger
from intern_action.ledger.view import View
from tests.fakes.git_world import StillClock
from tests.fakes.memory_branch import (
    MADE,
    MemoryBranch,
    admitted,
    approved,
    consumed,
    held,
    made,
    make_plan,
    moved,
    running,
)

PLAN = make_plan()
DIGEST = plan_digest(PLAN)
OTHER = make_plan(call="c2")


class Book:
    """A ledger in memory that is written line by line."""

    def __init__(self, *events: LedgerEvent) -> None:
        self.branch = MemoryBranch()
        self.clock = StillClock()
        self.ledger = GitLedger(self.branch, clock=self.clock)
        self.write(*events)

    def write(self, *events: LedgerEvent) -> View:
        return self.ledger.decide(lambda _view: events)

    def refuses(self, *events: LedgerEvent, why: str) -> None:
        """Neither written here nor believed when somebody else wrote it."""
        before = self.branch.text()
        with pytest.raises(LedgerError, match=why):
            self.write(*events)
        assert self.branch.text() == before


def captured(plan: Plan, usd: str, attempt: int = 1) -> MoneyCaptured:
    key = launch_key(plan_digest(plan), attempt)
    return MoneyCaptured(digest=plan_digest(plan), launch_key=key, usd=Decimal(usd))


def dropped(plan: Plan) -> PlanDropped:
    return PlanDropped(digest=plan_digest(plan), session=plan.session, why="refused", by="grace")


def released(plan: Plan) -> MoneyReleased:
    return MoneyReleased(digest=plan_digest(plan))


ENDED: Sequence[LedgerEvent] = (moved(PLAN, JobState.COLLECTING), captured(PLAN, "4.20"), moved(PLAN, JobState.ENDED))


def test_a_whole_life_is_written_and_read_back() -> None:
    book = Book(*approved(PLAN), *running(PLAN), *ENDED, released(PLAN))
    view = GitLedger(book.branch, clock=book.clock).read()
    assert view == book.ledger.read()
    assert view.plan(DIGEST) == PLAN
    assert view.consumed(DIGEST) == consumed(PLAN)
    assert [(row.state, row.fence) for row in view.jobs(DIGEST)] == [(JobState.ENDED, 1)]
    assert (view.held(DIGEST), view.captured(DIGEST)) == (Decimal(0), Decimal("4.20"))
    assert view.admission("s1") == admitted()


def test_an_event_is_admitted_once() -> None:
    Book(admitted()).refuses(admitted(), why="was admitted before")
    Book(admitted()).refuses(admitted("s2", key="key-s1"), why="was admitted before")


def test_a_session_may_hear_of_several_events_and_remembers_the_first() -> None:
    book = Book(admitted(), admitted(key="a second comment", requester="bob"))
    assert book.ledger.read().admission("s1") == admitted()


def test_a_claim_of_which_no_session_has_become_is_named_with_all_that_it_begins_with() -> None:
    terms = Terms(
        base_sha="a" * 40, model="m", max_turns=3, max_cost_usd=Decimal("1.50"), at=MADE, sandbox={"flavor": "x"}
    )
    claim = replace(admitted(), mark="17", terms=terms)
    book = Book(claim, admitted("s2"))
    book.write(SessionMoved(session="s2", state=State.RUNNING, journal_head=""))
    view = GitLedger(book.branch, clock=book.clock).read()
    assert view.unbegun() == (claim,)
    assert (view.heard("17"), view.heard("18")) == (True, False)


def test_what_was_said_to_a_session_is_unheard_until_it_moves() -> None:
    running_now = SessionMoved(session="s1", state=State.RUNNING, journal_head="h1")
    book = Book(admitted(), running_now)
    assert book.ledger.read().unheard() == frozenset()
    assert book.write(admitted(key="a second comment")).unheard() == {"s1"}
    assert book.write(replace(running_now, journal_head="h2")).unheard() == frozenset()


def test_whoever_looks_looks_forward_and_not_into_the_future() -> None:
    now = StillClock().now()
    book = Book(Looked(until=now - timedelta(hours=1)))
    assert book.ledger.read().looked() == now - timedelta(hours=1)
    book.refuses(Looked(until=now - timedelta(hours=2)), why="looked further before")
    book.refuses(Looked(until=now + timedelta(hours=1)), why="nobody has looked so far")


def test_a_session_nobody_admitted_has_no_state_and_no_plan() -> None:
    state = SessionMoved(session="s9", state=State.RUNNING, journal_head="")
    Book().refuses(state, why="never admitted")
    Book().refuses(made(PLAN), why="never admitted")


def test_a_session_is_new_once() -> None:
    book = Book(admitted(), SessionMoved(session="s1", state=State.DONE, journal_head="h"))
    book.refuses(SessionMoved(session="s1", state=State.NEW, journal_head="h"), why="cannot be new again")


def test_sessions_come_oldest_first_with_their_newest_state() -> None:
    book = Book(admitted("b"), admitted("a"))
    for session, state in (("a", State.RUNNING), ("b", State.RUNNING), ("a", State.DONE)):
        book.write(SessionMoved(session=session, state=state, journal_head=""))
    assert [(one.session, one.state) for one in book.ledger.read().sessions().values()] == [
        ("b", State.RUNNING),
        ("a", State.DONE),
    ]


def test_a_plan_under_a_wrong_digest_is_refused() -> None:
    Book(admitted()).refuses(replace(made(PLAN), digest="f" * 64), why="not the plan's")
    Book(admitted(), made(PLAN)).refuses(made(PLAN), why="made before")


def test_an_approval_is_used_once() -> None:
    Book(*approved(PLAN)).refuses(consumed(PLAN), why="was used before")


def test_an_approval_of_no_plan_or_of_anothers_is_refused() -> None:
    Book(admitted()).refuses(consumed(PLAN), why="there is no plan")
    theirs = replace(consumed(PLAN), session="s2")
    Book(admitted(), admitted("s2"), made(PLAN)).refuses(theirs, why="belongs to the session s1")


def test_an_approval_of_a_superseded_dropped_or_expired_plan_is_refused() -> None:
    Book(admitted(), made(PLAN), made(OTHER)).refuses(consumed(PLAN), why="was superseded")
    Book(admitted(), made(PLAN), dropped(PLAN)).refuses(consumed(PLAN), why="was dropped: refused")
    old = make_plan(expires_at=MADE)
    Book(admitted(), made(old)).refuses(consumed(old), why="expired at 2026-11-23 11:00 UTC")


def test_a_plan_is_dropped_once() -> None:
    Book(admitted(), made(PLAN), dropped(PLAN)).refuses(dropped(PLAN), why="dropped before")


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (held(PLAN), "set aside for plan .* before"),
        (replace(held(PLAN), digest="e" * 64), "there is no plan"),
    ],
)
def test_money_is_set_aside_once_and_for_a_plan(event: LedgerEvent, why: str) -> None:
    Book(*approved(PLAN)).refuses(event, why=why)


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (held(PLAN, "10.01"), "more than the plan's cap"),
        (held(PLAN, "-1"), "not an amount"),
        (held(PLAN, "NaN"), "not an amount"),
        (held(PLAN, month="1999-01"), "not the month it is"),
        (held(PLAN, month="2026-12"), "not the month it is"),
        (replace(held(PLAN), requester="eve"), "asked for by ada"),
        (replace(held(PLAN), session="s2"), "belongs to the session"),
    ],
)
def test_a_hold_is_what_the_plan_says(event: LedgerEvent, why: str) -> None:
    Book(admitted(), made(PLAN)).refuses(event, why=why)


# --- options ------------------------------------------------------------------------------------------------------------

QUOTE = Quote(
    flavor=Flavor(name="t4", title="T4", usd_per_hour=Decimal(1), memory_gb=Decimal(15)),
    timeout_minutes=80,
    attempts=3,
    ceiling_usd=Decimal(4),
)
CHEAPER = Option(names=("cheapest",), quote=QUOTE)
WITH_OPTIONS = replace(PLAN, options=(CHEAPER,))


def test_an_approval_chooses_one_of_the_plans_options_and_sets_its_ceiling_aside() -> None:
    chosen = replace(consumed(WITH_OPTIONS), option="cheapest")
    book = Book(admitted(), made(WITH_OPTIONS), chosen, held(WITH_OPTIONS, "4"))
    again = GitLedger(book.branch, clock=book.clock).read()
    assert (again.held(plan_digest(WITH_OPTIONS)), again.consumed(plan_digest(WITH_OPTIONS))) == (4, chosen)
    settled = agreed(again, plan_digest(WITH_OPTIONS))
    assert settled is not None
    assert (settled.ceiling_usd, settled.options) == (4, ())


def test_what_is_not_offered_is_approved_by_nobody() -> None:
    book = Book(admitted(), made(WITH_OPTIONS))
    book.refuses(replace(consumed(WITH_OPTIONS), option="fastest"), why="offers no fastest")


def test_no_more_is_set_aside_than_the_chosen_option_may_cost() -> None:
    book = Book(admitted(), made(WITH_OPTIONS), replace(consumed(WITH_OPTIONS), option="cheapest"))
    book.refuses(held(WITH_OPTIONS, "4.01"), why=r"more than the plan's cap of \$4")


def test_a_hold_reckoned_just_before_midnight_counts_for_the_month_that_was() -> None:
    book = Book(admitted(), made(PLAN))
    book.clock.wait(timedelta(days=7, hours=11, minutes=1).total_seconds())
    assert book.clock.now().month == 11
    fresh = make_plan(call="late", expires_at=MADE + timedelta(days=30))
    book.clock.wait(timedelta(hours=1).total_seconds())
    assert book.clock.now().month == 12
    assert book.write(made(fresh), consumed(fresh), held(fresh, month="2026-11")).held(plan_digest(fresh)) == 10


@pytest.mark.parametrize("usd", ["10.01", "-0.01", "NaN", "Infinity"])
def test_more_than_the_hold_is_never_captured(usd: str) -> None:
    Book(*approved(PLAN), *running(PLAN)).refuses(captured(PLAN, usd), why="cannot be taken|not an amount")


def test_the_hold_is_for_all_attempts_together() -> None:
    book = Book(*approved(PLAN), *running(PLAN), moved(PLAN, JobState.COLLECTING), captured(PLAN, "6"))
    book.write(moved(PLAN, JobState.ENDED), *running(PLAN, 2), moved(PLAN, JobState.COLLECTING, attempt=2))
    book.refuses(captured(PLAN, "4.01", 2), why="has \\$4 left")
    book.write(captured(PLAN, "4", 2))
    assert book.ledger.read().held(DIGEST) == 0


def test_a_launch_is_paid_once_and_only_one_that_was() -> None:
    book = Book(*approved(PLAN), *running(PLAN), moved(PLAN, JobState.COLLECTING), captured(PLAN, "1"))
    book.refuses(captured(PLAN, "1"), why="paid before")
    book.refuses(captured(PLAN, "1", 2), why="has no launch")


def test_money_is_released_once_and_not_under_a_running_job() -> None:
    book = Book(*approved(PLAN), *running(PLAN))
    book.refuses(released(PLAN), why="may still cost money")
    book.write(*ENDED, released(PLAN))
    book.refuses(released(PLAN), why="released before")
    Book(admitted(), made(PLAN)).refuses(released(PLAN), why="nothing was set aside")


def test_nothing_is_captured_from_a_released_hold() -> None:
    book = Book(*approved(PLAN), *running(PLAN), moved(PLAN, JobState.COLLECTING), released(PLAN))
    book.refuses(captured(PLAN, "0.01"), why="has \\$0 left")


@pytest.mark.parametrize(
    ("states", "to"),
    [
        ((JobState.LAUNCHING,), JobState.COLLECTING),
        ((JobState.LAUNCHING, JobState.RUNNING), JobState.LAUNCHING),
        ((JobState.LAUNCHING, JobState.RUNNING), JobState.ENDED),
        ((JobState.LAUNCHING, JobState.RUNNING, JobState.COLLECTING, JobState.ENDED), JobState.LAUNCHING),
        ((JobState.LAUNCHING, JobState.RUNNING, JobState.COLLECTING, JobState.ENDED), JobState.RUNNING),
    ],
)
def test_a_move_that_the_table_does_not_have_is_refused(states: tuple[JobState, ...], to: JobState) -> None:
    book = Book(*approved(PLAN), *(moved(PLAN, state) for state in states))
    book.refuses(moved(PLAN, to, fence=2), why=f"a job cannot go from .* to {to}")


@pytest.mark.parametrize("state", [JobState.RUNNING, JobState.COLLECTING, JobState.ENDED, JobState.NEEDS_HUMAN])
def test_a_launch_does_not_begin_in_the_middle(state: JobState) -> None:
    Book(*approved(PLAN)).refuses(moved(PLAN, state), why="cannot begin as")


@pytest.mark.parametrize("state", [JobState.APPROVED, JobState.LAUNCHING])
def test_nothing_starts_that_nobody_approved(state: JobState) -> None:
    Book(admitted(), made(PLAN), held(PLAN)).refuses(moved(PLAN, state), why="nobody approved")


def test_nothing_starts_without_money_set_aside() -> None:
    launch = moved(PLAN, JobState.LAUNCHING)
    Book(admitted(), made(PLAN), consumed(PLAN)).refuses(launch, why="nothing was set aside")
    Book(*approved(PLAN), released(PLAN)).refuses(launch, why="was released")


def test_nothing_starts_under_a_plan_that_was_taken_back() -> None:
    Book(*approved(PLAN), dropped(PLAN)).refuses(moved(PLAN, JobState.LAUNCHING), why="was dropped")
    Book(*approved(PLAN), made(OTHER)).refuses(moved(PLAN, JobState.LAUNCHING), why="was superseded")


def test_a_plan_has_no_more_launches_than_it_says() -> None:
    plan = make_plan(attempts=1)
    book = Book(*approved(plan), *running(plan), moved(plan, JobState.COLLECTING), moved(plan, JobState.ENDED))
    book.refuses(moved(plan, JobState.LAUNCHING, attempt=2), why="none of the 1 launches")
    forged = replace(moved(plan, JobState.LAUNCHING), launch_key="intern-mine")
    book.refuses(forged, why="none of the 1 launches")


def test_one_launch_at_a_time_under_one_plan() -> None:
    book = Book(*approved(PLAN), *running(PLAN))
    book.refuses(moved(PLAN, JobState.LAUNCHING, attempt=2), why="has not ended")


def test_a_launch_that_is_taken_over_needs_a_higher_fence_and_shuts_out_the_one_before() -> None:
    book = Book(*approved(PLAN), moved(PLAN, JobState.LAUNCHING))
    book.refuses(moved(PLAN, JobState.LAUNCHING), why="higher fence")
    book.write(moved(PLAN, JobState.LAUNCHING, fence=2))
    for state in (JobState.RUNNING, JobState.ENDED, JobState.NEEDS_HUMAN, JobState.APPROVED):
        book.refuses(moved(PLAN, state, fence=1), why="no longer the one that may act")
    book.write(moved(PLAN, JobState.RUNNING, fence=2))


def test_a_launch_without_a_lease_is_refused() -> None:
    bare = replace(moved(PLAN, JobState.LAUNCHING), lease_until=None)
    Book(*approved(PLAN)).refuses(bare, why="needs a lease")


def test_a_running_job_has_a_name_that_carries_its_key() -> None:
    book = Book(*approved(PLAN), moved(PLAN, JobState.LAUNCHING))
    nameless = replace(moved(PLAN, JobState.RUNNING), job=None)
    book.refuses(nameless, why="has to be named")
    other = moved(PLAN, JobState.RUNNING, attempt=2).job
    book.refuses(replace(nameless, job=other), why="carry its launch key")


def test_a_launch_of_another_session_is_refused() -> None:
    theirs: JobMoved = replace(moved(PLAN, JobState.LAUNCHING), session="s2")
    Book(*approved(PLAN), admitted("s2")).refuses(theirs, why="belongs to the session s1")


def test_all_of_a_decision_is_written_or_nothing() -> None:
    book = Book(admitted(), made(PLAN))
    book.refuses(consumed(PLAN), held(PLAN), consumed(PLAN), why="was used before")
    assert book.ledger.read().consumed(DIGEST) is None
    assert book.write(consumed(PLAN), held(PLAN)).held(DIGEST) == 10


# --- plans that cost nothing -----------------------------------------------------------------------------------------

WRITE = replace(
    make_plan(call="c9", usd="0"),
    asks=WritesHub(repository="grace/x", repository_type="model", folder="job", message="m", overwrites=True),
    quote=None,
    parent="d" * 40,
    content="e" * 40,
)


def test_a_plan_that_costs_nothing_is_used_once_without_money() -> None:
    book = Book(admitted(), made(WRITE), consumed(WRITE))
    book.refuses(consumed(WRITE), why="was used before")
    assert book.ledger.read().held(plan_digest(WRITE)) == 0
    assert book.ledger.read().plan(plan_digest(WRITE)) == WRITE


def test_a_plan_that_costs_nothing_holds_no_money_and_launches_nothing() -> None:
    book = Book(admitted(), made(WRITE), consumed(WRITE))
    book.refuses(held(WRITE, "0"), why="costs nothing")
    book.refuses(moved(WRITE, JobState.LAUNCHING), why="none of the 0 launches")


def test_a_plan_without_a_price_is_of_no_job_and_has_no_cap() -> None:
    Book(admitted()).refuses(made(replace(WRITE, cap_usd=Decimal(1))), why="without a price")
    Book(admitted()).refuses(made(replace(PLAN, quote=None, cap_usd=Decimal(0))), why="without a price")


def test_a_plan_that_was_taken_back_is_not_used_whatever_it_is_of() -> None:
    Book(admitted(), made(WRITE), dropped(WRITE)).refuses(consumed(WRITE), why="was dropped")


def test_what_a_plan_pins_is_in_its_digest() -> None:
    for changed in (replace(WRITE, parent="0" * 40), replace(WRITE, content="0" * 40)):
        assert plan_digest(changed) != plan_digest(WRITE)
