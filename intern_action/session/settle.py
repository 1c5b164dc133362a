"""Control takes a bundle in: checks whose events it holds, carries out what was queued, and moves the session on."""

from __future__ import annotations

from typing import assert_never

from intern_action.agent.ending import ending_of
from intern_action.core.bundle import Bundle
from intern_action.core.effects import CancelsJob, Contacts, Effect, Leases, Pushes, Spends, WritesHub
from intern_action.core.endings import Exhausted, Finished, GaveUp, NeedsInput, NeedsJob, NeedsReview
from intern_action.core.errors import Bug, HubError, JobError, Misconfigured, NotAllowed, ToolFailed
from intern_action.core.events import Published
from intern_action.core.states import State
from intern_action.core.types import Call, JobRef
from intern_action.session.lease import give_back_all
from intern_action.session.office import Case
from intern_action.session.planning import answer_held, publish_work
from intern_action.session.purse import release_all
from intern_action.trace.authors import foreign

SIGNALLED = frozenset({130, 143})
"""Exit codes of a run that somebody interrupted: its sandbox stays, as long as the lease lasts, for the run that goes on."""


def settle(case: Case, bundle: Bundle) -> None:
    """Take a bundle in and move the session on. May be repeated with the same bundle.

    Raises:
        NotAllowed: the bundle is not the agent half's to write, or its commits may not be published.
    """
    _take_in(case, bundle)
    carry_out_queued(case)
    _move_on(case, bundle)
    case.announce()


def _take_in(case: Case, bundle: Bundle) -> None:
    _check_authors(case, bundle)
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


# --- queued effects --------------------------------------------------------------------------------------------------


def carry_out_queued(case: Case) -> None:
    """Do what calls with queued effects asked for, each once, in order. Effects are computed anew, never read from a bundle."""
    for call in list(case.memory.calls.values()):
        if call.id in case.memory.open or case.memory.carried_out(call.id):
            continue
        for effect in _queued_effects(case, call):
            _carry_out(case, call, effect)


def _queued_effects(case: Case, call: Call) -> tuple[Effect, ...]:
    answer = next((answer for answer in case.memory.past(call.name) if answer.call.id == call.id), None)
    if answer is None or answer.result.failed or call.flaw:
        return ()
    try:
        verdict = case.office.toolbox.judge(call)
    except ToolFailed:
        return ()
    return (
        tuple(effect for effect in verdict.effects if not isinstance(effect, Spends | Leases)) if verdict.queued else ()
    )


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
        case Spends() | Leases():
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


def _upload(case: Case, call: Call, effect: WritesHub) -> None:
    """Upload, never over something that stands there unasked; a failure is told to the agent's people, not hidden."""
    office = case.office
    parent = office.hub.head(effect.repository_type, effect.repository)
    if parent is not None:
        case.write(_not_done(call, f"{effect.repository} exists already; name a new repository"))
        return
    folder = _folder(case, effect.folder)
    if not folder:
        case.write(_not_done(call, f"there is no {effect.folder} to upload"))
        return
    try:
        done = office.hub.upload(
            effect.repository_type, effect.repository, folder, message=effect.message, parent=parent
        )
    except HubError as error:
        case.write(_not_done(call, str(error)))
        return
    data = {"repository": done.repository, "revision": done.revision, "url": done.url}
    case.write(Published(what=f"hub-{effect.repository_type}", call_id=call.id, data=data))


def _not_done(call: Call, why: str) -> Published:
    return Published(what="not-done", call_id=call.id, data={"why": why})


def _folder(case: Case, name: str) -> str:
    """Return the folder to upload: the output of a job of this session, or a folder of the newest snapshot."""
    if name != "job" and not name.startswith("job:"):
        return case.office.export(case.memory.snapshot or case.began.base_sha, name)
    for answer in reversed(case.memory.past("hf_create_job")):
        match answer.result.data:
            case {"job": {"launch_key": str(key)}, "output": str(output)} if name in {"job", f"job:{key}"}:
                return output
            case _:
                pass
    return ""


# --- moving on -------------------------------------------------------------------------------------------------------


def _move_on(case: Case, bundle: Bundle) -> None:
    if bundle.fault is not None:
        if bundle.fault.exit_code not in SIGNALLED:
            give_back_all(case)
        case.move(State.FAILED, bundle.fault.message, exit_code=bundle.fault.exit_code)
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
        case NeedsInput(question=question):
            case.move(State.AWAITING_INPUT, question)
        case GaveUp(text=text, because=because):
            give_back_all(case)
            release_all(case)
            case.move(State.FAILED, text, exit_code=JobError.exit_code if because == "job" else Misconfigured.exit_code)
        case Exhausted() | None:
            raise Bug("a bundle without an ending and without a fault")
        case _:
            assert_never(ending)


def _finish(case: Case, text: str) -> None:
    """End the session: what is not yet published is, holds are released."""
    last = next((done for done in reversed(case.memory.published) if done.what == "pull-request"), None)
    if last is not None and case.memory.snapshot and last.data.get("snapshot") != case.memory.snapshot:
        publish_work(case, title=last.data["title"], body=last.data["body"], call_id="")
    give_back_all(case)
    release_all(case)
    gist = text.strip().partition("\n")[0]
    if _last_job_failed(case):
        case.move(State.FAILED, gist, exit_code=JobError.exit_code)
    else:
        case.move(State.DONE, gist)


def _last_job_failed(case: Case) -> bool:
    """Whether the session ends on a job that did not complete: then calm words do not make it a success."""
    jobs = case.memory.past("hf_create_job")
    return bool(jobs) and jobs[-1].result.data.get("state") in {"failed", "out_of_memory", "timed_out"}
