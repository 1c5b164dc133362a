"""One look at everything that waits. Jobs are told by one listing, approvals by the forge; no journal is opened for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from intern_action.core.entries import LedgerView, PlanMade
from intern_action.core.plan import Plan
from intern_action.core.states import JobState, State
from intern_action.core.types import JobRef, LineComment, Standing, Verdict
from intern_action.session.lines import unheard
from intern_action.session.office import Office

DECISIVE = frozenset({Verdict.APPROVED, Verdict.CHANGES_REQUESTED})


def news(office: Office, alive: Sequence[JobRef], lines: Sequence[tuple[int, LineComment]] = ()) -> tuple[str, ...]:
    """Return the waiting sessions for which something may have happened, oldest first. Waking one too many does no harm.

    Args:
        office: whose sessions.
        alive: the jobs that run, as they were listed before this call: one that is not among them has ended.
        lines: what was said on lines of pull requests lately, with their numbers.
    """
    view = office.ledger.read()
    running = frozenset(ref.launch_key for ref in alive)
    told = view.unheard() | unheard(office, view, lines)
    found = dict.fromkeys((*_with_news(office, view, running), *(one for one in view.sessions() if one in told)))
    return tuple(one for one in view.sessions() if one in found)


def _with_news(office: Office, view: LedgerView, running: frozenset[str]) -> Iterator[str]:
    if not office.policy()[1].enabled:
        yield from _costing(view)
        return
    serving = _serving(view)
    looked_at = [one for one, moved in view.sessions().items() if moved.state.waiting or one in serving or moved.runner]
    opened = office.forge.open_numbers() if looked_at else frozenset[int]()
    for session in looked_at:
        moved, made = view.sessions()[session], view.newest_plan(session)
        if made is not None and _withdrawn(office, made.plan, opened, moved.state):
            yield session
            continue
        if moved.runner and not office.runs(moved.runner):
            yield session  # its runner is gone, and may have shown nobody where it stands
            continue
        match moved.state:
            case State.DONE | State.FAILED if any(_objected(office, one) for one in serving[session]):
                yield session
            case State.AWAITING_JOB if _ended(view, made, running) or _objected(office, made):
                yield session
            case State.AWAITING_INPUT if _lease_objected(office, view, made):
                yield session
            case State.AWAITING_REVIEW if _decided(office, view, made):
                yield session
            case _:
                pass


def _costing(view: LedgerView) -> Iterator[str]:
    """Yield the sessions that have something running; while the kill switch is on, nothing else is news."""
    costing = {row.session for row in view.costing()}
    for session, moved in view.sessions().items():
        if session in costing or moved.state is State.AWAITING_JOB:
            yield session


def _serving(view: LedgerView) -> Mapping[str, tuple[PlanMade, ...]]:
    """Return the endpoints that may be there, as they were approved, by their sessions."""
    found: dict[str, tuple[PlanMade, ...]] = {}
    for row in view.costing():
        plan = view.plan(row.digest)
        if plan is not None and plan.endpoint is not None:
            found[row.session] = (*found.get(row.session, ()), PlanMade(digest=row.digest, plan=plan))
    return found


def _withdrawn(office: Office, plan: Plan, opened: frozenset[int], state: State) -> bool:
    """Whether a pull request is no longer open; one that was merged matters only to a plan that still waits."""
    if plan.pull_request in opened:
        return False
    return state is State.AWAITING_REVIEW or office.forge.standing(plan.pull_request) is Standing.CLOSED


def _ended(view: LedgerView, made: PlanMade | None, running: frozenset[str]) -> bool:
    """Whether a job that the session waits for is no longer listed."""
    awaited = [row.launch_key for row in view.jobs(made.digest) if row.state is JobState.RUNNING] if made else []
    return not awaited or not running.issuperset(awaited)


def _objected(office: Office, made: PlanMade | None) -> bool:
    return made is not None and Verdict.CHANGES_REQUESTED in _verdicts(office, made.plan)


def _lease_objected(office: Office, view: LedgerView, made: PlanMade | None) -> bool:
    """Whether changes were asked of a sandbox that is still there."""
    lent = made is not None and any(row.state is JobState.RUNNING for row in view.jobs(made.digest))
    return lent and _objected(office, made)


def _decided(office: Office, view: LedgerView, made: PlanMade | None) -> bool:
    """Whether people have decided, or a run that was to carry a decision out has died."""
    if made is None or view.consumed(made.digest) is not None:
        return True
    return bool(DECISIVE & _verdicts(office, made.plan))


def _verdicts(office: Office, plan: Plan) -> frozenset[Verdict]:
    """Return what was said of a plan since it was made; whose word counts is judged when the session is woken."""
    reviews = office.forge.reviews(plan.pull_request)
    return frozenset(review.verdict for review in reviews if review.submitted_at > plan.made_at)
