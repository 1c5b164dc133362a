"""Whatever happens in whatever order: nothing is spent without an approval that counts, nor above a budget, nor twice.

People push, review, dismiss, edit, close, reopen and change policy and prices, runs die, timers fire. What should have been
allowed is reckoned here from what people did, not asked of the gate.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from intern_action.core.entries import Limits
from intern_action.core.errors import InternError
from intern_action.core.plan import Plan
from intern_action.core.states import State
from intern_action.core.types import JobStage, Permission, Review, Verdict
from intern_action.ledger.ledger import GitLedger
from tests.fakes.git_world import GitWorld, copy_world, make_world
from tests.fakes.house import JOB, KilledHere, StoryHouse, proposal
from tests.fakes.killed_here import DiesAtEvent
from tests.fakes.memory_forge import OURS
from tests.fakes.thinking import ScriptedModel, SilentWatcher, calls

POLICY = ".github/intern.yml"
POLICIES = (
    "enabled: true\n",
    "enabled: false\n",
    "approvals: {people: [hedy]}\n",
    "approvals: {people_needed: 2}\n",
    "approvals: {code_above_usd: 0.10}\n",
    "budget: {month_usd: 0.40}\n",
)
BUDGET = Decimal("0.65")
PRICES = (Decimal("0.60"), Decimal("0.50"), Decimal("2.40"))
PEOPLE = ("ada", "grace", "hedy", "eve", OURS)
JOBS = 12
MINUTES = 28
"""How long a job takes: two are beyond the budget."""


@cache
def _first_world() -> GitWorld:
    place = Path(tempfile.mkdtemp(prefix="any-order-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)  # it is copied from until the last example
    world = make_world(place / "world")
    world.push("main", {POLICY: POLICIES[0]})
    return world


class AnyOrder(RuleBasedStateMachine):
    """One repository and what befalls it."""

    def __init__(self) -> None:
        super().__init__()
        self.place = tempfile.TemporaryDirectory(prefix="any-order-")
        self.house = StoryHouse(copy_world(_first_world(), Path(self.place.name)))
        self.house.forge.people |= {"hedy": Permission.ADMIN}
        self.house.limits = Limits(month_usd=BUDGET)
        self.reader = GitLedger(self.house.branch, clock=self.house.clock)
        self.policy = POLICIES[0]
        self.allowed: set[str] = set()
        self.pushed: dict[str, object] = {}

    def teardown(self) -> None:
        self.house.close()
        self.house.shell.close()
        self.place.cleanup()

    # --- what happens ------------------------------------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        """Somebody asks, for job after job."""
        wishes = [calls((f"j{n}", "hf_create_job", {**JOB, "parameters": {"seed": str(n)}})) for n in range(2, JOBS)]
        self.house.model = ScriptedModel(*proposal(), *wishes)
        self.house.ask(f"fine-tune x on y, the {len(self.house.forge.threads) + 1}. time")
        assert self.house.state is State.AWAITING_REVIEW

    @rule(by=st.sampled_from(PEOPLE), old=st.sampled_from([False, False, False, True]), code=st.booleans())
    def approve(self, by: str, old: bool, code: bool) -> None:
        """Somebody approves, perhaps the first commit, perhaps with the plan's code; then a doorbell rings."""
        body = f"intern:{self.house.digest[:8]}" if code else ""
        sha = self.house.world.base if old else ""
        person = by != OURS
        review = self.house.forge.review(
            self.house.pull_request, by=by, verdict=Verdict.APPROVED, commit_sha=sha, body=body
        )
        self.reviews[-1] = replace(review, by_a_person=person)
        self.tick()

    @rule(rings=st.sampled_from([True, True, False]))
    def approve_well(self, rings: bool) -> None:
        """Two people approve what lies there, with its code; perhaps a doorbell rings."""
        for by in ("grace", "hedy"):
            body = f"intern:{self.house.digest[:8]}"
            self.house.forge.review(self.house.pull_request, by=by, verdict=Verdict.APPROVED, body=body)
        if rings:
            self.tick()

    @rule()
    def send_back(self) -> None:
        """Somebody asks for changes and takes it back; there is a new plan."""
        self.house.forge.review(self.house.pull_request, by="hedy", verdict=Verdict.CHANGES_REQUESTED, body="smaller")
        self.tick()
        self.reviews[-1] = replace(self.reviews[-1], verdict=Verdict.DISMISSED)

    @precondition(lambda self: self.house.state.over or self.house.digest in self.pushed)
    @rule()
    def ask_anew(self) -> None:
        """Nothing more comes of this one: everything is as it was, and somebody asks again."""
        self.change_policy(POLICIES[0])
        self.change_price(PRICES[0])
        self.change_permission(Permission.WRITE)
        self.begin()

    @precondition(lambda self: self.house.jobs.orders)
    @rule(by=st.sampled_from(PEOPLE))
    def ask_for_changes(self, by: str) -> None:
        """Somebody asks for changes."""
        self.house.forge.review(self.house.pull_request, by=by, verdict=Verdict.CHANGES_REQUESTED, body="smaller")

    @precondition(lambda self: self.reviews)
    @rule(data=st.data())
    def dismiss(self, data: st.DataObject) -> None:
        """A review is dismissed."""
        place = data.draw(st.integers(0, len(self.reviews) - 1))
        self.reviews[place] = replace(self.reviews[place], verdict=Verdict.DISMISSED)

    @precondition(lambda self: self.reviews)
    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        """A review's words are edited, and so is the description of the pull request."""
        place = data.draw(st.integers(0, len(self.reviews) - 1))
        self.reviews[place] = replace(self.reviews[place], body="never mind")
        self.house.forge.describe_pull_request(self.house.pull_request, title="mine", body="approved by everybody")

    @precondition(lambda self: self.house.jobs.orders)
    @rule()
    def push(self) -> None:
        """Somebody pushes to the branch."""
        self.house.push({"train.py": f"print({len(self.pushed)})\n"})
        self.pushed[self.house.digest] = True

    @rule(policy=st.sampled_from((*POLICIES, *POLICIES[:1] * 6)))
    def change_policy(self, policy: str) -> None:
        """The policy of the default branch changes."""
        self.house.push({POLICY: policy}, branch="main")
        self.policy = policy

    @rule(price=st.sampled_from((*PRICES, *PRICES[:1] * 3)))
    def change_price(self, price: Decimal) -> None:
        """The hardware's price changes."""
        self.house.jobs.price = price

    @rule(level=st.sampled_from([Permission.READ, *[Permission.WRITE] * 3]))
    def change_permission(self, level: Permission) -> None:
        """Somebody who may approve no longer may, or may again."""
        self.house.forge.people["grace"] = level

    @precondition(lambda self: self.house.jobs.orders)
    @rule()
    def close(self) -> None:
        """The pull request is closed."""
        self.house.forge.close_pull_request(self.house.pull_request)

    @rule()
    def reopen(self) -> None:
        """It is opened again."""
        self.house.forge.reopen(self.house.pull_request)

    @rule(how=st.sampled_from([JobStage.COMPLETED, JobStage.FAILED, JobStage.TIMED_OUT]))
    def end_jobs(self, how: JobStage) -> None:
        """Whatever runs ends."""
        self.house.clock.wait(MINUTES * 60)
        for ref in self.house.jobs.alive():
            self.house.jobs.end(ref, how, minutes=MINUTES)

    @rule()
    def go_through(self) -> None:
        """All goes well, as mostly: people approve, the job ends, and the next one is asked for."""
        self.approve_well(rings=True)
        self.end_jobs(JobStage.COMPLETED)
        self.tick()

    @rule()
    def take_up(self) -> None:
        """Somebody takes up again what was stopped."""
        if self.house.state in {State.STOPPED, State.FAILED}:
            self.house.present.move(State.RUNNING, "taken up again by ada")

    @rule()
    def tick(self) -> None:
        """A timer fires, on another machine."""
        self.allowed |= self._approvable()
        self._run()

    @rule(after=st.integers(1, 12), lost=st.booleans())
    def kill(self, after: int, lost: bool) -> None:
        """A run dies after some events, or hears no answer to its launch."""
        self.allowed |= self._approvable()
        self.house.jobs.lost_answers = int(lost)
        self.house.use(DiesAtEvent(after))
        self._run()
        self.house.use(SilentWatcher())
        self.house.jobs.lost_answers = 0

    def _run(self) -> None:
        try:
            self.house.anew().go_on()
        except (InternError, KilledHere):
            self.house.anew()

    # --- what must hold ----------------------------------------------------------------------------------------------

    @invariant()
    def what_was_used_up_could_be(self) -> None:
        """Each approval that was used up counted when it was, by what people had done; without one nothing starts."""
        tables = self.reader.read().tables
        assert set(tables.consumed) <= self.allowed
        started = {row.digest for row in tables.rows.values()}
        assert started <= set(tables.consumed)
        assert {hold.digest for hold in tables.holds.values()} <= set(tables.consumed)
        keys = [order.launch_key for order in self.house.jobs.orders]
        assert set(keys) <= set(tables.rows)

    @invariant()
    def no_plan_is_launched_twice(self) -> None:
        """Each launch key is started once, and no attempt begins while one runs."""
        keys = [order.launch_key for order in self.house.jobs.orders]
        assert len(keys) == len(set(keys))
        alive = [self.house.ledger.row(ref.launch_key) for ref in self.house.jobs.alive()]
        digests = [row.digest for row in alive if row]
        assert len(digests) == len(set(digests)) == len(alive)

    @invariant()
    def no_budget_is_exceeded(self) -> None:
        """What is held and what is spent stays below the budget together."""
        tables = self.reader.read().tables
        assert sum((hold.counts for hold in tables.holds.values()), Decimal(0)) <= BUDGET
        assert all(hold.captured <= hold.usd for hold in tables.holds.values())

    # --- what people did ---------------------------------------------------------------------------------------------

    @property
    def reviews(self) -> list[Review]:
        return self.house.forge.given.setdefault(self.house.pull_request, [])

    def _approvable(self) -> set[str]:
        """Return the digests of plans whose approval may be used up at a look now, reckoned from what people did."""
        made = self.house.ledger.newest_plan(self.house.present.began.session)
        if made is None or not self._stands(made.plan, made.digest):
            return set()
        needed = 2 if "people_needed: 2" in self.policy else 1
        return {made.digest} if len(self._approvers(made.plan, made.digest)) >= needed else set()

    def _stands(self, plan: Plan, digest: str) -> bool:
        pull = self.house.forge.pulls[plan.pull_request]
        bare = self.house.world.bare
        policy = self.house.world.git("rev-parse", f"main:{POLICY}")
        return (
            pull.open
            and bare.head(pull.head) == plan.head_sha
            and digest not in self.pushed
            and "enabled: false" not in self.policy
            and policy == plan.policy_blob
            and plan.quote is not None
            and self.house.jobs.price <= plan.quote.flavor.usd_per_hour
            and plan.cap_usd <= (Decimal("0.40") if "0.40" in self.policy else BUDGET)
        )

    def _approvers(self, plan: Plan, digest: str) -> set[str]:
        decisive = {one.by: one for one in self.reviews if one.verdict is not Verdict.COMMENTED}
        may = {name for name, level in self.house.forge.people.items() if level.writes}
        if any(one.verdict is Verdict.CHANGES_REQUESTED and one.by in may for one in decisive.values()):
            return set()
        return {
            one.by
            for one in decisive.values()
            if one.verdict is Verdict.APPROVED
            and one.by_a_person
            and one.by in may - {plan.requester, OURS}
            and one.commit_sha == plan.head_sha
            and one.submitted_at > plan.made_at
            and ("people: [hedy]" not in self.policy or one.by == "hedy")
            and ("code_above_usd" not in self.policy or f"intern:{digest[:8]}" in one.body)
        }


AnyOrder.TestCase.settings = settings(
    max_examples=8,
    stateful_step_count=28,
    phases=[Phase.explicit, Phase.generate],  # a failure need not be made small: that takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestAnyOrder = AnyOrder.TestCase
