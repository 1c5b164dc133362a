"""A plan before its reviewers: gather the facts anew, judge, and either launch, hand the words back, or wait."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from intern_action.core.digests import launch_key, plan_digest
from intern_action.core.effects import Contacts, Leases, Serves, Spends, WritesHub
from intern_action.core.entries import JobMoved, LedgerEvent, LedgerView, MoneyHeld, PlanConsumed, PlanDropped, agreed
from intern_action.core.errors import Bug, LedgerError, NotAllowed
from intern_action.core.events import Allowed, Planned, Refused
from intern_action.core.frozen import frozen
from intern_action.core.judgement import Approved, Facts, Judgement, NotApproved, Smoke
from intern_action.core.plan import RECOMMENDED, Plan, chosen, offered
from intern_action.core.states import JobState, State
from intern_action.core.types import Call, Permission, Quote, Review
from intern_action.gate.approval import judge
from intern_action.gate.quote import lease_quote, make_quote
from intern_action.session.carrying import contact, write_hub
from intern_action.session.launch import launch, next_attempt
from intern_action.session.lease import begin
from intern_action.session.objection import objection_to, said
from intern_action.session.office import Case
from intern_action.session.planning import plan_anew, refuse
from intern_action.session.purse import release
from intern_action.session.serving import serve
from intern_action.session.uploads import content_of, standing

PRICE = "price-within-quote"
"""The condition that a plan with newer prices meets: where nothing else fails, people are asked again, with those."""


@frozen
class Open:
    """A held call with its published plan."""

    call: Call
    planned: Planned
    plan: Plan


def before_review(case: Case) -> Open | None:
    """Return what awaits a review, None when nothing does."""
    for call in case.memory.open.values():
        planned = case.memory.planned.get(call.id)
        if planned is None or call.id in case.memory.submitted:
            continue
        plan = case.office.ledger.read().plan(planned.digest)
        if plan is None:
            raise Bug(f"the ledger does not know the plan {planned.digest[:8]}")
        return Open(call=call, planned=planned, plan=plan)
    return None


def consider(case: Case) -> Judgement | None:
    """Judge what awaits a review and act on it; return the judgement, None when there is nothing to judge any more."""
    _note_newer(case)
    before = before_review(case)
    if before is None:
        return None
    consumed = case.office.ledger.read().consumed(before.planned.digest)
    if consumed is not None:  # an earlier run was killed between the ledger and the launch
        _go(case, before, consumed.by)
        return None
    objection = objection_to(case, before.plan)
    if objection is not None:
        send_back(case, before, objection)
        return None
    judgement = judge(gather(case, before, case.office.ledger.read()))
    case.judged = judgement
    match judgement:
        case Approved(by=by):
            _consume(case, before)
            _go(case, before, by)
        case NotApproved(failing=failing):
            if {condition.name for condition in failing} == {PRICE}:
                _ask_again(case, before)
    return judgement


def _note_newer(case: Case) -> None:
    """Journal the plan that a run wrote into the ledger before it was killed: the same wish, with newer prices."""
    before, newest = before_review(case), case.office.ledger.read().newest_plan(case.began.session)
    if before is None or newest is None or newest.digest == before.planned.digest:
        return
    plan = newest.plan
    if plan.call_id == before.call.id:
        case.write(
            Planned(
                call_id=plan.call_id,
                digest=newest.digest,
                pull_request=plan.pull_request,
                ceiling_usd=plan.ceiling_usd,
            )
        )


def _ask_again(case: Case, before: Open) -> None:
    """Bring the same wish before people with the prices of now."""
    match before.plan.asks:
        case Spends() | Leases() | Serves() as effect:
            plan_anew(case, before.call, effect, "the price rose since the plan was made")
        case effect:
            raise Bug(f"an effect that {effect.kind} has no price")


def explain(case: Case, before: Open) -> Judgement:
    """Judge without acting, for people who ask why."""
    return judge(gather(case, before, case.office.ledger.read()))


def gather(case: Case, before: Open, view: LedgerView) -> Facts:
    """Read the forge, git, the price and the policy again."""
    office, plan = case.office, before.plan
    reviews = office.forge.reviews(plan.pull_request)
    pull, twins = office.forge.with_twins(plan.pull_request)
    if reviews:  # who wrote the commits matters to who approves, and to nobody else
        pull = replace(pull, commit_authors=office.forge.authors(pull))
    head = office.publisher.head(case.began.branch)
    blob, policy = office.policy()
    newest = view.newest_plan(plan.session)
    prices = _prices_now(case, plan)
    return Facts(
        plan=plan,
        digest=before.planned.digest,
        newest_digest=newest.digest if newest else "",
        consumed=view.consumed(before.planned.digest) is not None,
        dropped=view.dropped(before.planned.digest) is not None,
        pull_request=pull,
        twins=twins,
        live_head=head,
        live_tree=office.publisher.tree_of(head) if head else None,
        merge_base=office.publisher.merge_base(plan.base, plan.head_sha),
        policy_blob=blob,
        policy=policy,
        reviews=reviews,
        quote=prices.get(RECOMMENDED),
        option_quotes=prices,
        parent=standing(case, plan.asks) if isinstance(plan.asks, WritesHub) else "",
        content=content_of(case, plan.asks) if isinstance(plan.asks, WritesHub) else "",
        changed=office.publisher.changed(plan.merge_base, plan.head_sha) if policy.protected and head else (),
        room_usd=view.room(
            session=plan.session,
            requester=plan.requester,
            month=_month(case),
            limits=policy.limits,
            expense=plan.expense,
        ),
        smoke=newest_smoke(case),
        now=office.clock.now(),
        permissions=_permissions(case, reviews),
    )


def _permissions(case: Case, reviews: tuple[Review, ...]) -> dict[str, Permission]:
    return {person: case.office.forge.permission(person) for person in sorted({review.by for review in reviews})}


def _month(case: Case) -> str:
    return f"{case.office.clock.now():%Y-%m}"


def _prices_now(case: Case, plan: Plan) -> dict[str, Quote]:
    """Return the price of each option, read again, by name; one that cannot be read is not there."""
    now = case.office.clock.now()
    found: dict[str, Quote] = {}
    if plan.lease is not None:
        with contextlib.suppress(NotAllowed):
            found[RECOMMENDED] = lease_quote(plan.lease, case.office.sandboxes.flavors(), now)
    if plan.endpoint is not None:
        with contextlib.suppress(NotAllowed):
            found[RECOMMENDED] = lease_quote(plan.endpoint, case.office.endpoints.flavors(), now)
    if plan.job is None:
        return found
    flavors = case.office.jobs.flavors()
    for name in offered(plan):
        job = chosen(plan, name).job
        if job is not None:
            with contextlib.suppress(NotAllowed):
                found[name] = make_quote(job, flavors, None, now)
    return found


def newest_smoke(case: Case) -> Smoke | None:
    """Return the newest smoke test, as the root process recorded it."""
    tests = case.memory.past("smoke_test")
    if not tests:
        return None
    data = tests[-1].result.data
    match data:
        case {"tree": str(tree), "exit_code": int(code), "script": str(script)}:
            return Smoke(tree=tree, exit_code=code, script=script)
        case _:
            return Smoke(tree="", exit_code=1, script="")


def send_back(case: Case, before: Open, review: Review) -> None:
    """Hand a reviewer's words to the agent and take the plan back."""
    words = case.office.redactor.text(said(review))
    digest, session = before.planned.digest, before.plan.session

    def drop(view: LedgerView) -> tuple[LedgerEvent, ...]:
        if view.dropped(digest):
            return ()
        dropped = PlanDropped(digest=digest, session=session, why="changes requested", by=review.by)
        return (*release(view, digest), dropped)

    case.office.ledger.decide(drop)
    if before.call.id not in case.memory.refused:
        case.write(Refused(call_id=before.call.id, digest=digest, by=review.by, words=words))
    refuse(case, before.call, words, by=review.by)
    case.move(State.RUNNING, f"{review.by} asks for changes")


