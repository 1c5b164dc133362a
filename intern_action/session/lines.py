"""What reviewers say on lines of the pull request: told to the agent once, and answered with the commit that settled it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from intern_action.core.digests import digest
from intern_action.core.entries import Admitted, LedgerView
from intern_action.core.errors import NotAllowed
from intern_action.core.events import Event, Heard, Published, Told
from intern_action.core.frozen import frozen
from intern_action.core.hidden import reveal
from intern_action.core.judgement import ApprovalPolicy
from intern_action.core.types import LineComment
from intern_action.session.admit import check_asker
from intern_action.session.followups import WORDS, line_up
from intern_action.session.office import Case, Office
from intern_action.session.planning import pull_request_of
from intern_action.settings.words import prompt, text

ANSWERED = "line-answered"


def hear_lines(case: Case) -> None:
    """Put what was newly said on lines of the session's pull request into its line, if whoever said it may ask."""
    published = pull_request_of(case)
    if published is None:
        return
    office, number = case.office, int(published.data["number"])
    view, policy = office.ledger.read(), office.policy()[1]
    allowed: dict[str, bool] = {policy.our_name.casefold(): False}
    for said in office.forge.line_comments(number):
        key = digest(["line", case.began.session, number, said.id])
        words = reveal(said.text).strip()
        if words and view.admitted(key) is None and _may(office, policy, said, allowed):
            claim = Admitted(
                event_key=key,
                session=case.began.session,
                requester=said.by,
                thread=number,
                task=prompt("feedback", said=said, words=words).strip(),
                what=WORDS,
                conversation=said.conversation,
            )
            line_up(office, claim)


def unheard(office: Office, view: LedgerView, said: Sequence[tuple[int, LineComment]]) -> frozenset[str]:
    """Return the sessions that wait and have not heard what somebody who may ask said on lines of their pull requests."""
    waiting = {one for one, moved in view.sessions().items() if moved.state.waiting} if said else set[str]()
    plans = {one: view.newest_plan(one) for one in waiting}
    pulls = {made.plan.pull_request: one for one, made in plans.items() if made is not None}
    policy, found = office.policy()[1] if pulls else ApprovalPolicy(), set[str]()
    allowed: dict[str, bool] = {policy.our_name.casefold(): False}
    for number, one in said:
        session = pulls.get(number, "")
        key = digest(["line", session, number, one.id])
        if session and view.admitted(key) is None and reveal(one.text).strip() and _may(office, policy, one, allowed):
            found.add(session)
    return frozenset(found)


def _may(office: Office, policy: ApprovalPolicy, said: LineComment, known: dict[str, bool]) -> bool:
    """Whether somebody may ask; each person is looked up once, however much they say."""
    who = said.by.casefold()
    if who not in known:
        try:
            check_asker(office.forge, policy, by=said.by, machine=said.by if said.machine else "")
            known[who] = True
        except NotAllowed:
            known[who] = False
    return known[who]


@frozen
class _Heard:
    """Words on a line that the agent was told and nobody has answered: what came of them since."""

    claim: Admitted
    commit: str
    words: str


def answer_lines(case: Case) -> None:
    """Answer each conversation whose words led to a commit, or to none though the agent has come to rest."""
    published = pull_request_of(case)
    if published is None:
        return
    number = int(published.data["number"])
    for one in tuple(_open(case)):
        if not one.commit and not (one.words and (case.state.waiting or case.state.over)):
            continue
        case.office.forge.reply(
            number,
            one.claim.conversation,
            text("line-answered", commit=one.commit, words=one.words).strip(),
            marker=f"<!-- intern-action line={one.claim.event_key[:32]} -->",
        )
        case.write(Published(what=ANSWERED, data={"key": one.claim.event_key, "commit": one.commit}))


def _open(case: Case) -> Iterator[_Heard]:
    """Yield what waits for an answer, oldest first."""
    events = [entry.event for entry in case.journal.entries()]
    told = {event.event_key: place for place, event in enumerate(events) if isinstance(event, Told) and event.event_key}
    done = {event.data["key"] for event in events if isinstance(event, Published) and event.what == ANSWERED}
    if not told.keys() - done:
        return
    for claim in case.office.ledger.read().followups(case.began.session):
        if claim.conversation and claim.event_key in told.keys() - done:
            place = told[claim.event_key]
            yield _Heard(claim=claim, commit=_commit_since(events, place), words=_said_since(events, place))


def _commit_since(events: Sequence[Event], place: int) -> str:
    """Return the first head that was published after a place and is another than before it, "" when there is none."""
    heads = [(n, e.data["head"]) for n, e in enumerate(events) if isinstance(e, Published) and e.what == "pull-request"]
    before = [head for n, head in heads if n < place]
    return next((head for n, head in heads if n > place and head not in before), "")


def _said_since(events: Sequence[Event], place: int) -> str:
    """Return the agent's last words after a place."""
    said = [event.reply.text for event in events[place:] if isinstance(event, Heard) and event.reply.text.strip()]
    return said[-1].strip() if said else ""
