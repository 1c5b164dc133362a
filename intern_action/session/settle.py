"""Control takes a bundle in: checks whose events it holds, carries out what was queued, and moves the session on."""

from __future__ import annotations

from typing import assert_never

from intern_action.agent.ending import ending_of
from intern_action.agent.toolbox import Verdict
from intern_action.core.bundle import Bundle
from intern_action.core.effects import CancelsJob, Contacts, Effect, Leases, Pushes, Serves, Spends, WritesHub
from intern_action.core.endings import Exhausted, Finished, GaveUp, NeedsCommand, NeedsInput, NeedsJob, NeedsReview
from intern_action.core.errors import Bug, HubError, JobError, Misconfigured, NotAllowed, ToolFailed
from intern_action.core.events import Published
from intern_action.core.states import State
from intern_action.core.types import Call, JobRef
from intern_action.session.lease import give_back_all
from intern_action.session.office import Case
from intern_action.session.planning import answer_held, publish_work
from intern_action.session.purse import release_all
from intern_action.session.retiring import retire_due
from intern_action.session.stopping import end, switched_off
from intern_action.session.uploads import published, upload_new
from intern_action.trace.authors import foreign
from intern_action.trace.codec import line

SIGNALLED = frozenset({130, 143})
"""Exit codes of a run that somebody interrupted: its sandbox stays, as long as the lease lasts, for the run that goes on."""


def settle(case: Case, bundle: Bundle) -> None:
    """Take a bundle in and move the session on; while the kill switch is on, nothing of it is carried out and the session ends.

    May be repeated with the same bundle.

    Raises:
        NotAllowed: the bundle is not the agent half's to write, or its commits may not be published.
    """
    _take_in(case, bundle)
    stopping = switched_off(case)
    if stopping is not None:
        end(case, stopping)
        return
    carry_out_queued(case)
    _move_on(case, bundle)
    if case.office.runner:
        from intern_action.session.lines import answer_lines

        answer_lines(case)
    if case.state is State.AWAITING_REVIEW:
        case.save()  # whoever looks at the reviews next announces it, with what they lack
    else:
        case.announce()


def _take_in(case: Case, bundle: Bundle) -> None:
    _check_authors(case, bundle)
    _check_secrets(case, bundle)
    if bundle.commits:
        case.office.publisher.take_in(bundle.commits, bundle.snapshot, base_sha=case.began.base_sha)
    case.journal.extend(bundle.entries)
    for entry in bundle.entries:
        if entry.seq > case.taken:
            case.take(entry)


def _check_authors(case: Case, bundle: Bundle) -> None:
    """Refuse a segment with an event that only control may write."""
    events = [entry.event for entry in bundle.entries if entry.seq > case.taken]
    strange = foreign(events, case.memory.held)
    if strange is not None:
        raise NotAllowed(f"the bundle of {bundle.session} is refused: {strange}")


def _check_secrets(case: Case, bundle: Bundle) -> None:
    """Refuse a segment that holds a secret: what is taken in is journaled, shown and uploaded."""
    for entry in bundle.entries:
        if entry.seq > case.taken and case.office.leaks(line(entry)):
            raise NotAllowed(
                f"event {entry.seq} ({entry.event.kind}) of the bundle of {bundle.session} holds a secret of this run, or a "
                "planted one; nothing of the bundle is taken in or published"
            )


# --- queued effects --------------------------------------------------------------------------------------------------


def carry_out_queued(case: Case) -> None:
    """Do what calls with queued effects asked for, each once, in order. Effects are computed anew, never read from a bundle."""
    for call in list(case.memory.calls.values()):
        if call.id in case.memory.open or case.memory.carried_out(call.id):
            continue
        verdict = _verdict(case, call)
        if verdict is None:
            continue
        if verdict.queued:
            for effect in verdict.effects:
                _carry_out(case, call, effect)
        elif verdict.effects and not _answered_by_control(case, call):
            case.write(_not_done(call, f"{verdict.why}; a person has to do that"))


def _verdict(case: Case, call: Call) -> Verdict | None:
    """Judge a call that was answered well; None for every other."""
    answer = next((answer for answer in case.memory.past(call.name) if answer.call.id == call.id), None)
    if answer is None or answer.result.failed or call.flaw:
        return None
    try:
        return case.judge(call)
    except ToolFailed:
        return None


