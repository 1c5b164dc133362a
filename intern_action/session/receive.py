"""What control does with something asked: who may, is it new, what becomes of it, and what people are answered.

Nothing is driven here. A task begins a session or stands in the line of the one that is there; whoever called goes on with it.
"""

from __future__ import annotations

from collections.abc import Callable

from intern_action.core.digests import plan_code
from intern_action.core.entries import Admitted, LedgerView
from intern_action.core.errors import NotAllowed
from intern_action.core.frozen import frozen
from intern_action.core.incoming import Approve, Asked, Begin, Doorbell, Feedback, NotUnderstood, Origin, Say, Wishes
from intern_action.core.judgement import ApprovalPolicy
from intern_action.core.states import State
from intern_action.core.types import Expense
from intern_action.gate.texts import why
from intern_action.session.admit import Request, admit, check_asker
from intern_action.session.followups import WORDS, line_up, session_in, state_of
from intern_action.session.office import Office
from intern_action.session.review import before_review, explain
from intern_action.settings.words import prompt, text
from intern_action.trace._markdown import inline


@frozen
class Received:
    """What became of it.

    Args:
        log: one line for whoever reads the run.
        answer: Markdown for the thread, "" when nobody is answered. Whoever posts it keeps it under the event's key, so that an
            event that is delivered again renews it.
        session: the one to go on with, "" for none.
    """

    log: str
    answer: str = ""
    session: str = ""


Requests = Callable[[Begin, Origin], Request]
"""Makes a request of a task and its flags: whoever knows settings, model and base branch does."""


def receive(office: Office, asked: Asked, requests: Requests) -> Received:
    """Do what was asked, once. A machine that may not ask is not answered: two of them would talk for ever."""
    origin, policy = asked.origin, office.policy()[1]
    if not policy.enabled and asked.command != Say(verb="stop"):
        return Received(log=text("not-admitted", why="disabled").strip())
    try:
        check_asker(office.forge, policy, by=origin.by, machine=origin.machine)
    except NotAllowed as refused:
        return Received(log=str(refused), answer="" if origin.machine else _answer("refused", because=str(refused)))
    claimed = office.ledger.read().admitted(origin.key)
    if claimed is not None and claimed.what:
        return Received(log=f"heard before, for session {claimed.session}", session=claimed.session)
    match asked.command:
        case NotUnderstood(words=words):
            return Received(log=words, answer=_answer("refused", because=words))
        case Begin() as task:
            return _begin(office, task, origin, requests)
        case Approve(code=code):
            return _approve(office, origin, code)
        case Say(verb=verb):
            return _obey(office, verb, origin, policy)


def _obey(office: Office, verb: str, origin: Origin, policy: ApprovalPolicy) -> Received:
    match verb:
        case "stop" | "retry":
            return _steer(office, origin, verb)
        case "help":
            return Received(log="help", answer=text("help", policy=policy).strip())
        case "budget":
            return Received(log="budget", answer=_budget(office, origin, policy))
        case _:
            return _tell(office, origin, verb)


def receive_feedback(office: Office, said: Feedback) -> Received:
    """Put a reviewer's words on a line into the line of the session whose pull request it is."""
    origin, policy = said.origin, office.policy()[1]
    if not policy.enabled:
        return Received(log=text("not-admitted", why="disabled").strip())
    try:
        check_asker(office.forge, policy, by=origin.by, machine=origin.machine)
    except NotAllowed as refused:
        return Received(log=str(refused))
    session = _session(office, origin, office.ledger.read())
    if not session:
        return Received(log="a comment on a line of a pull request that is none of ours")
    return _line_up(office, origin, session, what=WORDS, words=prompt("feedback", said=said, words=said.words).strip())


def rung(office: Office, bell: Doorbell) -> tuple[str, ...]:
    """Return the sessions to look at: those that wait, have left something that costs, or were left by a run that died.

    If the bell says where, only there.

    Everything is read again there.
    """
    view = office.ledger.read()
    costing = {row.session for row in view.costing()}
    waiting = tuple(
        one
        for one, moved in view.sessions().items()
        if moved.state.waiting or one in costing or (moved.state.over and moved.runner)
    )
    if bell.session:
        return tuple(one for one in waiting if one == bell.session)
    if not bell.pull_requests:
        return waiting
    named = {session_in(office, view, number, on_pull_request=True) for number in bell.pull_requests}
    return tuple(one for one in waiting if one in named)


