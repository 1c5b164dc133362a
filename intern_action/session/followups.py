"""What is said to a session while it runs or waits: it stands in line in the ledger, and whoever drives the session takes it in.

So nobody needs the journal of a session that somebody else is driving, nothing is lost when either of them is killed, and what
is delivered twice is taken in once.
"""

from __future__ import annotations

from dataclasses import replace

from intern_action.core.entries import Admitted, LedgerEvent, LedgerView
from intern_action.core.events import Told
from intern_action.core.states import State
from intern_action.session.admit import branch_name
from intern_action.session.office import Case, Office
from intern_action.session.stopping import stop

WORDS = "words"


def line_up(office: Office, claim: Admitted) -> bool:
    """Put something in a session's line; return False when this event stands in the ledger already."""
    new, claim = True, replace(claim, task=office.mask(claim.task))

    def once(view: LedgerView) -> tuple[LedgerEvent, ...]:
        nonlocal new
        new = view.admitted(claim.event_key) is None
        return (claim,) if new else ()

    office.ledger.decide(once)
    return new


def take_in(case: Case) -> None:
    """Give a session what stands in its line, in order, each once. What a killed run began to take in is done again."""
    line = case.office.ledger.read().followups(case.began.session)
    if not line:
        return
    told = {entry.event.event_key for entry in case.journal.entries() if isinstance(entry.event, Told)}
    new = [one for one in line if one.event_key not in told]
    for one in new:
        _take(case, one)
    if new:
        case.announce()


def _take(case: Case, one: Admitted) -> None:
    by = one.requester
    if one.what == "stop":
        stop(case, by=by)
    elif one.what == "retry" and case.state in {State.FAILED, State.STOPPED}:
        case.move(State.RUNNING, f"taken up again by {by}")
    elif one.what == WORDS and case.state in {State.AWAITING_INPUT, State.DONE, State.FAILED, State.STOPPED}:
        case.move(State.RUNNING, f"{by} said more")
    verb = "" if one.what == WORDS else one.what
    case.write(Told(by=by, words=one.task, event_key=one.event_key, verb=verb))


def session_in(office: Office, view: LedgerView, number: int, *, on_pull_request: bool) -> str:
    """Return the newest session of an issue, or the one whose pull request this is; "" when there is none.

    Args:
        office: control's ports.
        view: the ledger.
        number: of the issue or pull request; 0 is none.
        on_pull_request: which of them it is.
    """
    if not number:
        return ""
    newest_first = view.admissions()[::-1]
    if not on_pull_request:
        return next((one.session for one in newest_first if one.thread == number), "")
    for one in newest_first:
        made = view.newest_plan(one.session)
        if made is not None and made.plan.pull_request == number:
            return one.session
    pull = office.forge.pull_request(number)
    if not pull.same_repository or pull.by.casefold() != office.policy()[1].our_name.casefold():
        return ""
    return next((one.session for one in newest_first if branch_name(one.thread, one.task) == pull.head), "")


def state_of(view: LedgerView, session: str) -> State:
    """Return where a session is; one that has only been admitted is new."""
    moved = view.session_state(session)
    return moved.state if moved else State.NEW