def _answered_by_control(case: Case, call: Call) -> bool:
    """Whether a held call went its way before people; one the agent half took for queued did not."""
    return call.id in case.memory.planned or call.id in case.memory.allowed


def _carry_out(case: Case, call: Call, effect: Effect) -> None:
    match effect:
        case Pushes(title=title, body=body):
            publish_work(case, title=title, body=body, call_id=call.id)
        case WritesHub():
            _upload(case, call, effect)
        case CancelsJob(job=job):
            _cancel(case, call, job)
        case Contacts(destination=destination, text=text):
            case.office.forge.comment(case.began.thread, text)
            case.write(Published(what="message", call_id=call.id, data={"to": destination}))
        case Spends() | Leases() | Serves():
            raise Bug("a spending effect is never queued")
        case _:
            assert_never(effect)


def _cancel(case: Case, call: Call, job: JobRef) -> None:
    """Cancel a job of this session; the call names any job, so the ledger's word on whose it is counts."""
    ours = {sub.job for launches in case.memory.submitted.values() for sub in launches}
    if job not in ours:
        case.write(_not_done(call, f"{job.id} is not a job of this session"))
        return
    case.office.jobs.cancel(job)
    case.write(Published(what="cancelled", call_id=call.id, data={"job": job.id}))


def _upload(case: Case, call: Call, write: WritesHub) -> None:
    """Upload to a new repository; a failure is told to the agent's people, not hidden."""
    try:
        done = upload_new(case, call, write)
    except HubError as error:
        case.write(_not_done(call, str(error)))
        return
    case.write(published(call, write, done))


def _not_done(call: Call, why: str) -> Published:
    return Published(what="not-done", call_id=call.id, data={"why": why})


# --- moving on -------------------------------------------------------------------------------------------------------


def _move_on(case: Case, bundle: Bundle) -> None:
    if bundle.relieved and case.memory.replies < case.began.max_turns:
        return
    if bundle.fault is not None:
        if bundle.fault.exit_code not in SIGNALLED:
            give_back_all(case)
        unbelieved = NotAllowed.exit_code  # of one that says it is none
        case.move(State.FAILED, bundle.fault.message, exit_code=bundle.fault.exit_code or unbelieved)
        return
    ending = ending_of(case.memory)
    match ending:
        case Finished(text=text):
            _finish(case, text)
        case NeedsReview(call_ids=ids):
            for call_id in ids:
                answer_held(case, case.memory.calls[call_id])
        case NeedsJob():
            case.move(State.AWAITING_JOB)
        case NeedsCommand(sandbox=sandbox, process=process):
            case.move(State.AWAITING_JOB, f"{process} runs in the sandbox {sandbox.id}")
        case NeedsInput(question=question):
            case.move(State.AWAITING_INPUT, question)
        case GaveUp(text=text, because=because):
            give_back_all(case)
            retire_due(case)
            release_all(case)
            case.move(State.FAILED, text, exit_code=JobError.exit_code if because == "job" else Misconfigured.exit_code)
        case Exhausted() | None:
            raise Bug("a bundle without an ending and without a fault")
        case _:
            assert_never(ending)


def _finish(case: Case, text: str) -> None:
    """End the session: what is not yet published is, holds are released. An endpoint goes on, with its own."""
    unpublished = _publish_the_rest(case)
    give_back_all(case)
    retire_due(case)
    release_all(case)
    gist = text.strip().partition("\n")[0]
    if unpublished:
        case.move(State.FAILED, unpublished, exit_code=NotAllowed.exit_code)
    elif _last_job_failed(case):
        case.move(State.FAILED, gist, exit_code=JobError.exit_code)
    else:
        case.move(State.DONE, gist)


def _publish_the_rest(case: Case) -> str:
    """Publish what was done since the last time; return why that may not be, "" when all is well."""
    last = next((done for done in reversed(case.memory.published) if done.what == "pull-request"), None)
    if last is not None and case.memory.snapshot and last.data.get("snapshot") != case.memory.snapshot:
        try:
            publish_work(case, title=last.data["title"], body=last.data["body"], call_id="")
        except NotAllowed as refused:
            return str(refused)
    return ""


def _last_job_failed(case: Case) -> bool:
    """Whether the session ends on a job that did not complete: then calm words do not make it a success."""
    jobs = case.memory.past("hf_create_job")
    return bool(jobs) and jobs[-1].result.data.get("state") in {"failed", "out_of_memory", "timed_out", "preempted"}