def _consume(case: Case, before: Open) -> None:
    """Use the approval and set the money aside, in one compare-and-swap; everything is judged once more inside it."""
    plan, digest = before.plan, before.planned.digest

    def decide(view: LedgerView) -> tuple[LedgerEvent, ...]:
        if view.consumed(digest) is not None:
            raise LedgerError(
                "another run has just used this approval, and goes on with it; nothing is left to do here"
            )
        judgement = judge(gather(case, before, view))
        if not isinstance(judgement, Approved):
            raise NotAllowed("the approval no longer holds: " + "; ".join(c.words for c in judgement.failing))
        consumed = PlanConsumed(
            digest=digest,
            session=plan.session,
            by=judgement.by,
            reviews=judgement.reviews,
            option=judgement.option,
        )
        settled = chosen(plan, judgement.option)
        return (consumed, *_money_for(case, settled, digest), *_launch_of(settled, digest))

    if plan_digest(plan) != digest:
        raise NotAllowed("the plan in the ledger is not the one its digest names")
    case.office.ledger.decide(decide)


def _money_for(case: Case, plan: Plan, digest: str) -> tuple[LedgerEvent, ...]:
    """Return the hold of a plan that may cost something."""
    if plan.quote is None:
        return ()
    month, usd = _month(case), plan.cap_usd
    return (MoneyHeld(digest=digest, session=plan.session, requester=plan.requester, month=month, usd=usd),)


def _launch_of(plan: Plan, digest: str) -> tuple[LedgerEvent, ...]:
    """Return the first launch of a plan that starts something."""
    if not plan.launches:
        return ()
    key = launch_key(digest, 1)
    return (JobMoved(launch_key=key, digest=digest, session=plan.session, state=JobState.APPROVED),)


def _go(case: Case, before: Open, by: tuple[str, ...]) -> None:
    """Carry out what was approved, or take up where a killed run stopped."""
    call, plan = before.call, agreed(case.office.ledger.read(), before.planned.digest) or before.plan
    allowed = Allowed(call_id=call.id, digest=before.planned.digest, by=by)
    match plan.asks:
        case Spends(job=job):
            if call.id not in case.memory.allowed:
                case.write(allowed)
            launch(case, call, allowed.digest, plan, job, attempt=next_attempt(case, allowed.digest))
        case Leases(lease=lease):
            if call.id not in case.memory.allowed:
                case.write(allowed)
            begin(case, call, allowed.digest, plan, lease)
        case Serves(endpoint=endpoint):
            if call.id not in case.memory.allowed:
                case.write(allowed)
            serve(case, call, allowed.digest, plan, endpoint)
        case WritesHub() as write:
            write_hub(case, call, plan, write, allowed)
        case Contacts() as message:
            contact(case, call, message, allowed)
        case effect:
            raise Bug(f"control makes no plan of an effect that {effect.kind}")
