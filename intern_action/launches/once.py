"""One launch on the Hub, made once, whoever launches and whoever dies.

A job with our label, our specification and our account is adopted. Making the staging repository is the claim; whoever finds
it made looks for the job with patience before taking the launch over; and of two jobs that start after all, the one that
commits the lock first runs and the other ends. Nothing is ever sent a second time because its answer was lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from intern_action.core.errors import HubError
from intern_action.core.ports import Clock
from intern_action.hub._doubt import Unanswered
from intern_action.launches.body import KEY, SPEC, Body
from intern_action.launches.claim import Claim
from intern_action.launches.said import starting
from intern_action.launches.tenant import Tenant
from intern_action.settings.words import text

if TYPE_CHECKING:
    from huggingface_hub import JobInfo, Volume

Stage: TypeAlias = Callable[[str], Mapping[str, str] | None]
"""Lays down what the job needs, on top of a commit ("" where nothing stands), and returns the variables that say where.

None: something else stands there by now.
"""

_OLD = timedelta(minutes=10)
"""A claim of that age belongs to nobody who still works on it."""


class Launch:
    """The launch of one body.

    Args:
        tenant: who launches.
        clock: what tells the time.
        body: what is started.
    """

    def __init__(self, tenant: Tenant, clock: Clock, body: Body) -> None:
        self._tenant = tenant
        self._api = tenant.api
        self._account = tenant.account
        self._clock = clock
        self._body = body
        self._key = body.labels[KEY]

    def once(self, claim: Claim, stage: Stage) -> JobInfo:
        """Return the job: adopted, or started now.

        Args:
            claim: the repository of this launch.
            stage: lays down there what the job needs.

        Raises:
            JobError: it was certainly not started.
            HubError: nobody knows, or a job with our label is not ours; calling again looks again.
        """
        found = self._mine()
        if found:
            return found
        staged = stage("") if claim.make() else self._take_over(claim, stage)
        if staged is None:
            raise HubError(f"another run launches {self._key} right now; the next look finds its job")
        return self._start(staged) if isinstance(staged, Mapping) else staged

    def _take_over(self, claim: Claim, stage: Stage) -> Mapping[str, str] | JobInfo | None:
        """Look for the job of whoever came first; when there is none and no sign of anybody, take the launch over."""
        standing = claim.standing()
        changed = standing.changed_at if standing else None
        if changed is None or changed > self._clock.now() - _OLD:
            found = self._look_again()
            if found:
                return found
            standing = claim.standing()
        if standing and standing.locked:
            raise HubError(text("hub-lost-job", key=self._key, namespace=self._account.namespace))
        return stage(standing.head) if standing else None

    def _start(self, staged: Mapping[str, str]) -> JobInfo:
        """Ask for the job, once."""
        body = self._body
        try:
            with starting("start the job", self._account):
                return self._api.run_job(
                    image=body.image,
                    command=list(body.command),
                    env={**body.environment, **staged},
                    secrets=dict(body.secrets),
                    flavor=body.flavor,
                    timeout=body.timeout_seconds,
                    labels=dict(body.labels),
                    volumes=_volumes(body) or None,
                    expose=list(body.ports) or None,
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
        found = self._tenant.labelled(self._key)
        ours = [job for job in found if self._is_ours(job)]
        strange = next((job for job in found if job not in ours and job.finished_at is None), None)
        if strange is not None:
            raise HubError(text("hub-strange-job", url=strange.url, key=self._key))
        return ours[-1] if ours else None  # the oldest: the Hub lists the newest first

    def _is_ours(self, job: JobInfo) -> bool:
        body, image = self._body, job.docker_image or job.space_id or "none"
        same = body.image.endswith(image) and job.flavor == body.flavor and tuple(job.command or ()) == body.command
        equal = same and (job.labels or {}).get(SPEC) == body.spec
        return equal and job.initiator is not None and job.initiator.name == self._tenant.me


def _volumes(body: Body) -> list[Volume]:
    from huggingface_hub import Volume

    return [
        Volume(type="bucket", source=source, mount_path=place, read_only=True) for place, source in body.buckets.items()
    ]
