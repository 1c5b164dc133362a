"""From a held call to a plan people can review: publish the work, quote the price, write the plan into the ledger."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from intern_action.core.digests import plan_digest
from intern_action.core.effects import Contacts, Leases, Serves, Spends, WritesHub
from intern_action.core.endpoint import EndpointSpec
from intern_action.core.entries import LedgerEvent, LedgerView, PlanDropped, PlanMade
from intern_action.core.errors import HubError, NotAllowed, ToolFailed
from intern_action.core.events import Allowed, Answered, Planned, Published
from intern_action.core.judgement import ApprovalPolicy
from intern_action.core.patterns import touched
from intern_action.core.plan import RECOMMENDED, Option, Plan, as_quoted, chosen
from intern_action.core.states import State
from intern_action.core.types import Call, Expense, JobSpec, Quote, ToolResult
from intern_action.gate.options import make_options
from intern_action.gate.quote import lease_quote
from intern_action.gate.texts import awaited
from intern_action.gate.variations import Inside, covers
from intern_action.session.estimating import reckoning
from intern_action.session.launch import launch, next_attempt
from intern_action.session.office import Case
from intern_action.session.purse import release
from intern_action.session.uploads import content_of, standing

Planable: TypeAlias = Spends | Leases | Serves | WritesHub | Contacts
"""What a plan can be of."""


def publish_work(case: Case, *, title: str, body: str, call_id: str) -> Published:
    """Push the newest snapshot to the session's branch and open or renew its draft pull request.

    Returns:
        the event that says so, with number, url, head and tree; the one on record when nothing has changed since.

    Raises:
        NotAllowed: the work changes what the policy protects.
    """
    office, began = case.office, case.began
    _check_protected(case)
    tree = office.publisher.tree_of(case.memory.snapshot or began.base_sha)
    head = office.publisher.publish(
        began.branch, tree, base_sha=began.base_sha, message=title, co_author=began.requester
    )
    pull = office.forge.open_pull_request(title=title, body=body, head=began.branch, base=began.base)
    data = {
        "number": str(pull.number),
        "url": pull.url,
        "head": head,
        "tree": tree,
        "snapshot": case.memory.snapshot,
        "title": title,
        "body": body,
    }
    published = Published(what="pull-request", call_id=call_id, data=data)
    case.write(published)
    return published


def _check_protected(case: Case) -> None:
    patterns = case.office.policy()[1].protected
    paths = touched(case.changed(), patterns) if patterns else ()
    if paths:
        raise NotAllowed(
            f"the work changes {', '.join(paths)}, which `protected` in .github/intern.yml keeps as it is; "
            "bring it back as it was on the base branch"
        )


def pull_request_of(case: Case) -> Published | None:
    """Return what was last published, None before the first time."""
    return next((done for done in reversed(case.memory.published) if done.what == "pull-request"), None)


def answer_held(case: Case, call: Call) -> None:
    """Answer a held call, or bring it before people: one plan at a time."""
    if call.id in case.memory.planned or case.state is State.AWAITING_REVIEW:
        return _wait_or_refuse(case, call)
    try:
        verdict = case.judge(call)
    except ToolFailed as failure:
        return refuse(case, call, str(failure))
    match verdict.effects:
        case (Spends(job=job),) if _relaunch(case, call, job):
            return None
        case (Spends() | Leases() | Serves() | WritesHub() | Contacts() as effect,):
            return _bring_before_people(case, call, effect)
        case _:
            return refuse(case, call, f"{verdict.why}; control does not do this, a person has to")


def _wait_or_refuse(case: Case, call: Call) -> None:
    if call.id in case.memory.planned:
        case.move(State.AWAITING_REVIEW)
    else:
        refuse(case, call, "another plan of this session awaits its review; ask again after it")


def refuse(case: Case, call: Call, words: str, *, by: str = "control") -> None:
    """Answer a held call with a no and the words for it; the loop goes on."""
    data = {"state": "refused", "by": by, "words": words}
    case.write(Answered(call_id=call.id, result=ToolResult(text=f"Refused by {by}: {words}", data=data, failed=True)))


def plan_anew(case: Case, call: Call, effect: Planable, why: str) -> None:
    """Replace the plan of a held call by one as the world is now; people have to approve that one."""
    case.move(State.RUNNING, why)
    _bring_before_people(case, call, effect)


def _bring_before_people(case: Case, call: Call, effect: Planable) -> None:
    try:
        plan = _plan(case, call, effect)
    except (NotAllowed, HubError, ToolFailed) as error:
        refuse(case, call, str(error))
        return
    digest = plan_digest(plan)
    _record(case, plan, digest)
    case.write(Planned(call_id=call.id, digest=digest, pull_request=plan.pull_request, ceiling_usd=plan.ceiling_usd))
    case.move(State.AWAITING_REVIEW, awaited(plan, unasked=_ask_for_review(case, plan)))


def _ask_for_review(case: Case, plan: Plan) -> tuple[str, ...]:
    """Ask those whom the policy names, but for who may not approve; return those who cannot be asked."""
    _, policy = case.office.policy()
    barred = () if policy.requester_may_approve else (plan.requester.casefold(),)
    people = tuple(person for person in policy.approvers if person.casefold() not in barred)
    return case.office.forge.ask_for_review(plan.pull_request, people) if people else ()


def _plan(case: Case, call: Call, effect: Planable) -> Plan:
    office, began = case.office, case.began
    blob, policy = office.policy()
    now = office.clock.now()
    options = _options(case, effect.job, policy, now) if isinstance(effect, Spends) else ()
    quote = next((option.quote for option in options if RECOMMENDED in option.names), None)
    quote = _hourly_price(case, effect, policy, now) or quote
    parent, content = _pins(case, effect)
    published = _published_for_review(case)
    head = published.data["head"]
    return Plan(
        session=began.session,
        pull_request=int(published.data["number"]),
        base=began.base,
        merge_base=office.publisher.merge_base(began.base, head),
        head_sha=head,
        tree=office.publisher.tree_of(head),
        asks=effect,
        quote=quote,
        cap_usd=quote.ceiling_usd if quote else Decimal(0),
        parent=parent,
        content=content,
        policy_blob=blob,
        requester=began.requester,
        call_id=call.id,
        made_at=office.clock.now(),
        expires_at=now + office.plan_lives,
        summary=began.task,
        options=options if len(options) > 1 else (),
    )


def _options(case: Case, job: JobSpec, policy: ApprovalPolicy, now: datetime) -> tuple[Option, ...]:
    """Return the ways to have a job that the policy allows and the budget has room for."""
    began, month = case.began, f"{now:%Y-%m}"
    room = case.office.ledger.read().room(
        session=began.session, requester=began.requester, month=month, limits=policy.limits, expense=Expense.JOBS
    )
    flavors = case.office.jobs.flavors()
    return make_options(job, flavors, reckoning(case, job), allowed=policy.flavors, room_usd=room, now=now)


def _hourly_price(case: Case, effect: Planable, policy: ApprovalPolicy, now: datetime) -> Quote | None:
    """Return the price of a machine that is had by the hour, None for every other effect."""
    match effect:
        case Leases(lease=machine):
            flavors = case.office.sandboxes.flavors()
        case Serves(endpoint=machine):
            flavors = case.office.endpoints.flavors()
        case _:
            return None
    if policy.flavors and machine.flavor not in policy.flavors:
        raise NotAllowed(f"{machine.flavor} is not allowed here; the policy allows {', '.join(policy.flavors)}")
    return lease_quote(machine, flavors, now)


def _pins(case: Case, effect: Planable) -> tuple[str, str]:
    """Return what stands where it would write and the digest of what it would upload, or the revision it would serve."""
    match effect:
        case WritesHub() as write:
            return _pins_of_a_write(case, write)
        case Serves(endpoint=endpoint):
            return _served(case, endpoint), ""
        case _:
            return "", ""


def _pins_of_a_write(case: Case, write: WritesHub) -> tuple[str, str]:
    parent, content = standing(case, write), content_of(case, write)
    if parent and not write.overwrites:
        raise NotAllowed(f"{write.repository} exists already; name a new repository, or ask to overwrite it")
    if not content:
        raise NotAllowed(f"there is no {write.folder} to upload")
    return parent, content


def _served(case: Case, endpoint: EndpointSpec) -> str:
    """Return the revision of the model that would be served: the one that was asked for, or the newest now."""
    newest = case.office.hub.head("model", endpoint.repository)
    if newest is None:
        raise NotAllowed(
            f"there is no model {endpoint.repository} on the Hub to serve; upload it first, and where uploads are proposed as a "
            "pull request there, merge that"
        )
    return endpoint.revision or newest


def _published_for_review(case: Case) -> Published:
    """Publish the tree as it is now, so that what is approved is what would run."""
    last = pull_request_of(case)
    if last is not None and last.data["snapshot"] == case.memory.snapshot:
        return last
    if last is not None:
        return publish_work(case, title=last.data["title"], body=last.data["body"], call_id="")
    title = case.began.task.splitlines()[0][:72]
    return publish_work(case, title=title, body="", call_id="")


def _record(case: Case, plan: Plan, digest: str) -> None:
    """Make the plan the newest one of its session; the one before is dropped and its money freed."""

    def newest(view: LedgerView) -> tuple[LedgerEvent, ...]:
        last = view.newest_plan(plan.session)
        if last is not None and last.digest == digest:
            return ()
        made = PlanMade(digest=digest, plan=plan)
        if last is None or view.dropped(last.digest) or _is_in_use(view, last):
            return (made,)
        dropped = PlanDropped(digest=last.digest, session=plan.session, why="superseded by a newer plan")
        return (*release(view, last.digest), dropped, made)

    case.office.ledger.decide(newest)


def _is_in_use(view: LedgerView, made: PlanMade) -> bool:
    """Whether a plan is of a machine by the hour that people approved: it goes on beside what is planned next."""
    by_the_hour = made.plan.lease is not None or made.plan.endpoint is not None
    return by_the_hour and view.consumed(made.digest) is not None


def _relaunch(case: Case, call: Call, job: JobSpec) -> bool:
    """Launch again under the approval that stands, when the wish lies inside its variations and its cap."""
    office = case.office
    view = office.ledger.read()
    made = view.newest_plan(case.began.session)
    if made is None or view.dropped(made.digest):
        return False
    consumed = view.consumed(made.digest)
    if consumed is None:
        return False
    tree = office.publisher.tree_of(case.memory.snapshot or case.began.base_sha)
    attempt = next_attempt(case, made.digest)
    plan = chosen(made.plan, consumed.option)
    job = _on_the_chosen(job, made.plan, plan)
    match covers(plan, job, tree=tree, attempts_used=attempt - 1, remaining_usd=view.held(made.digest)):
        case Inside():
            if call.id not in case.memory.allowed:
                case.write(Allowed(call_id=call.id, digest=made.digest, by=consumed.by))
            launch(case, call, made.digest, plan, job, attempt=attempt)
            return True
        case _:
            return False


def _on_the_chosen(job: JobSpec, made: Plan, plan: Plan) -> JobSpec:
    """Return a job that is asked for as it was first, on the hardware people chose since."""
    first = (made.job.flavor, made.job.timeout_minutes) if made.job else ()
    return as_quoted(job, plan.quote) if plan.quote and (job.flavor, job.timeout_minutes) == first else job
