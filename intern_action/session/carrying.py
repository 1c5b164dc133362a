"""What people approved that is not a job, carried out: an upload once, a message at most once. Then the held call is answered."""

from __future__ import annotations

from intern_action.core.effects import Contacts, WritesHub
from intern_action.core.errors import HubError, OutsideError
from intern_action.core.events import Allowed, Answered, Published
from intern_action.core.plan import Plan
from intern_action.core.states import State
from intern_action.core.types import Call, JsonObject, ToolResult
from intern_action.session.office import Case
from intern_action.session.uploads import published, upload_approved


def write_hub(case: Case, call: Call, plan: Plan, write: WritesHub, allowed: Allowed) -> None:
    """Upload over the pinned revision, by compare-and-swap on it; whatever the Hub refuses becomes words for the agent.

    Raises:
        HubError: the Hub cannot be asked whether it was done; the next wake looks again.
    """
    _allow(case, allowed)
    done = case.memory.carried_out(call.id)
    if done is None:
        try:
            uploaded = upload_approved(case, call, write, parent=plan.parent, content=plan.content)
        except HubError as error:
            _answer(case, call, f"Nothing was uploaded: {error}", {"state": "failed", "message": str(error)})
            return
        done = published(call, write, uploaded)
        case.write(done)
    words = f"{write.repository} is at {done.data['revision']} now: {done.data['url']}"
    _answer(case, call, words, {"state": "completed", **done.data})


def contact(case: Case, call: Call, message: Contacts, allowed: Allowed) -> None:
    """Send a message, at most once: a run that died at it may have sent it, and nobody wants the same words twice.

    So it is sent by the run that journals the permission, and by no later one.
    """
    done = case.memory.carried_out(call.id)
    if done is None and not _allow(case, allowed):
        words = f"It is not known whether the message to {message.destination} went out; it is not sent again"
        _answer(case, call, words, {"state": "unknown", "to": message.destination})
        return
    if done is None:
        try:
            case.office.forge.comment(case.began.thread, message.text)
        except OutsideError as error:
            words = f"The message to {message.destination} may not have gone out, and is not sent again: {error}"
            _answer(case, call, words, {"state": "unknown", "to": message.destination})
            return
        case.write(Published(what="message", call_id=call.id, data={"to": message.destination}))
    _answer(case, call, f"Sent to {message.destination}", {"state": "completed", "to": message.destination})


def _allow(case: Case, allowed: Allowed) -> bool:
    """Journal the permission; return whether this run is the first to do so."""
    if allowed.call_id in case.memory.allowed:
        return False
    case.write(allowed)
    return True


def _answer(case: Case, call: Call, words: str, data: JsonObject) -> None:
    failed = data["state"] != "completed"
    case.write(Answered(call_id=call.id, result=ToolResult(text=words, data=data, failed=failed)))
    case.move(State.RUNNING, words.partition("\n")[0])
