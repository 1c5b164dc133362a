"""Who may begin a session, and beginning it: once per event."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from decimal import Decimal

from intern_action.core.entries import Admitted, LedgerEvent, LedgerView
from intern_action.core.errors import NotAllowed
from intern_action.core.events import Began, Heard, Noted, Told
from intern_action.core.frozen import frozen
from intern_action.core.judgement import ApprovalPolicy
from intern_action.core.patterns import is_listed
from intern_action.core.ports import HOUSE_LEASE, Forge
from intern_action.core.states import State
from intern_action.core.types import Call, FinishReason, JsonObject, Reply, Usage
from intern_action.session.office import Case, Office
from intern_action.session.thread import Trigger, shown
from intern_action.settings.words import text


@frozen
class Request:
    """What a trigger asks for.

    Args:
        event_key: `H(repository, event, comment id, body at the trigger)`: claimed once.
        base_sha: head of the default branch at the trigger.
        machine: the account or App that asks, "" for a person; see `core.incoming.Origin`.
        trigger: what began it, for telling what stood in the thread by then; None is the thread's own text, now.
        sandbox: arguments of the `sandbox_create` that the session begins with, when its file and shell tools are to work in a
            sandbox; None when they work here.
    """

    event_key: str
    task: str
    requester: str
    thread: int
    base_sha: str
    model: str
    max_turns: int = 300
    max_cost_usd: Decimal | None = None
    machine: str = ""
    trigger: Trigger | None = None
    sandbox: JsonObject | None = None


def session_id(event_key: str) -> str:
    """Return the id of the session an event begins: the same event, the same session."""
    return hashlib.sha256(event_key.encode()).hexdigest()[:12]


def branch_name(thread: int, task: str) -> str:
    """Return `intern/<thread>-<slug>`, the branch the work is published on."""
    slug = re.sub(r"[^a-z0-9]+", "-", task.lower()).strip("-")[:40].strip("-")
    return f"intern/{thread}-{slug or 'task'}"


def admit(office: Office, request: Request) -> Case:
    """Claim the event and begin its session, or return the one it began before.

    Raises:
        NotAllowed: the kill switch is on, whoever asks may not, or the policy does not list the model.
    """
    request = replace(request, task=office.mask(request.task))
    _, policy = office.policy()
    if not policy.enabled:
        raise NotAllowed(text("not-admitted", why="disabled").strip())
    check_asker(office.forge, policy, by=request.requester, machine=request.machine)
    if not is_listed(request.model, policy.models):
        raise NotAllowed(text("not-admitted", why="model", model=request.model, models=policy.models).strip())
    claim = Admitted(
        event_key=request.event_key,
        session=session_id(request.event_key),
        requester=request.requester,
        thread=request.thread,
        task=request.task,
    )

    def once(view: LedgerView) -> tuple[LedgerEvent, ...]:
        return () if view.admitted(request.event_key) else (claim,)

    if office.ledger.decide(once).admitted(request.event_key) != claim:
        raise NotAllowed(text("not-admitted", why="other", key=request.event_key[:12]).strip())
    case = Case(office, office.journals.open(claim.session))
    if case.memory.began is None:
        case.write(_beginning(request, claim.session, office.base))
    if case.state is State.NEW:
        if len(case.memory.turns) == 1 and request.thread:
            _show_thread(case, request, policy)
        if request.sandbox is not None and not case.memory.calls:
            case.write(Heard(reply=_first_wish(request.sandbox)))
        case.move(State.RUNNING)
    return case


def check_asker(forge: Forge, policy: ApprovalPolicy, *, by: str, machine: str) -> None:
    """Let pass who may ask, now: a person who may write, or a machine that the policy lists, for itself or for such a person.

    Raises:
        NotAllowed: anybody else, and always we ourselves.
    """
    if machine:
        listed = {_bare(name) for name in policy.bots} - {_bare(policy.our_name)}
        if _bare(machine) not in listed:
            raise NotAllowed(text("not-admitted", why="machine", by=machine).strip())
        if _bare(by) == _bare(machine):
            return
    if not forge.permission(by).writes:
        raise NotAllowed(text("not-admitted", why="reader", by=by).strip())


def _bare(name: str) -> str:
    """Return a machine's name as its App is called: its account has `[bot]` behind it."""
    return name.casefold().removesuffix("[bot]")


def _show_thread(case: Case, request: Request, policy: ApprovalPolicy) -> None:
    """Note what stood in the thread when the task was given, if anything did."""
    forge = case.office.forge
    words = shown(
        forge.thread(request.thread),
        request.trigger or Trigger(at=case.office.clock.now()),
        writes=lambda person: forge.permission(person).writes,
        ours=policy.our_name,
    )
    if words:
        case.write(Noted(text=words))


def _first_wish(sandbox: JsonObject) -> Reply:
    """Return what the house says before the model is asked: it wants a sandbox. It stands in the journal before anything runs."""
    call = Call(id=HOUSE_LEASE, name="sandbox_create", arguments=sandbox)
    return Reply(calls=(call,), finish=FinishReason.CALLS, usage=Usage(cost_usd=Decimal(0)), model="house")


def _beginning(request: Request, session: str, base: str) -> Began:
    return Began(
        session=session,
        task=request.task,
        requester=request.requester,
        thread=request.thread,
        base=base,
        base_sha=request.base_sha,
        branch=branch_name(request.thread, request.task),
        model=request.model,
        event_key=request.event_key,
        max_turns=request.max_turns,
        max_cost_usd=request.max_cost_usd,
    )


def tell(case: Case, *, by: str, words: str) -> None:
    """Give a session somebody's words; one that waits for them, or is over, goes on."""
    case.write(Told(by=by, words=words))
    if case.state in {State.AWAITING_INPUT, State.DONE, State.FAILED, State.STOPPED}:
        case.move(State.RUNNING, f"{by} said more")
