"""An inference endpoint under an approval: made once, waited for, asked one question; then it goes on serving without us.

What ends it is in `retiring.py`: its time, its money, or `stop`. It outlives the session, since that is what it is for.
"""

from __future__ import annotations

from collections.abc import Iterator

from intern_action.core.digests import launch_key
from intern_action.core.endpoint import EndpointSpec
from intern_action.core.entries import JobRow, LedgerEvent, LedgerView, agreed
from intern_action.core.errors import JobError
from intern_action.core.events import Answered
from intern_action.core.frozen import frozen
from intern_action.core.plan import Plan
from intern_action.core.ports import EndpointOrder, EndpointStage, EndpointStatus
from intern_action.core.states import JobState, State
from intern_action.core.types import Call, JobRef, JsonObject, ToolResult
from intern_action.session.launch import claim, confirm, moved, row_of, wait_for_others
from intern_action.session.objection import objection_to
from intern_action.session.office import Case
from intern_action.session.purse import release
from intern_action.session.retiring import ASKS, began_at, ends_at, retire

SHOWN = 2_000
"""Characters of an endpoint's first answer that are kept."""


@frozen
class Waited:
    """An endpoint that was made, and the call that still waits for it."""

    call: Call
    plan: Plan
    endpoint: EndpointSpec
    row: JobRow
    ref: JobRef


# --- beginning -------------------------------------------------------------------------------------------------------


def serve(case: Case, call: Call, digest: str, plan: Plan, endpoint: EndpointSpec) -> None:
    """Make the endpoint of an approved plan, or take up the one an earlier, killed try made.

    Raises:
        OutsideError: nobody knows whether it was made; the next wake looks again.
    """
    key = launch_key(digest, 1)
    row = row_of(case.office.ledger.read(), digest, key)
    if row is not None and row.state is JobState.ENDED:
        _answer(case, call, "There is no endpoint: it ended before it was ready", {"state": "ended"})
        return
    if row is None or row.state is not JobState.RUNNING:
        try:
            ref = _made(case, digest, plan, endpoint)
        except JobError as error:
            _never_began(case, digest, key)
            _answer(case, call, f"There is no endpoint: {error}", {"state": "failed", "message": str(error)})
            return
        confirm(case, digest, key, *ref)
    case.move(State.AWAITING_JOB, f"{endpoint.repository} is brought up on {endpoint.flavor}")


def _made(case: Case, digest: str, plan: Plan, endpoint: EndpointSpec) -> tuple[int, JobRef]:
    """Return the fence of the launch, and the endpoint: one that is there already, or a new one."""
    key = launch_key(digest, 1)
    fence, leased_until = claim(case, digest, key)
    ref = case.office.endpoints.find(key)
    if ref is None:
        wait_for_others(key, leased_until)
        labels = {"session": plan.session, "requester": plan.requester}
        order = EndpointOrder(endpoint=endpoint, revision=plan.parent, launch_key=key, labels=labels)
        ref = case.office.endpoints.create(order)
    return fence, ref


def _never_began(case: Case, digest: str, key: str) -> None:
    def decide(view: LedgerView) -> tuple[LedgerEvent, ...]:
        row = row_of(view, digest, key)
        if row is None or row.state is not JobState.LAUNCHING:
            return ()
        return (moved(case, digest, key, JobState.ENDED, fence=row.fence), *release(view, digest))

    case.office.ledger.decide(decide)


# --- waiting ---------------------------------------------------------------------------------------------------------


def look_after_endpoint(case: Case) -> EndpointStatus | None:
    """Answer the call that waits for an endpoint once that is decided; return the status of one that is still coming up."""
    for waited in list(_waited(case)):
        status = _decide(case, waited)
        if status is not None:
            return status
    return None


def _waited(case: Case) -> Iterator[Waited]:
    for call in case.memory.open.values():
        if call.name != ASKS or call.id not in case.memory.allowed:
            continue
        digest = case.memory.allowed[call.id].digest
        view = case.office.ledger.read()
        row, plan = row_of(view, digest, launch_key(digest, 1)), agreed(view, digest)
        if row is not None and row.job is not None and plan is not None and plan.endpoint is not None:
            yield Waited(call=call, plan=plan, endpoint=plan.endpoint, row=row, ref=row.job)


def _decide(case: Case, waited: Waited) -> EndpointStatus | None:
    """Answer the call with an endpoint that answers, or without one; None unless it has to be waited for still."""
    if waited.row.state is not JobState.RUNNING:
        return _give_up(case, waited, "its time or money was used up before it was ready")
    objection = objection_to(case, waited.plan)
    if objection is not None:
        return _give_up(case, waited, f"{objection.by} requests changes: {objection.body.strip() or 'without words'}")
    status = case.office.endpoints.status(waited.ref)
    if status.stage is EndpointStage.STARTING:
        return _unless_too_late(case, waited, status)
    if status.stage is not EndpointStage.READY:
        return _give_up(case, waited, f"it is {status.stage}: {status.message}")
    try:
        answer = case.office.endpoints.ask(waited.ref, waited.endpoint.smoke)
    except JobError as error:
        return _give_up(case, waited, str(error))
    if answer is None:
        return _unless_too_late(case, waited, status)
    _hand_over(case, waited, status, answer[:SHOWN])
    return None


def _unless_too_late(case: Case, waited: Waited, status: EndpointStatus) -> EndpointStatus | None:
    patience = case.office.endpoint_patience
    if case.office.clock.now() - began_at(waited.row, status) < patience:
        return status
    minutes = int(patience.total_seconds() // 60)
    return _give_up(case, waited, f"it was not ready after {minutes} minutes ({status.message or status.stage})")


def _give_up(case: Case, waited: Waited, why: str) -> None:
    """End the endpoint and say why; whoever asked may ask anew."""
    retire(case.office, waited.row)
    data = {"state": "failed", "message": why, "endpoint": _named(waited), "repository": waited.endpoint.repository}
    _answer(case, waited.call, f"There is no endpoint any more: {why}", data)


def _hand_over(case: Case, waited: Waited, status: EndpointStatus, answer: str) -> None:
    plan, until = waited.plan, ends_at(waited.plan, began_at(waited.row, status))
    data: JsonObject = {
        "state": "running",
        "endpoint": _named(waited),
        "repository": waited.endpoint.repository,
        "revision": plan.parent,
        "flavor": waited.endpoint.flavor,
        "url": status.url,
        "ends_at": until.isoformat(),
        "ceiling_usd": str(plan.cap_usd),
        "asked": waited.endpoint.smoke,
        "answer": answer,
    }
    words = (
        f"The endpoint {waited.ref.id} answers at {status.url}, "
        f"until {until:%Y-%m-%d %H:%M} UTC and for ${plan.cap_usd} at most.\n"
        f"Asked {waited.endpoint.smoke!r} it said: {answer}"
    )
    _answer(case, waited.call, words, data)


def _named(waited: Waited) -> JsonObject:
    return {"backend": waited.ref.backend, "id": waited.ref.id, "launch_key": waited.ref.launch_key}


def _answer(case: Case, call: Call, words: str, data: JsonObject) -> None:
    failed = data["state"] != "running"
    case.write(Answered(call_id=call.id, result=ToolResult(text=words, data=data, failed=failed)))
    case.move(State.RUNNING, words.partition("\n")[0])
