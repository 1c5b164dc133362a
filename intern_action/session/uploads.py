"""Uploads to the Hub, each done once: what was queued goes to new repositories, what people approved over the pinned revision.

The last line of every message of ours names the session's call. So an upload whose event was lost, because the runner was killed
between the two, is found again and adopted instead of being taken for somebody else's work.
"""

from __future__ import annotations

from collections.abc import Mapping

from intern_action.core.digests import digest
from intern_action.core.effects import WritesHub
from intern_action.core.errors import HubError, LedgerError
from intern_action.core.events import Published
from intern_action.core.ports import Uploaded
from intern_action.core.provenance import DataOrigin, Provenance
from intern_action.core.types import Answer, Call, JobRef
from intern_action.session.office import Case

MARK = "Intern-Action-Call"
SANDBOX = "sandbox:"


def mark_of(case: Case, call: Call) -> str:
    """Return the line by which the upload of a call is known again."""
    return f"{MARK}: {digest([case.began.session, call.id])[:32]}"


def standing(case: Case, write: WritesHub) -> str:
    """Return the revision that stands where an effect would write, "" for nothing."""
    return case.office.hub.head(write.repository_type, write.repository) or ""


def content_of(case: Case, write: WritesHub) -> str:
    """Return the digest of what an effect would upload, "" when there is nothing."""
    folder = folder_of(case, write)
    return case.office.content(folder) if folder else ""


def folder_of(case: Case, write: WritesHub) -> str:
    """Return the folder to upload, "" for none.

    It is a folder of the newest snapshot, one of the newest sandbox, or a job's output with its origin told in it.
    """
    name = write.folder
    if write.repository_type == "dataset":
        return _data(case, write)
    if name.startswith(SANDBOX):
        return _pulled(case, name.removeprefix(SANDBOX))
    if name != "job" and not name.startswith("job:"):
        return case.office.export(case.memory.snapshot or case.began.base_sha, name)
    for answer in reversed(case.memory.past("hf_create_job")):
        match answer.result.data:
            case {"job": {"launch_key": str(key)}, "output": str(output)} if name in {"job", f"job:{key}"} and output:
                here = output_here(case, answer.call.id, output)
                return case.office.dress(here, _origin(case, answer.call.id)) if here else ""
            case _:
                pass
    return ""


def output_here(case: Case, call_id: str, output: str) -> str:
    """Return the folder with a job's output on this machine: where it was brought, or fetched once more; "" for none.

    Another runner may have brought it home. What a job left stays with its backend until it has gone to the Hub.
    """
    if case.office.there(output):
        return output
    return case.office.jobs.collect(case.memory.submitted[call_id][-1].job).output_dir


def _pulled(case: Case, folder: str) -> str:
    """Bring a folder of the session's newest sandbox here; "" when there is none any more."""
    begun = [ref for answer in case.memory.past("sandbox_create") if (ref := sandbox_in(answer)) is not None]
    return case.office.pull(begun[-1], folder) if begun else ""


def sandbox_in(answer: Answer) -> JobRef | None:
    """Return the sandbox that a call was answered with."""
    match answer.result.data:
        case {"sandbox": {"backend": str(backend), "id": str(name), "launch_key": str(key)}}:
            return JobRef(backend=backend, id=name, launch_key=key)
        case _:
            return None


def _data(case: Case, write: WritesHub) -> str:
    """Return a folder of the newest snapshot as a data set, with its origin told in it, "" when there is no such folder."""
    commit = case.memory.snapshot or case.began.base_sha
    folder = case.office.export(commit, write.folder)
    origin = DataOrigin(
        session=case.began.session,
        requester=case.began.requester,
        name=write.repository.partition("/")[2],
        tree=case.office.publisher.tree_of(commit),
        folder=write.folder,
    )
    return case.office.dress_data(folder, origin) if folder else ""


def _origin(case: Case, call_id: str) -> Provenance:
    """Return where the output of a job of this session comes from."""
    launched = case.memory.submitted[call_id][-1]
    plan = case.office.ledger.read().plan(launched.digest)
    if plan is None or plan.job is None:
        raise LedgerError(f"the ledger does not know the plan {launched.digest[:8]}; a person has to look")
    return Provenance(
        session=plan.session,
        requester=plan.requester,
        commit=plan.head_sha,
        tree=plan.tree,
        plan=launched.digest,
        approved_by=case.memory.allowed[call_id].by,
        backend=launched.job.backend,
        job=launched.job.id,
        launch_key=launched.job.launch_key,
        model=plan.job.model,
        model_revision=plan.job.model_revision,
        dataset=plan.job.dataset,
        dataset_revision=plan.job.dataset_revision,
    )


def upload_new(case: Case, call: Call, write: WritesHub) -> Uploaded:
    """Upload to a repository that is not there yet, or return the upload an earlier, killed try made.

    Raises:
        HubError: something stands there, there is nothing to upload, or the Hub refuses.
    """
    done = _found(case, call, write)
    if done is not None:
        return done
    if standing(case, write):
        raise HubError(f"{write.repository} exists already; name a new repository, or ask to overwrite it")
    return _upload(case, call, write, folder_of(case, write), parent="")


def upload_approved(case: Case, call: Call, write: WritesHub, *, parent: str, content: str) -> Uploaded:
    """Upload what was approved over what was approved, or return the upload an earlier, killed try made.

    Raises:
        HubError: the files are others by now, something else stands there, or the Hub refuses.
    """
    done = _found(case, call, write)
    if done is not None:
        return done
    folder = folder_of(case, write)  # once: what is uploaded is what was looked at
    if not folder or case.office.content(folder) != content:
        raise HubError("the files are not the approved ones any more")
    return _upload(case, call, write, folder, parent=parent)


def _found(case: Case, call: Call, write: WritesHub) -> Uploaded | None:
    return case.office.hub.found(write.repository_type, write.repository, mark=mark_of(case, call))


def _upload(case: Case, call: Call, write: WritesHub, folder: str, *, parent: str) -> Uploaded:
    if not folder:
        raise HubError(f"there is no {write.folder} to upload")
    leaking = case.office.leaking(folder)
    if leaking:
        raise HubError(f"{leaking} holds a secret of this run, or a planted one; nothing was uploaded")
    message = f"{write.message}\n\n{mark_of(case, call)}"
    try:
        return case.office.hub.upload(
            write.repository_type, write.repository, folder, message=message, parent=parent or None
        )
    except HubError:  # its answer may be lost, and the files there: look before it is said to have failed
        done = _found(case, call, write)
        if done is None:
            raise
        return done


def published(call: Call, write: WritesHub, done: Uploaded) -> Published:
    """Return the event of an upload."""
    proposed = {"proposed": "true"} if done.proposed else {}
    data: Mapping[str, str] = {"repository": done.repository, "revision": done.revision, "url": done.url, **proposed}
    return Published(what=f"hub-{write.repository_type}", call_id=call.id, data=data)