# --- tasks and what is said later ----------------------------------------------------------------------------------------


def _begin(office: Office, task: Begin, origin: Origin, requests: Requests) -> Received:
    """Begin a session, or tell the one that is there: in its pull request always, on an issue while it is not over."""
    view = office.ledger.read()
    claimed = view.admitted(origin.key)
    session = "" if claimed else _session(office, origin, view)
    if not session or (state_of(view, session).over and not origin.on_pull_request):
        try:
            case = admit(office, requests(task, origin))
        except NotAllowed as refused:
            return Received(log=str(refused), answer=_answer("refused", because=str(refused)))
        began = case.began.session
        log = f"{'again: ' if claimed else ''}session {began}"
        return Received(log=log, session=began)  # its own comment, which is there at once, answers
    if task.wishes != Wishes():
        return Received(log="flags for a session that began already", answer=_answer("flags-late", session=session))
    return _line_up(office, origin, session, what=WORDS, words=task.task)


def _steer(office: Office, origin: Origin, verb: str) -> Received:
    view = office.ledger.read()
    session = _session(office, origin, view)
    if not session:
        return Received(log=f"{verb}: no session here", answer=_answer("none"))
    state = state_of(view, session)
    fits = state in {State.FAILED, State.STOPPED} if verb == "retry" else not state.over
    if not fits:
        return Received(log=f"{verb}: {state}", answer=_answer("no-use", verb=verb, state=state))
    return _line_up(office, origin, session, what=verb, words=f"/intern {verb}")


def _line_up(office: Office, origin: Origin, session: str, *, what: str, words: str) -> Received:
    claim = Admitted(
        event_key=origin.key,
        session=session,
        requester=origin.by,
        thread=origin.thread,
        task=words,
        what=what,
        mark=origin.mark,
    )
    state = state_of(office.ledger.read(), session)
    if not line_up(office, claim):
        return Received(log=f"heard before, for session {session}", session=session)
    answer = _answer("in-line", what_for=what, session=session, state=state)
    return Received(log=f"{what} for session {session}", answer=answer, session=session)


def _session(office: Office, origin: Origin, view: LedgerView) -> str:
    return session_in(office, view, origin.thread, on_pull_request=origin.on_pull_request)


# --- what changes nothing ------------------------------------------------------------------------------------------------


def _approve(office: Office, origin: Origin, code: str) -> Received:
    """An approval is a review and nothing else; say where it is given, and whether the code is still the plan's."""
    view = office.ledger.read()
    session = _session(office, origin, view)
    made = view.newest_plan(session) if session else None
    if made is None or view.dropped(made.digest) or view.consumed(made.digest):
        return Received(log="approve: no plan waits", answer=_answer("no-plan"))
    newest = plan_code(made.digest)
    answer = _answer("approve", code=code, newest=newest, pull_request=made.plan.pull_request)
    return Received(log=f"approve {code}: the plan is {newest}", answer=answer, session=session)


def _tell(office: Office, origin: Origin, verb: str) -> Received:
    """Say where a session stands; of one before its reviewers, which condition fails, and for whom."""
    view = office.ledger.read()
    session = _session(office, origin, view)
    if not session:
        return Received(log=f"{verb}: no session here", answer=_answer("none"))
    state, moved = state_of(view, session), view.session_state(session)
    if verb == "why" and state is State.AWAITING_REVIEW:
        case = office.case(session)
        before = before_review(case)
        if before is not None:
            return Received(log=f"why: {session}", answer=why(explain(case, before), before.plan), session=session)
    line = sum(1 for one in view.followups(session) if one.what == WORDS)
    return Received(
        log=f"{verb}: {session} is {state}",
        answer=_answer(
            "stands", verb=verb, session=session, state=state, why=inline(moved.why if moved else ""), said=line
        ),
    )


def _budget(office: Office, origin: Origin, policy: ApprovalPolicy) -> str:
    view, month = office.ledger.read(), f"{office.clock.now():%Y-%m}"
    session = _session(office, origin, view)
    left = {
        expense: view.room(session=session, requester=origin.by, month=month, limits=policy.limits, expense=expense)
        for expense in Expense
    }
    return _answer("budget", limits=policy.limits, month=month, left=left)


def _answer(what: str, **values: object) -> str:
    return text("received", what=what, **values).strip()
