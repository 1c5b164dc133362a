"""One launch on the Hub, made once, whoever launches and whoever dies.

A job with our label, our specification and our account is adopted. Making the staging repository is the claim; whoever finds
it made looks for the job with patience before taking the launch over; and of two starts that happen after all, the one that
commits the lock first runs and the other ends. Nothing is ever sent a second time because its answer was lost.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from intern_action.core.errors import HubError
from intern_action.core.ports import Clock
from intern_action.jobs._account import HubAccount
from intern_action.jobs._body import KEY, RESUME, SPEC, STAGED, TOKEN, Body
from intern_action.jobs._said import Unanswered, asking, starting
from intern_action.jobs._staging import Staged, Staging
from intern_action.settings.words import text

if TYPE_CHECKING:
    from huggingface_hub import HfApi, JobInfo

_OLD = timedelta(minutes=10)
"""A claim of that age belongs to nobody who still works on it."""


class Launch:
    """The launch of one body.

    Args:
        api: the Hub's client, with control's token.
        account: whose jobs these are.
        clock: what tells the time.
        body: what is started.
        me: asks whose the token is.
    """

    def __init__(self, api: HfApi, account: HubAccount, clock: Clock, *, body: Body, me: Callable[[], str]) -> None:
        self._api = api
        self._account = account
        self._clock = clock
        self._body = body
        self._key = body.labels[KEY]
        self._me = me

    def once(self, staging: Staging, archive: str, *, resume: str = "") -> JobInfo:
        """Return the job: adopted, or started now.

        Args:
            staging: the repository of this launch.
            archive: a tar of the approved tree.
            resume: repository and revision of a checkpoint to go on from.

        Raises:
            JobError: it was certainly not started.
            HubError: nobody knows, or a job with our label is not ours; calling again looks again.
        """
        found = self._mine()
        if found:
            return found
        staged = staging.stage(archive) if staging.make() else self._claim(staging, archive)
        if staged is None:
            raise HubError(f"another run launches {self._key} right now; the next look finds its job")
        return self._start(staged, resume) if isinstance(staged, Staged) else staged

    def _claim(self, staging: Staging, archive: str) -> Staged | JobInfo | None:
        """Look for the job of whoever came first; when there is none and no sign of anybody, take the launch over."""
        standing = staging.standing()
        changed = standing.changed_at if standing else None
        if changed is None or changed > self._clock.now() - _OLD:
            found = self._look_again()
            if found:
                return found
            standing = staging.standing()
        if standing and standing.locked:
            raise HubError(text("hub-lost-job", key=self._key, namespace=self._account.namespace))
        return staging.stage(archive, parent=standing.head) if standing else None

    def _start(self, staged: Staged, resume: str) -> JobInfo:
        """Ask for the job, once."""
        body = self._body
        try:
            with starting("start the job", self._account):
                return self._api.run_job(
                    image=body.image,
                    command=list(body.command),
                    env={**body.environment, STAGED: str(staged), **({RESUME: resume} if resume else {})},
                    secrets={TOKEN: self._account.job_token},
                    flavor=body.flavor,
                    timeout=body.timeout_seconds,
                    labels=dict(body.labels),
                    namespace=self._account.namespace,
                )
        except Unanswered:
            found = self._look_again()
            if found is None:
                raise
            return found

    def _look_again(self) -> JobInfo | None:
        """Look for a job that may have been started, with patience: a listing can be behind."""
        until = self._clock.monotonic() + self._account.patience_seconds
        while self._clock.monotonic() < until:
            with suppress(Unanswered):  # the Hub is out of order, and may be back before our patience ends
                found = self._mine()
                if found:
                    return found
            self._clock.wait(self._account.look_seconds)
        return self._mine()

    def _mine(self) -> JobInfo | None:
        """Return the job with our label when it is what we would start, and we started it."""
        found = labelled(self._api, self._account, self._key)
        ours = [job for job in found if self._is_ours(job)]
        strange = next((job for job in found if job not in ours and job.finished_at is None), None)
        if strange is not None:
            raise HubError(text("hub-strange-job", url=strange.url, key=self._key))
        return ours[-1] if ours else None  # the oldest: the Hub lists the newest first

    def _is_ours(self, job: JobInfo) -> bool:
        body, image = self._body, job.docker_image or job.space_id or "none"
        same = body.image.endswith(image) and job.flavor == body.flavor and tuple(job.command or ()) == body.command
        equal = same and (job.labels or {}).get(SPEC) == body.spec
        return equal and job.initiator is not None and job.initiator.name == self._me()


def labelled(api: HfApi, account: HubAccount, launch_key: str) -> list[JobInfo]:
    """Return the jobs that carry a launch key, the newest first."""
    with asking("list jobs", account):
        return list(api.list_jobs(labels={KEY: launch_key}, namespace=account.namespace))
