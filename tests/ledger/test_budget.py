"""What is set aside and what is spent never exceeds a budget together, in whatever order things happen."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from intern_action.core.digests import launch_key, plan_digest
from intern_action.core.entries import LedgerEvent, LedgerView, Limits, ModelSpent, MoneyCaptured, MoneyReleased
from intern_action.core.errors import LedgerError
from intern_action.core.plan import Plan
from intern_action.core.states import JobState
from intern_action.core.types import Expense
from intern_action.ledger.budget import Hold, capture, hold, release, room, spent
from intern_action.ledger.ledger import GitLedger
from tests.fakes.git_world import StillClock
from tests.fakes.memory_branch import MONTH, MemoryBranch, admitted, consumed, held, made, make_plan, moved

LIMITS = Limits(month_usd=Decimal(50), session_usd=Decimal(30), requester_usd=Decimal(40))
NONE = Limits()


def money(usd: str, expense: Expense = Expense.JOBS, **more: str) -> Hold:
    facts = {"digest": "d" * 64, "session": "s1", "requester": "ada", "month": MONTH, **more}
    return hold(**facts, usd=Decimal(usd), expense=expense)


def left(holds: list[Hold], limits: Limits, expense: Expense = Expense.JOBS, **more: str) -> Decimal | None:
    asked = {"session": "s1", "requester": "ada", "month": MONTH, **more}
    return room(holds, **asked, limits=limits, expense=expense)


def test_without_limits_there_is_no_number() -> None:
    assert left([money("10")], NONE) is None


def test_the_tightest_limit_counts() -> None:
    assert left([money("10")], LIMITS) == 20
    assert left([money("10")], replace(LIMITS, session_usd=None)) == 30
    assert left([money("10")], LIMITS, session="s2") == 30
    assert left([money("10")], LIMITS, session="s2", requester="bob") == 30
    assert left([money("45")], LIMITS, session="s2", requester="bob") == 5


def test_a_new_month_is_a_new_budget_for_all_but_the_session() -> None:
    old = money("25", month="2026-10")
    assert left([old], LIMITS) == 5
    assert left([old], LIMITS, session="s2") == 30
    assert left([old], replace(LIMITS, session_usd=None)) == 40


def test_what_is_spent_counts_and_what_is_released_does_not() -> None:
    spent = release(capture(money("20"), Decimal(5)))
    assert (spent.left, spent.counts) == (0, 5)
    assert left([spent], LIMITS) == 25


def test_a_limit_that_was_lowered_leaves_nothing_and_not_less() -> None:
    assert left([money("30")], Limits(month_usd=Decimal(10))) == 0


def test_cents_are_exact() -> None:
    holds = [money("0.10", digest=str(number)) for number in range(3)]
    assert left(holds, Limits(month_usd=Decimal("0.30"))) == 0


def test_each_kind_is_counted_apart_and_all_that_is_approved_together() -> None:
    limits = Limits(month_usd=Decimal(50), kinds={Expense.SANDBOXES: Limits(month_usd=Decimal(10))})
    lent, trained = money("4", Expense.SANDBOXES), money("20")
    assert left([lent, trained], limits, Expense.SANDBOXES) == 6
    assert left([lent, trained], limits, Expense.JOBS) == 26
    assert left([lent, trained], limits, Expense.ENDPOINTS) == 26
    assert left([lent, money("45")], limits, Expense.SANDBOXES) == 1


def test_a_kind_has_limits_for_a_session_and_a_person_too() -> None:
    own = Limits(session_usd=Decimal(3), requester_usd=Decimal(5))
    limits = Limits(kinds={Expense.ENDPOINTS: own})
    served = money("2", Expense.ENDPOINTS)
    assert left([served], limits, Expense.ENDPOINTS) == 1
    assert left([served], limits, Expense.ENDPOINTS, session="s2") == 3
    assert left([served, money("4", Expense.ENDPOINTS, session="s3")], limits, Expense.ENDPOINTS, session="s2") == 0
    assert left([served], limits) is None


def test_what_the_model_costs_takes_from_its_own_budget_alone() -> None:
    limits = Limits(month_usd=Decimal(10), kinds={Expense.MODEL: Limits(month_usd=Decimal(7))})
    thought = spent(None, session="s1", requester="ada", month=MONTH, usd=Decimal(6))
    assert left([thought, money("3")], limits, Expense.MODEL) == 1
    assert left([thought, money("3")], limits) == 7
    assert left([thought], Limits(month_usd=Decimal(10)), Expense.MODEL) is None


def test_what_a_model_cost_is_added_up_by_session_and_month() -> None:
    ledger = GitLedger(MemoryBranch(), clock=StillClock())
    ledger.decide(lambda _view: (admitted("s1"), admitted("s2", requester="bob"), thought("0.25")))
    ledger.decide(lambda _view: (thought("0.50"), thought("4", "s2", "bob")))
    view, limits = ledger.read(), Limits(kinds={Expense.MODEL: Limits(month_usd=Decimal(5), requester_usd=Decimal(1))})
    assert (view.model_usd("s1"), view.model_usd("s2"), view.model_usd("s3")) == (Decimal("0.75"), 4, 0)
    asked = {"session": "s1", "month": MONTH, "limits": limits, "expense": Expense.MODEL}
    assert view.room(requester="ada", **asked) == Decimal("0.25")
    assert view.room(requester="carol", **asked) == Decimal("0.25")
    assert view.room(requester="bob", **asked) == 0


def thought(usd: str, session: str = "s1", requester: str = "ada", month: str = MONTH) -> ModelSpent:
    return ModelSpent(session=session, requester=requester, month=month, usd=Decimal(usd))


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (thought("1", "s9"), "never admitted"),
        (thought("1", requester="bob"), "asked for by ada, not by bob"),
        (thought("1", month="2026-10"), "not the month it is"),
        (thought("-1"), "not an amount"),
        (thought("NaN"), "not an amount"),
    ],
)
def test_what_a_model_cost_is_written_of_whoever_asked_in_the_month_it_is(event: ModelSpent, why: str) -> None:
    ledger = GitLedger(MemoryBranch(), clock=StillClock())
    ledger.decide(lambda _view: (admitted("s1"),))
    with pytest.raises(LedgerError, match=why):
        ledger.decide(lambda _view: (event,))


@pytest.mark.parametrize("usd", ["-1", "NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_amount_is_refused(usd: str) -> None:
    with pytest.raises(LedgerError, match="not an amount"):
        money(usd)
    with pytest.raises(LedgerError, match="not an amount"):
        capture(money("1"), Decimal(usd))


def test_more_than_is_left_needs_a_person() -> None:
    with pytest.raises(LedgerError, match="a person has to look"):
        capture(capture(money("10"), Decimal(6)), Decimal("4.01"))


class Hands(RuleBasedStateMachine):
    """Three machines write one ledger, each with its own stale memory of it; every decision races others."""

    plans: Bundle[Plan] = Bundle("plans")

    @initialize()
    def begin(self) -> None:
        self.branch = MemoryBranch()
        self.clock = StillClock()
        self.hands = [GitLedger(self.branch, clock=self.clock) for _ in range(3)]
        for session in ("s0", "s1"):
            self.hands[0].decide(lambda _view, session=session: (admitted(session),))
        self.made = 0

    @rule(
        target=plans,
        hand=st.integers(0, 2),
        rival=st.integers(0, 2),
        session=st.sampled_from(["s0", "s1"]),
        who=st.sampled_from(["ada", "bob"]),
        cents=st.integers(0, 3500),
    )
    def hold_what_there_is_room_for(self, hand: int, rival: int, session: str, who: str, cents: int) -> Plan:
        """Approve a plan if its cap fits; while it is being decided, a rival does the same with another plan."""
        self.made += 2
        mine = make_plan(session, call=f"c{self.made}", requester=who, usd=str(Decimal(cents) / 100))
        theirs = replace(mine, call_id=f"c{self.made + 1}")
        raced: list[bool] = []

        def decide(view: LedgerView) -> tuple[LedgerEvent, ...]:
            answer = self._approve(view, mine)
            if not raced:
                raced.append(True)
                self.hands[rival].decide(lambda newer: self._approve(newer, theirs))
            return answer

        if hand != rival:
            self.hands[hand].decide(decide)
        return mine

    @staticmethod
    def _approve(view: LedgerView, plan: Plan) -> tuple[LedgerEvent, ...]:
        space = view.room(
            session=plan.session, requester=plan.requester, month=MONTH, limits=LIMITS, expense=plan.expense
        )
        if space is None or plan.cap_usd > space or view.plan(plan_digest(plan)):
            return ()
        launching = moved(plan, JobState.LAUNCHING)
        running = moved(plan, JobState.RUNNING)
        return (made(plan), consumed(plan), held(plan), launching, running, moved(plan, JobState.COLLECTING))

    @rule(hand=st.integers(0, 2), plan=plans, cents=st.integers(0, 4000))
    def spend(self, hand: int, plan: Plan, cents: int) -> None:
        digest = plan_digest(plan)
        paid = MoneyCaptured(digest=digest, launch_key=launch_key(digest, 1), usd=Decimal(cents) / 100)
        self._try(hand, paid)

    @rule(hand=st.integers(0, 2), plan=consumes(plans))
    def free(self, hand: int, plan: Plan) -> None:
        self._try(hand, MoneyReleased(digest=plan_digest(plan)))

    def _try(self, hand: int, event: LedgerEvent) -> None:
        before = self.branch.tip
        try:
            self.hands[hand].decide(lambda _view: (event,))
        except LedgerError:
            assert self.branch.tip == before

    @invariant()
    def no_budget_is_ever_exceeded(self) -> None:
        if not hasattr(self, "branch"):
            return
        holds = list(GitLedger(self.branch, clock=self.clock).read().tables.holds.values())
        assert sum(one.counts for one in holds) <= 50
        for session in ("s0", "s1"):
            assert sum(one.counts for one in holds if one.session == session) <= 30
        for who in ("ada", "bob"):
            assert sum(one.counts for one in holds if one.requester == who) <= 40
        assert all(0 <= one.captured <= one.usd for one in holds)


TestHands = Hands.TestCase
TestHands.settings = settings(max_examples=40, stateful_step_count=12, deadline=None)
