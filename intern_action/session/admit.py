"""Who may begin a session, and beginning it: once per event."""

from __future__ import annotations

import hashlib
import re
from decimal import Decimal

from intern_action.core.entries import Admitted, LedgerEvent, LedgerView
from intern_action.core.errors import NotAllowed
from intern_action.core.events import Began, Heard, Told
from intern_action.core.frozen import frozen
from intern_action.core.ports import HOUSE_LEASE
from intern_action.core.states import State
from intern_action.core.types import Call, FinishReason, JsonObject, Reply, Usage
from intern_action.session.office import Case, Office


@frozen
class Request:
    """What a trigger asks for.

    Args:
        event_key: `H(repository, event, comment id, body at the trigger)`: claimed once.
        base_sha: head of the default branch at the trigger.
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
        NotAllowed: the kill switch is on, or the person may not write here.
    """
    _, policy = office.policy()
    if not policy.enabled:
        raise NotAllowed("`enabled: false` stands in .github/intern.yml of the default branch; nothing is begun")
    if not office.forge.permission(request.requester).writes:
        raise NotAllowed(f"{request.requester} may not write to this repository; somebody who may has to ask")
    claim = Admitted(
        event_key=request.event_key,
        session=session_id(request.event_key),
        requester=request.requester,
        thread=request.thread,
        task=request.task,
    )

    def once(view: LedgerView) -> tuple[LedgerEvent, ...]:
        return () if view.admitted(request.event_key) else (claim,)

    office.ledger.decide(once)
    case = Case(office, office.journals.open(claim.session))
    if case.memory.began is None:
        case.write(_beginning(request, claim.session, office.base))
    if case.state is State.NEW:
        if request.sandbox is not None and not case.memory.calls:
            case.write(Heard(reply=_first_wish(request.sandbox)))
        case.move(State.RUNNING)
    return case


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
